import { useQueries } from '@tanstack/react-query'
import { previewQuery } from '../api/preview.ts'
import type { Process } from '../api/processes.ts'
import { type Box, isBoxOnEarth } from '../map/shape.ts'
import { type LinkQuery, textsOf } from './link-query.ts'
import { readItems } from './list-texts.ts'

/** More outlines than these only hide each other. */
const MAX_SHOWN = 20

/** Where the images and STAC items lie that the form names, as far as it is known. */
export function useFootprints({ schema }: Process, query: LinkQuery): readonly Box[] {
  const urls = schema.properties.flatMap(([name, input]) => {
    const isUrl = (format: string | undefined) => format === 'uri' || format === 'stac-item'
    if (isUrl(input.format)) return textsOf(query, name)
    return isUrl(input.items?.format) ? readItems(input, textsOf(query, name)) : []
  })
  const wanted = [...new Set(urls)].slice(0, MAX_SHOWN)
  // Whoever shows the preview asks for it.
  const previews = useQueries({ queries: wanted.map((url) => ({ ...previewQuery(url), enabled: false })) })
  return previews.flatMap(({ data }) =>
    data?.bbox === undefined || !isBoxOnEarth(data.bbox) ? [] : [data.bbox],
  )
}
