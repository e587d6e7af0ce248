import { Alert, Button, Checkbox, Group, List, Text } from '@mantine/core'
import { useState } from 'react'
import { Link } from 'react-router'
import { segment } from '../../api/client.ts'
import type { Job } from '../../api/jobs.ts'
import { StopServerButton, wouldStopServer } from '../../components/stop-server.tsx'
import { type ActionOutcome, actOn, isFor, RUN_ACTIONS, type RunAction } from './run-actions.ts'

interface BulkBarProps {
  readonly selected: readonly Job[]
  readonly onClear: () => void
  /** Those for which it was not done stay selected. */
  readonly onDone: (outcome: ActionOutcome) => void
}

const ORDER = ['rerun', 'cancel', 'delete'] as const

/** What can be done with the runs that are selected, at the foot of the window. */
export function BulkBar({ selected, onClear, onDone }: BulkBarProps) {
  const [busy, setBusy] = useState<RunAction>()
  const [asks, setAsks] = useState(false)
  const [purges, setPurges] = useState(false)
  const [first, second, ...others] = selected
  if (first === undefined) return null
  const ask = () => {
    setPurges(false)
    setAsks(true)
  }
  const fitting = (action: RunAction) => selected.filter((job) => isFor(action, job))
  const act = async (action: RunAction) => {
    setBusy(action)
    onDone(await actOn(action, fitting(action)))
    setBusy(undefined)
    setAsks(false)
  }
  if (asks) {
    const count = fitting('delete').length
    return (
      <section className="history-bulk" aria-label="Selected runs">
        <Text size="sm" role="status">
          Delete {count === 1 ? '1 run' : `${count} runs`} from this list?
        </Text>
        <Checkbox
          size="sm"
          checked={purges}
          onChange={({ currentTarget: { checked } }) => setPurges(checked)}
          label="And the notebooks and files from the workspace, for good"
        />
        <Group gap="xs">
          <Button
            size="xs"
            color="red"
            loading={busy !== undefined}
            onClick={() => void act(purges ? 'purge' : 'delete')}
          >
            Delete
          </Button>
          <Button size="xs" variant="default" onClick={() => setAsks(false)} autoFocus>
            Keep
          </Button>
        </Group>
      </section>
    )
  }
  return (
    <section className="history-bulk" aria-label="Selected runs">
      <Text size="sm" fw={600}>
        {selected.length} selected
      </Text>
      <Group gap="xs">
        {second !== undefined && others.length === 0 && (
          <Button
            size="xs"
            component={Link}
            to={`/compare?left=${segment(first.jobID)}&right=${segment(second.jobID)}`}
          >
            Compare
          </Button>
        )}
        {ORDER.map((action) => {
          const count = fitting(action).length
          return (
            <Button
              key={action}
              size="xs"
              variant="default"
              disabled={count === 0 || busy !== undefined}
              loading={busy === action}
              onClick={() => (action === 'delete' ? ask() : void act(action))}
            >
              {RUN_ACTIONS[action].verb}
              {count > 0 && count < selected.length && ` (${count})`}
            </Button>
          )
        })}
        <Button size="xs" variant="subtle" onClick={onClear}>
          Clear selection
        </Button>
      </Group>
    </section>
  )
}

/** What became of it: each failure by the name of its run. */
export function BulkOutcome({
  outcome,
  onClose,
  onDone,
}: {
  readonly outcome: ActionOutcome
  readonly onClose: () => void
  readonly onDone: (outcome: ActionOutcome) => void
}) {
  const { action, done, failures } = outcome
  const [busy, setBusy] = useState(false)
  const asked = failures.filter(({ problem }) => wouldStopServer(problem))
  const goOn = async () => {
    setBusy(true)
    const then = await actOn(
      action,
      asked.map(({ job }) => job),
      true,
    )
    setBusy(false)
    const others = failures.filter(({ problem }) => !wouldStopServer(problem))
    onDone({ action, done: [...done, ...then.done], failures: [...others, ...then.failures] })
  }
  return (
    <Alert
      role="status"
      variant="outline"
      color={failures.length === 0 ? 'teal' : 'red'}
      withCloseButton
      closeButtonLabel="Close"
      onClose={onClose}
      title={
        failures.length === 0
          ? `${done.length} ${RUN_ACTIONS[action].done}.`
          : `${done.length} of ${done.length + failures.length} ${RUN_ACTIONS[action].done}. The others failed:`
      }
    >
      {failures.length > 0 && (
        <List size="sm">
          {failures.map(({ job, name, problem }) => (
            <List.Item key={job.jobID}>
              {name}: {problem.detail}
            </List.Item>
          ))}
        </List>
      )}
      {asked.length > 0 && <StopServerButton onClick={() => void goOn()} loading={busy} />}
    </Alert>
  )
}
