import { Anchor, Loader, Stack, Text, Title } from '@mantine/core'
import { useDocumentTitle } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { Link, useSearchParams } from 'react-router'
import { allCellsQuery, askWidgets } from '../api/cells.ts'
import { segment } from '../api/client.ts'
import { type Job, jobQuery } from '../api/jobs.ts'
import { ProblemNotice } from '../components/problem-notice.tsx'
import { tookText } from '../components/run-times.ts'
import { StateBadge } from '../components/state-badge.tsx'
import { cellPairs } from './compare/cell-pairs.ts'
import './compare/compare.css'
import { PairRow } from './compare/pair-row.tsx'
import { ParameterTable } from './compare/parameter-table.tsx'
import './run/run.css'

/** `/compare?left=…&right=…`: two runs side by side, as they were when the page was opened. */
export default function ComparePage() {
  const [query] = useSearchParams()
  const [leftId, rightId] = [query.get('left') ?? '', query.get('right') ?? '']
  const left = useQuery(jobQuery(leftId))
  const right = useQuery(jobQuery(rightId))
  useDocumentTitle('Two runs · Notebook Runner')
  const error = left.error ?? right.error
  if (error !== null) return <ProblemNotice error={error} />
  if (left.data === undefined || right.data === undefined) return <Loader aria-label="Loading" />
  return (
    <Stack>
      <Title order={1}>Two runs</Title>
      <div className="compare-heads">
        <Head job={left.data} name="Left" />
        <Head job={right.data} name="Right" />
      </div>
      <Title order={2} size="h4">
        Parameters
      </Title>
      <ParameterTable left={left.data} right={right.data} />
      <Title order={2} size="h4">
        Cells
      </Title>
      <Cells left={leftId} right={rightId} />
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
        {new Date(job.created).toLocaleString()} {tookText(job) !== '' && `took ${tookText(job)}`}
      </Text>
    </div>
  )
}

function Cells(ids: { readonly left: string; readonly right: string }) {
  const left = useQuery(allCellsQuery(ids.left))
  const right = useQuery(allCellsQuery(ids.right))
  const [isAll, setIsAll] = useState(false)
  const pairs = useMemo(() => cellPairs(left.data ?? [], right.data ?? []), [left.data, right.data])
  const widgets = useMemo(
    () => ({ left: () => askWidgets(ids.left), right: () => askWidgets(ids.right) }),
    [ids.left, ids.right],
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
