import type { Database } from '../database/connect.ts'
import type { Caller } from '../identity/caller.ts'
import { RUN_STATES, type RunState } from './run.ts'
import { storable } from './run-row.ts'

/** How long runs of a notebook took. */
export interface RunTimes {
  /** How many were looked at: the newest that succeeded, 20 at most. */
  readonly count: number
  readonly medianSeconds: number
}

const TIMES = `
  SELECT count(*)::integer AS count, percentile_cont(0.5) WITHIN GROUP (ORDER BY duration) AS "medianSeconds"
  FROM (
    SELECT duration
    FROM unnest($1::text[]) AS mine (workspace) CROSS JOIN LATERAL (
      SELECT run.duration, run.created_at FROM run
      WHERE run.workspace = mine.workspace AND run.notebook_id = $2 AND run.state = 'succeeded'
        AND run.duration IS NOT NULL
      ORDER BY run.created_at DESC, run.id DESC LIMIT 20
    ) AS run
    ORDER BY run.created_at DESC LIMIT 20
  ) AS newest`

/** Of the caller's workspaces; undefined where it never succeeded there. Throws `database-failed`. */
export async function runTimes(
  database: Database,
  { workspaces }: Caller,
  notebookId: string,
): Promise<RunTimes | undefined> {
  const [row] = await database.query<{ count: number; medianSeconds: number | null }>({
    name: 'run-times',
    text: TIMES,
    values: [[...new Set(workspaces)], storable(notebookId)],
  })
  if (row === undefined || row.medianSeconds === null) return undefined
  return { count: row.count, medianSeconds: row.medianSeconds }
}

export interface LastRun {
  readonly id: string
  readonly notebookId: string
  readonly state: RunState
  readonly createdAt: Date
}

// By notebook and state, as the index has it.
const LAST = `
  SELECT DISTINCT ON (run.notebook_id) run.id, run.notebook_id AS "notebookId", run.state, run.created_at AS "createdAt"
  FROM unnest($1::text[]) AS mine (workspace)
  CROSS JOIN unnest($2::text[]) AS wanted (notebook_id)
  CROSS JOIN unnest($3::text[]) AS any_of (state)
  CROSS JOIN LATERAL (
    SELECT run.id, run.notebook_id, run.state, run.created_at FROM run
    WHERE run.workspace = mine.workspace AND run.notebook_id = wanted.notebook_id AND run.state = any_of.state
      AND run.hidden_at IS NULL
    ORDER BY run.created_at DESC, run.id DESC LIMIT 1
  ) AS run
  ORDER BY run.notebook_id, run.created_at DESC, run.id DESC`

/** The newest run of each of the notebooks in the caller's workspaces; none for one that never ran. Throws `database-failed`. */
export function lastRuns(
  database: Database,
  { workspaces }: Caller,
  notebookIds: readonly string[],
): Promise<readonly LastRun[]> {
  return database.query<LastRun>({
    name: 'last-runs',
    text: LAST,
    values: [[...new Set(workspaces)], notebookIds.map(storable), RUN_STATES],
  })
}
