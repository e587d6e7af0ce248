import type { Database } from '../database/connect.ts'

const CELL_TIMES = 'SELECT cell, seconds FROM cell_time WHERE notebook_id = $1 AND notebook_version = $2'

/**
 * How long each cell (by its index in the notebook) took in earlier runs of that version, in seconds; recent runs
 * weigh more. Of no one run and nobody's, so without a scope. Throws `database-failed`.
 */
export async function cellTimes(
  database: Database,
  notebookId: string,
  notebookVersion: string | undefined,
): Promise<ReadonlyMap<number, number>> {
  const values = [notebookId, notebookVersion ?? '']
  const rows = await database.query<{ cell: number; seconds: number }>({ text: CELL_TIMES, values })
  return new Map(rows.map(({ cell, seconds }) => [cell, seconds]))
}
