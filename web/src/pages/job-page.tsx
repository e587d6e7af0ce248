import { Alert, Anchor, Button, Group, Loader, Progress, Stack, Switch, Text, Title } from '@mantine/core'
import { useDocumentTitle } from '@mantine/hooks'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useRef, useSyncExternalStore } from 'react'
import { Link, useParams } from 'react-router'
import { askWidgets, logQuery } from '../api/cells.ts'
import { segment } from '../api/client.ts'
import { isEnded, type Job, jobQuery } from '../api/jobs.ts'
import { ProblemError } from '../api/problem.ts'
import { ProblemNotice } from '../components/problem-notice.tsx'
import { ProblemPage } from '../components/problem-page.tsx'
import { STATE_WORDS, StateBadge } from '../components/state-badge.tsx'
import { CellList, type CellListHandle } from './run/cell-list.tsx'
import './run/run.css'
import { RunActions } from './run/run-actions.tsx'
import { RunDetails } from './run/run-details.tsx'
import type { RunModel } from './run/run-model.ts'
import { progressOf, stateText } from './run/run-words.ts'
import { useFollowing } from './run/use-following.ts'
import { useRunModel } from './run/use-run-model.ts'

/** How often the place in the queue is asked for. */
const WAITING_MS = 3_000

/** One run, live. */
export default function JobPage() {
  const { id = '' } = useParams()
  const {
    data: job,
    error,
    refetch,
  } = useQuery({
    ...jobQuery(id),
    refetchInterval: ({ state: { data } }) => (data?.state === 'queued' ? WAITING_MS : false),
  })
  const model = useRunModel(id)
  if (job === undefined) {
    if (error instanceof ProblemError) return <ProblemPage problem={error.problem} />
    if (error !== null) return <ProblemNotice error={error} onRetry={() => void refetch()} />
  }
  if (job === undefined || model === undefined) return <Loader aria-label="Loading" />
  return <RunPage key={id} job={job} model={model} />
}

function RunPage({ job, model }: { readonly job: Job; readonly model: RunModel }) {
  const summary = useSyncExternalStore(model.subscribe, model.summary)
  const list = useRef<CellListHandle>(null)
  const ended = isEnded(job.state)
  const queries = useQueryClient()
  const widgets = useCallback(
    () =>
      queries.fetchQuery({
        queryKey: ['job-widgets', job.jobID],
        queryFn: () => askWidgets(job.jobID),
        staleTime: ended ? Number.POSITIVE_INFINITY : 2_000,
      }),
    [queries, job.jobID, ended],
  )
  const [following, setFollowing] = useFollowing(model, list, !ended)
  const { done, total } = progressOf(job, summary)
  const failed = summary.failed ?? job.failedCell
  useDocumentTitle(`${STATE_WORDS[job.state]}: ${job.processID} · Notebook Runner`)
  return (
    <Stack gap="md">
      <div>
        <Title order={1}>
          <Anchor component={Link} to={`/processes/${segment(job.processID)}`} inherit c="inherit">
            {job.processID}
          </Anchor>
        </Title>
        <Text role="status" id="job-state">
          {stateText(job, summary)}
        </Text>
      </div>
      <RunActions job={job} />
      {job.state === 'failed' && job.message !== undefined && (
        <Alert color="red" variant="outline" title="Why it failed">
          <Text size="sm" id="job-message" className="run-message">
            {job.message}
          </Text>
          {failed !== undefined && (
            <Button
              mt="xs"
              size="xs"
              variant="default"
              onClick={() => list.current?.scrollTo(failed, 'start')}
            >
              Go to the cell that failed
            </Button>
          )}
        </Alert>
      )}
      {job.status === 'dismissed' && job.state !== 'cancelled' && (
        <Text c="dimmed">This run was taken out of the history.</Text>
      )}
      <Notes id={job.jobID} />
      {summary.error !== undefined && <ProblemNotice error={summary.error} />}
      <div className="run-columns">
        <RunDetails job={job} />
        <div className="run-main">
          <div className="run-bar">
            <Group gap="sm" wrap="nowrap">
              <StateBadge state={job.state} />
              <Text size="sm" className="run-bar-text">
                {summary.connected
                  ? `${done} of ${total} cells`
                  : 'The connection is lost: it is made again …'}
              </Text>
              {failed !== undefined && (
                <Button
                  size="compact-sm"
                  variant="default"
                  onClick={() => list.current?.scrollTo(failed, 'start')}
                >
                  To the error
                </Button>
              )}
              {!ended && (
                <Switch
                  size="sm"
                  label="Follow"
                  checked={following}
                  onChange={({ currentTarget }) => setFollowing(currentTarget.checked)}
                />
              )}
            </Group>
            {!ended && (
              <Progress
                value={total === 0 ? 0 : (done / total) * 100}
                size="sm"
                mt={6}
                aria-label="Cells that are done"
              />
            )}
          </div>
          <CellList model={model} total={summary.total} widgets={widgets} ref={list} />
        </div>
      </div>
    </Stack>
  )
}

/** What a person should know of the run, such as messages that were lost. */
function Notes({ id }: { readonly id: string }) {
  const { data } = useQuery(logQuery(id))
  const notes = (data?.entries ?? []).filter(({ text }) => text !== undefined)
  if (notes.length === 0) return null
  return (
    <Alert color="yellow" variant="outline" title="Notes">
      <ul className="run-notes">
        {notes.map(({ number, text }) => (
          <li key={number}>{text}</li>
        ))}
      </ul>
    </Alert>
  )
}
