import * as v from 'valibot'
import { ask, segment, send } from './client.ts'

export const RUN_STATES = [
  'prepared',
  'queued',
  'starting',
  'running',
  'saving',
  'succeeded',
  'failed',
  'cancelled',
] as const
export type RunState = (typeof RUN_STATES)[number]

export const isEnded = (state: RunState): boolean =>
  state === 'prepared' || state === 'succeeded' || state === 'failed' || state === 'cancelled'

const linkSchema = v.object({ rel: v.string(), href: v.string(), type: v.optional(v.string()) })

/** A run, as src/http/job-schema.ts has it. Times are ISO 8601. */
export const jobSchema = v.object({
  jobID: v.string(),
  processID: v.string(),
  state: v.picklist(RUN_STATES),
  reason: v.optional(v.string()),
  message: v.optional(v.string()),
  progress: v.optional(v.number()),
  cells: v.optional(v.object({ done: v.number(), total: v.number() })),
  waiting: v.optional(v.object({ position: v.number(), reason: v.string(), message: v.string() })),
  cancelRequested: v.optional(v.string()),
  created: v.string(),
  started: v.optional(v.string()),
  finished: v.optional(v.string()),
  updated: v.string(),
  workspace: v.string(),
  owner: v.string(),
  kernel: v.optional(v.string()),
  parameters: v.record(v.string(), v.unknown()),
  batch: v.optional(v.string()),
  retryOf: v.optional(v.string()),
  links: v.array(linkSchema),
})
export type Job = v.InferOutput<typeof jobSchema>

export const jobQuery = (id: string) => ({
  queryKey: ['job', id],
  queryFn: ({ signal }: { signal: AbortSignal }) => ask(jobSchema, `/jobs/${segment(id)}`, signal),
})

const dismiss = (id: string, only: 'live' | 'ended'): Promise<Job> =>
  send(jobSchema, `/jobs/${segment(id)}?only=${only}`, { method: 'DELETE' })

/** Asks for a run to be cancelled. One that has ended meanwhile is refused, and stays as it is. */
export const cancelJob = (id: string): Promise<Job> => dismiss(id, 'live')

/** Takes a run that has ended out of the history. */
export const hideJob = (id: string): Promise<Job> => dismiss(id, 'ended')

/** Removes a run that has ended, with its notebook and its files. Only its owner may. */
export const purgeJob = (id: string): Promise<Job> =>
  send(jobSchema, `/jobs/${segment(id)}?only=ended&purge=true`, { method: 'DELETE' })

/** The same again, as a run of its own. */
export const rerunJob = (id: string): Promise<Job> =>
  send(jobSchema, `/jobs/${segment(id)}/rerun`, { method: 'POST' })
