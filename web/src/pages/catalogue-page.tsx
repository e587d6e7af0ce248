import { Alert, Group, Loader, NativeSelect, Stack, Text, TextInput, Title } from '@mantine/core'
import { useDocumentTitle } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useDeferredValue, useEffect, useRef, useState } from 'react'
import { useSearchParams } from 'react-router'
import { meQuery } from '../api/me.ts'
import { type LastRun, lastRunsQuery, processesQuery } from '../api/processes.ts'
import { FirstRun } from '../components/first-run.tsx'
import { type CatalogueEntry, NotebookCard } from '../components/notebook-card.tsx'
import { ProblemNotice } from '../components/problem-notice.tsx'

const FILTERS = [
  { value: '', label: 'All' },
  { value: 'ran', label: 'That have run' },
  { value: 'never', label: 'That never ran' },
  { value: 'failed', label: 'Whose last run failed' },
  { value: 'broken', label: 'That are broken' },
]

/** `/processes`: the notebooks on offer; those that are broken say why. */
export default function CataloguePage() {
  useDocumentTitle('Notebooks · Notebook Runner')
  const { data, error, refetch } = useQuery(processesQuery)
  const { data: lastRuns } = useQuery(lastRunsQuery)
  const { data: me } = useQuery(meQuery)
  const [query, setQuery] = useSearchParams()
  const set = (name: string, value: string) => {
    const next = new URLSearchParams(query)
    if (value === '') next.delete(name)
    else next.set(name, value)
    setQuery(next, { replace: true })
  }
  const given = query.get('q') ?? ''
  // The address follows a moment later: a field that waited for it would lose what is typed meanwhile.
  const [sought, setSought] = useState(given)
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => {
    if (document.activeElement !== field.current) setSought(given)
  }, [given])
  const shows = query.get('show') ?? ''
  const words = useDeferredValue(sought).toLowerCase().split(/\s+/)
  const all: readonly CatalogueEntry[] = [...(data?.processes ?? []), ...(data?.broken ?? [])]
  const found = all.filter((entry) => has(entry, words) && isShown(entry, shows, lastRuns?.get(entry.id)))
  const first = data?.processes.find(({ example }) => example !== undefined)
  const isNew = me?.executes === true && lastRuns?.size === 0
  return (
    <Stack>
      <div>
        <Title order={1}>Notebooks</Title>
        <Text>Choose one, fill in what it needs, and run it.</Text>
      </div>
      {error !== null && <ProblemNotice error={error} onRetry={refetch} />}
      {error === null && data === undefined && <Loader aria-label="Loading" />}
      {data !== undefined && (
        <>
          {data.stale !== undefined && (
            <Alert color="yellow" variant="outline" role="status">
              The list may be out of date: {data.stale}
            </Alert>
          )}
          {isNew && first?.example !== undefined && <FirstRun notebook={first} example={first.example} />}
          <Group align="flex-end">
            <TextInput
              label="Search"
              placeholder="Title, description, input"
              type="search"
              ref={field}
              flex={1}
              miw={200}
              value={sought}
              onChange={({ currentTarget: { value } }) => {
                setSought(value)
                set('q', value)
              }}
            />
            <NativeSelect
              label="Show"
              value={shows}
              data={FILTERS}
              onChange={({ currentTarget: { value } }) => set('show', value)}
            />
          </Group>
          <Text size="sm" c="dimmed" role="status">
            {found.length === all.length
              ? `${all.length} notebooks`
              : `${found.length} of ${all.length} notebooks`}
          </Text>
          <ul className="notebook-cards">
            {found.map((entry) => (
              <NotebookCard key={entry.id} entry={entry} lastRun={lastRuns?.get(entry.id)} />
            ))}
          </ul>
        </>
      )}
    </Stack>
  )
}

/** Each word stands somewhere in it. */
function has(entry: CatalogueEntry, words: readonly string[]): boolean {
  const text = Object.values(entry).flat().join('\n').toLowerCase()
  return words.every((word) => text.includes(word))
}

function isShown(entry: CatalogueEntry, shows: string, lastRun: LastRun | undefined): boolean {
  switch (shows) {
    case 'ran':
      return lastRun !== undefined
    case 'never':
      return lastRun === undefined && !('reason' in entry)
    case 'failed':
      return lastRun?.state === 'failed'
    case 'broken':
      return 'reason' in entry
    default:
      return true
  }
}
