import type { Session } from '../database/connect.ts'
import type { Caller } from '../identity/caller.ts'
import { RUN_COLUMNS, type RunRow } from './run-row.ts'

// The UPDATE decides by the state that the row has once it is locked, so a claim at the same moment is no race. Rows
// are locked in one order, so that two who cancel the same sweep don't wait for each other.
const cancelWhere = (where: string) => `
  WITH live AS (
    SELECT id FROM run
    WHERE ${where} AND workspace = ANY ($2) AND state IN ('queued', 'starting', 'running', 'saving')
    ORDER BY id FOR NO KEY UPDATE
  ), changed AS (
    UPDATE run SET
      state = CASE WHEN state = 'queued' THEN 'cancelled' ELSE state END,
      finished_at = CASE WHEN state = 'queued' THEN clock_timestamp() END,
      last_event = CASE WHEN state = 'queued' THEN last_event + 1 ELSE last_event END,
      cancel_requested_at = coalesce(cancel_requested_at, clock_timestamp()),
      updated_at = clock_timestamp()
    FROM live WHERE run.id = live.id RETURNING run.*
  ), event AS (
    INSERT INTO run_event (run_id, number, type, data)
    SELECT id, last_event, 'state', '{"type":"state","state":"cancelled"}' FROM changed WHERE state = 'cancelled'
  )
  SELECT ${RUN_COLUMNS},
    CASE
      WHEN state = 'cancelled' THEN pg_notify('run_event', id || ' ' || last_event)
      ELSE pg_notify('run_cancel', id::text)
    END
  FROM changed AS run`

const CANCEL_RUN = cancelWhere('id = $1')
const CANCEL_BATCH = cancelWhere('batch_id = $1')

/** Ends what is queued, tells the workers of what goes. Returns the rows that were not finished before. */
export function cancelRuns(
  session: Session,
  caller: Caller,
  what: 'run' | 'batch',
  id: string,
): Promise<readonly RunRow[]> {
  const text = what === 'run' ? CANCEL_RUN : CANCEL_BATCH
  return session.query<RunRow>({ name: `run-cancel-${what}`, text, values: [id, caller.workspaces] })
}
