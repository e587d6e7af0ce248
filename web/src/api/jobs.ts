import * as v from 'valibot'
import { ask, segment, send } from './client.ts'
import { limitsSchema } from './limits.ts'
import { parse } from './parse.ts'
import { ProblemError } from './problem.ts'

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
  /** OGC's word; `dismissed` also for one that was taken out of the history. */
  status: v.string(),
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
  limits: v.optional(limitsSchema),
  parameters: v.record(v.string(), v.unknown()),
  batch: v.optional(v.string()),
  retryOf: v.optional(v.string()),
  /** The cell, by its index in the notebook, from which it goes on in the kernel of the run that it repeats. */
  fromCell: v.optional(v.number()),
  failedCell: v.optional(v.number()),
  /** The kernel of a run that failed, as long as it is kept; with an address where it can be opened. */
  keptKernel: v.optional(v.object({ until: v.string(), openUrl: v.optional(v.string()) })),
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

/**
 * The same again, as a run of its own; from the cell that failed on in the kernel that was kept, or, where it is gone, from
 * the first. One key is one run, however often it is sent.
 */
export const rerunJob = (
  id: string,
  {
    from,
    ...given
  }: { readonly from?: 'failed'; readonly idempotencyKey?: string; readonly stopServer?: boolean } = {},
): Promise<Job> =>
  send(jobSchema, `/jobs/${segment(id)}/rerun${from === undefined ? '' : `?from=${from}`}`, {
    method: 'POST',
    ...given,
  })

const fileSchema = v.object({
  title: v.string(),
  type: v.string(),
  length: v.number(),
  /** Where it is only in the run's folder. */
  message: v.optional(v.string()),
})
/** A file that a run left, by its path (`title`); `length` is in bytes. */
export type RunFile = v.InferOutput<typeof fileSchema>

const resultsSchema = v.pipe(
  v.objectWithRest(
    {
      notebook: v.unknown(),
      view: v.optional(v.unknown()),
      files: v.optional(v.array(fileSchema), []),
      filesComplete: v.optional(v.boolean(), true),
    },
    v.unknown(),
  ),
  v.transform(({ notebook: _notebook, view: _view, files, filesComplete, ...values }) => ({
    files,
    filesComplete,
    /** What the notebook has given names. */
    values,
  })),
)

/** What a run that has ended has left. */
export const resultsQuery = (id: string) => ({
  queryKey: ['job-results', id],
  queryFn: async ({ signal }: { signal: AbortSignal }) => {
    try {
      return await ask(resultsSchema, `/jobs/${segment(id)}/results`, signal)
    } catch (error) {
      // One that failed is a problem, with its results in it.
      if (!(error instanceof ProblemError) || error.problem.results === undefined) throw error
      return parse(resultsSchema, error.problem.results)
    }
  },
})
