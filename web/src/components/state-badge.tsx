import { Badge } from '@mantine/core'
import type { RunState } from '../api/jobs.ts'

export const STATE_WORDS: Readonly<Record<RunState, string>> = {
  prepared: 'Prepared',
  queued: 'Waiting',
  starting: 'Starting',
  running: 'Running',
  saving: 'Saving',
  succeeded: 'Succeeded',
  failed: 'Failed',
  cancelled: 'Cancelled',
}

const COLORS: Readonly<Record<RunState, string>> = {
  prepared: 'gray',
  queued: 'gray',
  starting: 'blue',
  running: 'blue',
  saving: 'blue',
  succeeded: 'teal',
  failed: 'red',
  cancelled: 'gray',
}

/** How a run stands, in a word and a colour. */
export function StateBadge({ state }: { readonly state: RunState }) {
  return (
    <Badge color={COLORS[state]} variant="outline" tt="none" data-state={state}>
      {STATE_WORDS[state]}
    </Badge>
  )
}
