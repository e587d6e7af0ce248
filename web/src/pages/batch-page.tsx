import { Anchor, Button, Group, Loader, Progress, Stack, Text, Title } from '@mantine/core'
import { useDocumentTitle } from '@mantine/hooks'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useMemo } from 'react'
import { Link, useParams } from 'react-router'
import { type Batch, batchQuery, cancelBatch, retryBatch } from '../api/batches.ts'
import { addressOf, segment } from '../api/client.ts'
import { isEnded, RUN_STATES } from '../api/jobs.ts'
import { ProblemNotice } from '../components/problem-notice.tsx'
import { STATE_WORDS } from '../components/state-badge.tsx'
import { agoText } from '../components/time-text.ts'
import { matrixOf } from './batch/matrix.ts'
import { RunMatrix } from './batch/run-matrix.tsx'
import './batch/batch.css'

/** `/batches/{id}`: a sweep, as the matrix of its runs. */
export default function BatchPage() {
  const { id = '' } = useParams()
  const { data, error, refetch } = useQuery(batchQuery(id))
  useDocumentTitle(`${data === undefined ? 'Sweep' : `Sweep of ${data.processID}`} · Notebook Runner`)
  return (
    <Stack>
      {error !== null && <ProblemNotice error={error} onRetry={refetch} />}
      {error === null && data === undefined && <Loader aria-label="Loading" />}
      {data !== undefined && <Sweep batch={data} />}
    </Stack>
  )
}

function Sweep({ batch }: { readonly batch: Batch }) {
  const { id, processID, each, runs } = batch
  const client = useQueryClient()
  const change = useMutation({
    mutationFn: (act: (id: string) => Promise<Batch>) => act(id),
    onSuccess: (now) => client.setQueryData(batchQuery(id).queryKey, now),
  })
  const tables = useMemo(() => matrixOf(batch), [batch])
  const ended = runs.filter(({ state }) => isEnded(state)).length
  const failed = runs.filter(({ state }) => state === 'failed').length
  const counts = RUN_STATES.flatMap((state) => {
    const count = runs.filter((run) => run.state === state).length
    return count === 0 ? [] : [`${count} ${STATE_WORDS[state].toLowerCase()}`]
  })
  return (
    <>
      <div>
        <Title order={1}>Sweep of {processID}</Title>
        <Text size="sm" c="dimmed">
          By {each.join(' and ')}. Accepted{' '}
          <time dateTime={batch.created} title={new Date(batch.created).toLocaleString()}>
            {agoText(batch.created)}
          </time>{' '}
          for {batch.owner} in {batch.workspace}.
        </Text>
      </div>
      <div>
        <Text role="status">
          {ended} of {runs.length} runs have ended: {counts.join(', ')}.
        </Text>
        <Progress
          mt={4}
          value={(100 * ended) / Math.max(1, runs.length)}
          aria-label="Runs that have ended"
          animated={ended < runs.length}
        />
      </div>
      <Group gap="sm">
        {ended < runs.length && (
          <Button variant="default" loading={change.isPending} onClick={() => change.mutate(cancelBatch)}>
            Cancel all
          </Button>
        )}
        {failed > 0 && (
          <Button loading={change.isPending} onClick={() => change.mutate((one) => retryBatch(one))}>
            Run what failed again ({failed})
          </Button>
        )}
        <Button
          variant="default"
          component="a"
          href={addressOf(`/batches/${segment(id)}/archive`)}
          download
          disabled={ended === 0}
        >
          Download all
        </Button>
        <Anchor component={Link} to={`/jobs?batch=${segment(id)}`} size="sm">
          In the list of runs
        </Anchor>
      </Group>
      {change.error !== null && (
        <ProblemNotice
          error={change.error}
          onStopServer={() => change.mutate((one) => retryBatch(one, true))}
        />
      )}
      {tables.map((table) => (
        <RunMatrix key={JSON.stringify(table.shared)} table={table} />
      ))}
    </>
  )
}
