import type { Database } from '../database/connect.ts'
import type { Caller } from '../identity/caller.ts'
import type { NumberedEvent } from './event.ts'
import { type EventRow, numberedEvent } from './event-row.ts'

const LOG = `
  SELECT number, at, data FROM run_event
  WHERE run_id = (SELECT id FROM run WHERE id = $1 AND workspace = ANY ($2)) AND type IN ('state', 'note')
  ORDER BY number DESC LIMIT 500`

/**
 * What a run has gone through: its states and its notes, oldest first, of very many the newest. None where there is no
 * such run for the caller, or its events are not kept any more. Throws `database-failed`.
 */
export async function runLog(
  database: Database,
  caller: Caller,
  runId: string,
): Promise<readonly NumberedEvent[]> {
  const values = [runId, caller.workspaces]
  const rows = await database.query<EventRow>({ name: 'run-log', text: LOG, values })
  return rows.map(numberedEvent).toReversed()
}
