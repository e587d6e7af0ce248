import { Progress, Text } from '@mantine/core'
import { Link } from 'react-router'
import type { BatchRun } from '../../api/batches.ts'
import { segment } from '../../api/client.ts'
import { isEnded } from '../../api/jobs.ts'
import { reasonText } from '../../components/reason-text.ts'
import { tookText } from '../../components/run-times.ts'
import { StateBadge } from '../../components/state-badge.tsx'
import { Thumbnail } from '../../components/thumbnail.tsx'
import { valueText } from '../../components/value-text.ts'

/** One run of the matrix, as a link to it. */
export function RunCell({ run }: { readonly run: BatchRun }) {
  const { state, reason, cells, values } = run
  const what = values.map(([name, value]) => `${name}=${valueText(value)}`).join(', ')
  return (
    <Link to={`/jobs/${segment(run.jobID)}`} className="batch-cell" data-state={state}>
      <Thumbnail job={run} />
      <StateBadge state={state} />
      <span className="hidden">{what}</span>
      {reason !== undefined && (
        <Text size="xs" span>
          {reasonText(reason)}
        </Text>
      )}
      {!isEnded(state) && cells !== undefined && cells.total > 0 && (
        <Progress value={(100 * cells.done) / cells.total} size="sm" w="100%" aria-hidden="true" />
      )}
      <Text size="xs" c="dimmed" span>
        {tookText(run)}
      </Text>
    </Link>
  )
}
