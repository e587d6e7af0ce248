import type { Database } from '../database/connect.ts'

const DEPTH = `
  SELECT count(*)::integer AS depth, coalesce(extract(epoch FROM now() - min(queued_at)), 0)::float8 AS "oldestSeconds"
  FROM run WHERE state = 'queued'`

/** How many runs wait, and since when the oldest does. Of everybody's, for operators, so without a scope. */
export async function queueDepth(
  database: Database,
): Promise<{ readonly depth: number; readonly oldestSeconds: number }> {
  const [row] = await database.query<{ depth: number; oldestSeconds: number }>({
    name: 'queue-depth',
    text: DEPTH,
  })
  return row ?? { depth: 0, oldestSeconds: 0 }
}
