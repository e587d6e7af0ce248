import { Group, Text } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { type Preview, previewQuery } from '../api/preview.ts'
import { problemOf } from '../api/problem.ts'

/** While an address is typed, no half of it is looked at. */
const WAIT_MS = 600

/** What is at an address: a small picture, size, date and place. */
export function UrlPreview({ url }: { readonly url: string }) {
  const [settled] = useDebouncedValue(url, WAIT_MS)
  const { data, error, isLoading } = useQuery(previewQuery(settled))
  if (isLoading)
    return (
      <Text size="xs" c="dimmed" role="status" mt={4}>
        Looking at it …
      </Text>
    )
  if (error !== null)
    return (
      <Text size="xs" c="dimmed" role="status" mt={4}>
        No preview: {problemOf(error).detail}
      </Text>
    )
  if (data === undefined) return null
  return (
    <Group gap="sm" wrap="nowrap" align="flex-start" mt={6} data-preview={data.kind}>
      {data.picture !== undefined && (
        <img src={data.picture} alt="What it looks like" className="form-picture" />
      )}
      <div>
        {wordsOf(data).map((words) => (
          <Text size="xs" key={words}>
            {words}
          </Text>
        ))}
      </div>
    </Group>
  )
}

function wordsOf({
  title,
  width,
  height,
  bands,
  crs,
  bytes,
  date,
  assets,
  bbox,
}: Preview): readonly string[] {
  const pixels = width !== undefined && height !== undefined && `${width} × ${height} pixels`
  return [
    title,
    joined(pixels, bands !== undefined && `${bands} ${bands === 1 ? 'band' : 'bands'}`, crs),
    joined(bytes !== undefined && bytesText(bytes), date?.slice(0, 10)),
    joined(assets !== undefined && `${assets} ${assets === 1 ? 'file' : 'files'}`),
    joined(...(bbox ?? []).map((degrees) => degrees.toFixed(3))),
  ].flatMap((words) => (words === undefined || words === '' ? [] : [words]))
}

const joined = (...parts: ReadonlyArray<string | false | undefined>): string =>
  parts.filter(Boolean).join(', ')

function bytesText(bytes: number): string {
  const [unit, size] =
    bytes < 1e6 ? ['kB', bytes / 1e3] : bytes < 1e9 ? ['MB', bytes / 1e6] : ['GB', bytes / 1e9]
  return `${size < 10 ? size.toFixed(1) : Math.round(size)} ${unit}`
}
