import { Alert, Anchor, Badge, Card, Loader, SimpleGrid, Stack, Text, TextInput, Title } from '@mantine/core'
import { useDocumentTitle } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useDeferredValue } from 'react'
import { Link, useSearchParams } from 'react-router'
import { segment } from '../api/client.ts'
import { type BrokenProcess, type ProcessSummary, processesQuery } from '../api/processes.ts'
import { ProblemNotice } from '../components/problem-notice.tsx'

/** `/processes`: the notebooks on offer; those that are broken say why. */
export default function CataloguePage() {
  useDocumentTitle('Notebooks · Notebook Runner')
  const { data, error, refetch } = useQuery(processesQuery)
  const [query, setQuery] = useSearchParams()
  const sought = query.get('q') ?? ''
  const words = useDeferredValue(sought).toLowerCase().split(/\s+/)
  return (
    <Stack>
      <Title order={1}>Notebooks</Title>
      {error !== null && <ProblemNotice error={error} onRetry={refetch} />}
      {error === null && data === undefined && <Loader aria-label="Loading" />}
      {data !== undefined && (
        <>
          {data.stale !== undefined && (
            <Alert color="yellow" variant="outline" role="status">
              The list may be out of date: {data.stale}
            </Alert>
          )}
          <TextInput
            label="Search"
            placeholder="Title, description or id"
            type="search"
            value={sought}
            onChange={({ currentTarget: { value } }) =>
              setQuery(value === '' ? {} : { q: value }, { replace: true })
            }
          />
          <Cards processes={data.processes.filter(has(words))} broken={data.broken.filter(has(words))} />
        </>
      )}
    </Stack>
  )
}

/** Each word stands somewhere in it. */
const has = (words: readonly string[]) => (entry: ProcessSummary | BrokenProcess) => {
  const text = Object.values(entry).join('\n').toLowerCase()
  return words.every((word) => text.includes(word))
}

interface CardsProps {
  readonly processes: readonly ProcessSummary[]
  readonly broken: readonly BrokenProcess[]
}

function Cards({ processes, broken }: CardsProps) {
  if (processes.length + broken.length === 0)
    return <Text role="status">There are no such notebooks here.</Text>
  return (
    <SimpleGrid component="ul" cols={{ base: 1, sm: 2, md: 3 }} p={0} m={0} role="list">
      {processes.map((entry) => (
        <Card key={entry.id} component="li" withBorder>
          <Anchor component={Link} to={`/processes/${segment(entry.id)}`} reloadDocument fw={600}>
            {entry.title}
          </Anchor>
          <Text size="sm" lineClamp={4}>
            {entry.description}
          </Text>
          <Text size="xs" c="dimmed">
            {entry.id}
          </Text>
        </Card>
      ))}
      {broken.map((entry) => (
        <Card key={entry.id} component="li" withBorder>
          <Text fw={600}>{entry.title ?? entry.id}</Text>
          <Badge color="red" variant="outline">
            Broken
          </Badge>
          <Text size="sm">This notebook cannot be offered: {entry.reason}</Text>
          <Text size="xs" c="dimmed">
            {entry.id}
          </Text>
        </Card>
      ))}
    </SimpleGrid>
  )
}
