import type { Database } from '../database/connect.ts'

const LIVE = "state IN ('starting', 'running', 'saving')"
const OF_HOST = `SELECT 1 FROM run WHERE kernel_host = $1 AND ${LIVE} LIMIT 1`
const OF_THESE = `
  SELECT kernel_id AS id FROM run WHERE kernel_id = ANY ($1) AND ${LIVE}
  UNION ALL SELECT kernel_id FROM left_kernel WHERE kernel_id = ANY ($1)`

/** True where a run goes on in a kernel of that host, whoever works on it now or later. Throws `database-failed`. */
export async function isHostInUse(database: Database, kernelHost: string): Promise<boolean> {
  return (await database.query({ text: OF_HOST, values: [kernelHost] })).length > 0
}

/** Those of the kernels in which a run goes on, or that a run has left and that are ended in time. Throws `database-failed`. */
export async function kernelsInUse(
  database: Database,
  kernelIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await database.query<{ id: string }>({ text: OF_THESE, values: [kernelIds] })
  return new Set(rows.map(({ id }) => id))
}
