import * as v from 'valibot'
import { ask, segment, send } from './client.ts'
import { RUN_STATES } from './jobs.ts'
import { limitsSchema } from './limits.ts'
import { entries } from './parse.ts'

const summarySchema = v.object({
  id: v.string(),
  title: v.string(),
  description: v.string(),
  keywords: v.array(v.string()),
  takes: v.optional(v.array(v.string())),
  example: v.optional(v.string()),
})
/** A notebook of the catalogue. */
export type ProcessSummary = v.InferOutput<typeof summarySchema>

const brokenSchema = v.object({ id: v.string(), title: v.optional(v.string()), reason: v.string() })
/** A notebook that can't be offered, and why. */
export type BrokenProcess = v.InferOutput<typeof brokenSchema>

const listSchema = v.object({
  processes: v.array(summarySchema),
  broken: v.array(brokenSchema),
  stale: v.optional(v.string()),
})

interface Signalled {
  readonly signal: AbortSignal
}

export const processesQuery = {
  queryKey: ['processes'],
  queryFn: ({ signal }: Signalled) => ask(listSchema, '/processes', signal),
}

const lastRunsSchema = v.object({
  runs: v.array(
    v.object({
      jobID: v.string(),
      processID: v.string(),
      state: v.picklist(RUN_STATES),
      created: v.string(),
    }),
  ),
})
export type LastRun = v.InferOutput<typeof lastRunsSchema>['runs'][number]

/** The newest run of each notebook, by its id. */
export const lastRunsQuery = {
  queryKey: ['last-runs'],
  queryFn: async ({ signal }: Signalled): Promise<ReadonlyMap<string, LastRun>> => {
    const { runs } = await ask(lastRunsSchema, '/last-runs', signal)
    return new Map(runs.map((run) => [run.processID, run]))
  },
}

/** JSON Schema of one input, in the subset of src/notebook/inputs-schema.ts. */
export interface InputSchema {
  readonly type?: 'string' | 'number' | 'integer' | 'boolean' | 'array' | 'object' | undefined
  readonly format?: 'bbox' | 'uri' | 'date' | 'date-time' | 'interval' | 'geojson' | 'stac-item' | undefined
  readonly title?: string | undefined
  readonly description?: string | undefined
  readonly default?: unknown
  readonly examples?: readonly unknown[] | undefined
  readonly enum?: readonly unknown[] | undefined
  readonly minimum?: number | undefined
  readonly maximum?: number | undefined
  readonly minItems?: number | undefined
  readonly maxItems?: number | undefined
  readonly items?: InputSchema | undefined
  /** What the notebook's own cell has where the input is not given. */
  readonly 'x-own-default'?: string | undefined
}

const inputSchema: v.GenericSchema<unknown, InputSchema> = v.object({
  type: v.optional(v.picklist(['string', 'number', 'integer', 'boolean', 'array', 'object'])),
  format: v.optional(v.picklist(['bbox', 'uri', 'date', 'date-time', 'interval', 'geojson', 'stac-item'])),
  title: v.optional(v.string()),
  description: v.optional(v.string()),
  default: v.optional(v.unknown()),
  examples: v.optional(v.array(v.unknown())),
  enum: v.optional(v.array(v.unknown())),
  minimum: v.optional(v.number()),
  maximum: v.optional(v.number()),
  minItems: v.optional(v.number()),
  maxItems: v.optional(v.number()),
  items: v.optional(v.lazy(() => inputSchema)),
  'x-own-default': v.optional(v.string()),
})

const processSchema = v.object({
  ...summarySchema.entries,
  mode: v.optional(v.picklist(['prepare', 'execute'])),
  inputs: entries(v.object({ expected: v.string() })),
  schema: v.object({
    description: v.optional(v.string()),
    properties: entries(inputSchema),
    required: v.array(v.string()),
  }),
})
/** One notebook with what it takes. */
export type Process = v.InferOutput<typeof processSchema>

export const processQuery = (id: string) => ({
  queryKey: ['process', id],
  queryFn: ({ signal }: Signalled) => ask(processSchema, `/processes/${segment(id)}`, signal),
})

const kernelsSchema = v.object({
  language: v.string(),
  own: v.optional(v.string()),
  kernels: v.array(
    v.object({ name: v.string(), displayName: v.string(), language: v.string(), suits: v.boolean() }),
  ),
})

/** The kernels that there are, and which of them read the notebook. */
export const kernelsQuery = (id: string, workspace: string | undefined) => ({
  queryKey: ['kernels', id, workspace],
  queryFn: ({ signal }: Signalled) => {
    const where = workspace === undefined ? '' : `?workspace=${segment(workspace)}`
    return ask(kernelsSchema, `/processes/${segment(id)}/kernels${where}`, signal)
  },
  staleTime: 60_000,
})

const planSchema = v.object({
  workspace: v.string(),
  kernel: v.optional(v.string()),
  runs: v.number(),
  each: v.array(v.string()),
  output: v.string(),
  before: v.optional(v.object({ count: v.number(), medianSeconds: v.number() })),
  limits: v.optional(limitsSchema, {}),
  server: v.optional(
    v.object({ state: v.picklist(['up', 'starting', 'stopped']), stops: v.array(v.string()) }),
  ),
})
export type Plan = v.InferOutput<typeof planSchema>

/** What a link with this query would do. Fails with what is wrong with it. */
export const planQuery = (id: string, query: string) => ({
  queryKey: ['plan', id, query],
  queryFn: () =>
    send(planSchema, `/processes/${segment(id)}/plan`, { method: 'POST', body: { query, open: true } }),
})

const startedSchema = v.union([v.object({ jobID: v.string() }), v.object({ id: v.string() })])

/** Starts a run, or a sweep. The same key is the same run. Returns the path of its page. */
export async function execute(
  id: string,
  query: string,
  given: { readonly idempotencyKey: string; readonly stopServer: boolean },
): Promise<string> {
  const sent = { method: 'POST', body: { query }, ...given } as const
  const started = await send(startedSchema, `/processes/${segment(id)}/execution`, sent)
  return 'jobID' in started ? `/jobs/${started.jobID}` : `/batches/${started.id}`
}
