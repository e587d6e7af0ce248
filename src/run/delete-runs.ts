import type { Session } from '../database/connect.ts'
import { isObject, parseJson } from '../notebook/json.ts'
import { parameterKeys } from './parameter-key.ts'

/** What has to be known of a run to delete it; the table is called `run` in the statement that selects it. */
export const DELETED_COLUMNS = 'run.id, run.workspace, run.parameters'

export interface DeletedRow extends Record<string, unknown> {
  readonly id: string
  readonly workspace: string
  readonly parameters: string
}

// Found by all of their key, in which the run itself is last.
const PARAMETERS = `
  DELETE FROM run_parameter AS parameter USING run, unnest($1::uuid[], $2::bigint[]) AS gone (run_id, key)
  WHERE run.id = gone.run_id AND parameter.key = gone.key AND parameter.created_at = run.created_at
    AND parameter.run_id = run.id`

const RUNS = 'DELETE FROM run WHERE id = ANY ($1)'

const EMPTY_BATCHES = `
  DELETE FROM batch WHERE id = ANY ($1) AND NOT EXISTS (SELECT FROM run WHERE batch_id = batch.id)`

const BATCHES = 'SELECT DISTINCT batch_id AS id FROM run WHERE id = ANY ($1) AND batch_id IS NOT NULL'

/** Deletes rows with all that hangs on them; a sweep goes with its last run. What is in storage stays. */
export async function deleteRuns(session: Session, rows: readonly DeletedRow[]): Promise<void> {
  const keys = rows.flatMap(({ id, workspace, parameters }) => {
    const values = parseJson(parameters)
    return isObject(values) ? parameterKeys(workspace, values).map((key) => [id, key] as const) : []
  })
  const ids = rows.map(({ id }) => id)
  const batches = await session.query<{ id: string }>({ text: BATCHES, values: [ids] })
  await session.query({ text: PARAMETERS, values: [keys.map(([id]) => id), keys.map(([, key]) => key)] })
  await session.query({ text: RUNS, values: [ids] })
  if (batches.length > 0) await session.query({ text: EMPTY_BATCHES, values: [batches.map(({ id }) => id)] })
}
