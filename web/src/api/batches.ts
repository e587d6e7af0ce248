import * as v from 'valibot'
import { ask, segment, send } from './client.ts'
import { isEnded, jobSchema } from './jobs.ts'
import { entries } from './parse.ts'

const { parameters: _parameters, ...told } = jobSchema.entries

/** A run of a sweep, with the values that make it this one, by name. */
const batchRunSchema = v.object({ ...told, values: entries(v.unknown()) })
export type BatchRun = v.InferOutput<typeof batchRunSchema>

const batchSchema = v.object({
  id: v.string(),
  processID: v.string(),
  workspace: v.string(),
  owner: v.string(),
  each: v.array(v.string()),
  created: v.string(),
  runs: v.array(batchRunSchema),
})
export type Batch = v.InferOutput<typeof batchSchema>

/** A sweep of many runs is asked for less often: each answer has all of them. */
const pollMs = (runs: number): number => 1_500 + 5 * runs

export const batchQuery = (id: string) => ({
  queryKey: ['batch', id],
  queryFn: ({ signal }: { signal: AbortSignal }) => ask(batchSchema, `/batches/${segment(id)}`, signal),
  refetchInterval: ({ state: { data } }: { state: { data: Batch | undefined } }) =>
    data?.runs.some(({ state }) => !isEnded(state)) === true ? pollMs(data.runs.length) : false,
})

export const cancelBatch = (id: string): Promise<Batch> =>
  send(batchSchema, `/batches/${segment(id)}`, { method: 'DELETE' })

/** Runs again what failed, and nothing else. */
export const retryBatch = (id: string, stopServer = false): Promise<Batch> =>
  send(batchSchema, `/batches/${segment(id)}/retry`, { method: 'POST', stopServer })
