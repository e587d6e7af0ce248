import type { Database } from '../database/connect.ts'

const DEPTH = `
  SELECT count(*) FILTER (WHERE state = 'queued')::integer AS depth, count(*)::integer AS unfinished,
    coalesce(extract(epoch FROM now() - min(queued_at) FILTER (WHERE state = 'queued')), 0)::float8 AS "oldestSeconds"
  FROM run WHERE state = 'queued' OR state IN ('starting', 'running', 'saving')`

export interface QueueDepth {
  /** How many runs wait. */
  readonly depth: number
  /** How many runs wait or go on: as many as need a place on a worker. */
  readonly unfinished: number
  /** How long the oldest one that waits has done so; 0 where none does. */
  readonly oldestSeconds: number
}

/** Of everybody's runs, for operators, so without a scope. */
export async function queueDepth(database: Database): Promise<QueueDepth> {
  const [row] = await database.query<QueueDepth>({ name: 'queue-depth', text: DEPTH })
  return row ?? { depth: 0, unfinished: 0, oldestSeconds: 0 }
}
