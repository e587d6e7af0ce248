import { Anchor, Stack, Text, Title } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { logQuery } from '../../api/cells.ts'
import { addressOf, segment } from '../../api/client.ts'
import { isEnded, type Job, type RunFile, resultsQuery } from '../../api/jobs.ts'
import { limitEntries } from '../../components/limit-words.ts'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { tookText } from '../../components/run-times.ts'
import { STATE_WORDS } from '../../components/state-badge.tsx'
import { givenText } from '../../components/value-text.ts'
import { sizeText } from '../../outputs/size-text.ts'

/** What is known of a run beside its cells. */
export function RunDetails({ job }: { readonly job: Job }) {
  const isWide = useMediaQuery('(min-width: 801px)', true, { getInitialValueInEffect: false })
  const parts = (
    <Stack gap="md">
      <Parameters parameters={job.parameters} />
      {isEnded(job.state) && job.state !== 'prepared' && <Results id={job.jobID} />}
      <About job={job} />
      {job.state !== 'prepared' && <Log job={job} />}
    </Stack>
  )
  if (isWide)
    return (
      <aside aria-label="About this run" className="run-details">
        {parts}
      </aside>
    )
  // Or a phone would show its cells far below.
  return (
    <details className="run-details">
      <summary>Parameters, files and log</summary>
      {parts}
    </details>
  )
}

function Parameters({ parameters }: Pick<Job, 'parameters'>) {
  const entries = Object.entries(parameters)
  return (
    <section>
      <Title order={2} size="h5">
        Parameters
      </Title>
      {entries.length === 0 ? (
        <Text size="sm" c="dimmed">
          It has none.
        </Text>
      ) : (
        <Values values={entries} />
      )}
    </section>
  )
}

/** Names and what they stand for. */
function Values({ values }: { readonly values: readonly (readonly [string, unknown])[] }) {
  return (
    <dl className="run-list">
      {values.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{givenText(value).slice(0, 2000)}</dd>
        </div>
      ))}
    </dl>
  )
}

function Results({ id }: { readonly id: string }) {
  const { data, error, refetch } = useQuery(resultsQuery(id))
  if (error !== null) return <ProblemNotice error={error} onRetry={() => void refetch()} />
  if (data === undefined) return null
  const values = Object.entries(data.values)
  return (
    <>
      {values.length > 0 && (
        <section>
          <Title order={2} size="h5">
            Results
          </Title>
          <Values values={values} />
        </section>
      )}
      {data.files.length > 0 && <FileList id={id} files={data.files} complete={data.filesComplete} />}
    </>
  )
}

interface FileListProps {
  readonly id: string
  readonly files: readonly RunFile[]
  readonly complete: boolean
}

function FileList({ id, files, complete }: FileListProps) {
  return (
    <section>
      <Title order={2} size="h5">
        Files
      </Title>
      <ul className="run-files">
        {files.map((file) => (
          <li key={file.title}>
            <FileLine id={id} file={file} />
          </li>
        ))}
      </ul>
      {!complete && (
        <Text size="sm" c="dimmed">
          There are more: they are in the folder of the run.
        </Text>
      )}
    </section>
  )
}

function FileLine({ id, file }: { readonly id: string; readonly file: RunFile }) {
  const { title, length, message } = file
  const size = <span className="run-quiet"> {sizeText(length)}</span>
  if (message !== undefined)
    return (
      <>
        {title}
        {size}
        <Text size="xs" c="dimmed">
          {message}
        </Text>
      </>
    )
  return (
    <>
      <Anchor href={addressOf(`/jobs/${id}/files/${title.split('/').map(segment).join('/')}`)} size="sm">
        {title}
      </Anchor>
      {size}
    </>
  )
}

function About({ job }: { readonly job: Job }) {
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['Accepted', timeText(job.created)],
    ['Took', isEnded(job.state) ? tookText(job) : ''],
    ['By', job.owner],
    ['Workspace', job.workspace],
    ['Kernel', job.kernel],
    ...limitEntries(job.limits ?? {}),
  ]
  return (
    <section>
      <Title order={2} size="h5">
        About
      </Title>
      <dl className="run-list">
        {rows.map(([name, value]) =>
          value === undefined || value === '' ? null : (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ),
        )}
      </dl>
      {job.batch !== undefined && (
        <Anchor component={Link} to={`/batches/${job.batch}`} size="sm" display="block">
          Its sweep
        </Anchor>
      )}
      {job.retryOf !== undefined && (
        <Anchor component={Link} to={`/jobs/${job.retryOf}`} size="sm" display="block">
          {job.fromCell === undefined
            ? 'The run that it repeats'
            : `The run that it goes on with, from cell ${job.fromCell + 1}`}
        </Anchor>
      )}
    </section>
  )
}

function Log({ job }: { readonly job: Job }) {
  const { data, error, refetch } = useQuery(logQuery(job.jobID))
  if (error !== null) return <ProblemNotice error={error} onRetry={() => void refetch()} />
  return (
    <section>
      <Title order={2} size="h5">
        Log
      </Title>
      {data?.entries.length === 0 && (
        <Text size="sm" c="dimmed">
          It is not kept any more.
        </Text>
      )}
      <ol className="run-log">
        {data?.entries.map(({ number, at, state, message, text }) => (
          <li key={number}>
            <time dateTime={at}>{clockText(at)}</time>
            <span>
              {state === undefined ? text : STATE_WORDS[state]}
              {message !== undefined && <span className="run-quiet"> {message}</span>}
            </span>
          </li>
        ))}
      </ol>
    </section>
  )
}

const timeText = (iso: string): string =>
  new Date(iso).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' })

const clockText = (iso: string): string => new Date(iso).toLocaleTimeString('en-GB')
