import { Anchor, Loader, Stack, Text, Title } from '@mantine/core'
import { useDocumentTitle } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { Link, useSearchParams } from 'react-router'
import { allCellsQuery, askWidgets } from '../api/cells.ts'
import { segment } from '../api/client.ts'
import { type Comparison, comparisonQuery } from '../api/compare.ts'
import type { Job } from '../api/jobs.ts'
import { ProblemNotice } from '../components/problem-notice.tsx'
import { tookText } from '../components/run-times.ts'
import { StateBadge } from '../components/state-badge.tsx'
import './compare/compare.css'
import { PairRow } from './compare/pair-row.tsx'
import { ParameterTable } from './compare/parameter-table.tsx'
import './run/run.css'

/** `/compare?left=…&right=…`: two runs side by side, as they were when the page was opened. */
export default function ComparePage() {
  const [query] = useSearchParams()
  const { data, error, refetch } = useQuery(comparisonQuery(query.toString()))
  useDocumentTitle('Two runs · Notebook Runner')
  if (error !== null) return <ProblemNotice error={error} onRetry={() => void refetch()} />
  if (data === undefined) return <Loader aria-label="Loading" />
  return (
    <Stack>
      <Title order={1}>Two runs</Title>
      <div className="compare-heads">
        <Head job={data.left} name="Left" />
        <Head job={data.right} name="Right" />
      </div>
      <Title order={2} size="h4">
        Parameters
      </Title>
      <ParameterTable parameters={data.parameters} />
      <Title order={2} size="h4">
        Cells
      </Title>
      <Cells comparison={data} />
    </Stack>
  )
}

function Head({ job, name }: { readonly job: Job; readonly name: string }) {
  return (
    <div className="compare-side">
      <Anchor component={Link} to={`/jobs/${segment(job.jobID)}`} fw={600}>
        {name}: {job.processID}
      </Anchor>
      <div>
        <StateBadge state={job.state} />
      </div>
      <Text size="sm" c="dimmed">
        {new Date(job.created).toLocaleString()}
        {tookText(job) !== '' && `, took ${tookText(job)}`}
      </Text>
    </div>
  )
}

function Cells({ comparison }: { readonly comparison: Comparison }) {
  const ids = useMemo(
    () => ({ left: comparison.left.jobID, right: comparison.right.jobID }),
    [comparison.left.jobID, comparison.right.jobID],
  )
  const left = useQuery(allCellsQuery(ids.left))
  const right = useQuery(allCellsQuery(ids.right))
  const [isAll, setIsAll] = useState(false)
  const pairs = useMemo(
    () =>
      comparison.cells.map((pair) => ({
        left: pair.left && left.data?.[pair.left.index],
        right: pair.right && right.data?.[pair.right.index],
        outputsDiffer: pair.outputsDiffer,
      })),
    [comparison, left.data, right.data],
  )
  const widgets = useMemo(
    () => ({ left: () => askWidgets(ids.left), right: () => askWidgets(ids.right) }),
    [ids],
  )
  const error = left.error ?? right.error
  if (error !== null) return <ProblemNotice error={error} />
  if (left.data === undefined || right.data === undefined) return <Loader aria-label="Loading" />
  const shown = isAll ? pairs : pairs.slice(0, FIRST)
  return (
    <div>
      {shown.map((pair, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a pair has no other name than its place.
        <PairRow key={index} pair={pair} ids={ids} widgets={widgets} />
      ))}
      {shown.length < pairs.length && (
        <button type="button" onClick={() => setIsAll(true)}>
          Show all {pairs.length} cells
        </button>
      )}
    </div>
  )
}

/** Of more cells than these the page shows the others when asked. */
const FIRST = 200
