import { Anchor, Checkbox, Progress, Text } from '@mantine/core'
import { Link } from 'react-router'
import { segment } from '../../api/client.ts'
import { isEnded, type Job } from '../../api/jobs.ts'
import { reasonText } from '../../components/reason-text.ts'
import { tookText } from '../../components/run-times.ts'
import { StateBadge } from '../../components/state-badge.tsx'
import { Thumbnail } from '../../components/thumbnail.tsx'
import { agoText } from '../../components/time-text.ts'
import { parametersText } from '../../components/value-text.ts'

interface RunRowProps {
  readonly job: Job
  readonly selected: boolean
  readonly onSelect: (selected: boolean) => void
  /** Whose it is, where there are several people. */
  readonly showsOwner: boolean
}

/** A run by which it is told from the others. */
export const runName = ({ processID, created }: Job): string =>
  `${processID} of ${new Date(created).toLocaleString()}`

export function RunRow({ job, selected, onSelect, showsOwner }: RunRowProps) {
  const { cells } = job
  return (
    <li className="history-row" data-state={job.state}>
      <Checkbox
        className="history-check"
        checked={selected}
        onChange={({ currentTarget: { checked } }) => onSelect(checked)}
        aria-label={`Select ${runName(job)}`}
      />
      <Thumbnail job={job} />
      <div className="history-name">
        <Anchor component={Link} to={`/jobs/${segment(job.jobID)}`} fw={600}>
          {job.processID}
        </Anchor>
        <Text size="sm" c="dimmed" lineClamp={2} className="history-parameters">
          {parametersText(job.parameters)}
        </Text>
      </div>
      <div className="history-facts">
        <div className="history-state">
          <StateBadge state={job.state} />
          {job.reason !== undefined && (
            <Text size="xs" c="dimmed">
              {reasonText(job.reason)}
            </Text>
          )}
          {!isEnded(job.state) && cells !== undefined && cells.total > 0 && (
            <Progress
              value={(100 * cells.done) / cells.total}
              size="sm"
              mt={4}
              w={96}
              aria-label={`${cells.done} of ${cells.total} cells are done`}
            />
          )}
        </div>
        <Text size="sm" className="history-took">
          {tookText(job)}
        </Text>
        <div className="history-when">
          <Text
            size="sm"
            component="time"
            dateTime={job.created}
            title={new Date(job.created).toLocaleString()}
          >
            {agoText(job.created)}
          </Text>
          {showsOwner && (
            <Text size="xs" c="dimmed">
              {job.owner}
            </Text>
          )}
        </div>
      </div>
    </li>
  )
}
