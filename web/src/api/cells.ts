import * as v from 'valibot'
import { outputSchema } from '../outputs/output.ts'
import { ask, segment } from './client.ts'
import { RUN_STATES } from './jobs.ts'

const cellSchema = v.object({
  index: v.number(),
  type: v.string(),
  source: v.string(),
  leftOut: v.optional(v.number()),
  attachments: v.optional(v.record(v.string(), v.unknown())),
  runs: v.boolean(),
  status: v.picklist(['pending', 'running', 'completed', 'failed']),
  executionCount: v.optional(v.number()),
  started: v.optional(v.string()),
  seconds: v.optional(v.number()),
  outputs: v.number(),
})
/** A cell of a run without its outputs, as src/http/cell-schema.ts has it. */
export type RunCell = v.InferOutput<typeof cellSchema>
export type CellStatus = RunCell['status']

const cellListSchema = v.object({
  event: v.number(),
  total: v.number(),
  running: v.optional(v.number()),
  failed: v.optional(v.number()),
  secondsLeft: v.optional(v.number()),
  cells: v.array(cellSchema),
})
const outputsSchema = v.object({ event: v.number(), outputs: v.array(outputSchema) })
const widgetsSchema = v.object({ widgets: v.optional(v.unknown()) })
const logSchema = v.object({
  entries: v.array(
    v.object({
      number: v.number(),
      at: v.string(),
      state: v.optional(v.picklist(RUN_STATES)),
      reason: v.optional(v.string()),
      message: v.optional(v.string()),
      text: v.optional(v.string()),
    }),
  ),
})
export type LogEntry = v.InferOutput<typeof logSchema>['entries'][number]

const job = (id: string) => `/jobs/${segment(id)}`

const AT_ONCE = 200

/** Cells `from` up to `to` (200 at most), and after which event they are so. */
export const askCells = (id: string, from: number, to: number, signal: AbortSignal) =>
  ask(cellListSchema, `${job(id)}/cells?from=${from}&to=${to}`, signal)

export const askOutputs = (id: string, cell: number, signal: AbortSignal) =>
  ask(outputsSchema, `${job(id)}/cells/${cell}/outputs`, signal)

/** All cells of a run, in their order. */
export const allCellsQuery = (id: string) => ({
  queryKey: ['job-all-cells', id],
  queryFn: async ({ signal }: { signal: AbortSignal }): Promise<readonly RunCell[]> => {
    const all: RunCell[] = []
    for (;;) {
      const { total, cells } = await askCells(id, all.length, all.length + AT_ONCE, signal)
      all.push(...cells)
      if (cells.length === 0 || all.length >= total) return all
    }
  },
})

export const cellOutputsQuery = (id: string, cell: number) => ({
  queryKey: ['job-outputs', id, cell],
  queryFn: ({ signal }: { signal: AbortSignal }) => askOutputs(id, cell, signal),
})

/** State of all widgets of the run, as notebooks keep it. */
export const askWidgets = async (id: string): Promise<unknown> =>
  (await ask(widgetsSchema, `${job(id)}/widgets`)).widgets

export const logQuery = (id: string) => ({
  queryKey: ['job-log', id],
  queryFn: ({ signal }: { signal: AbortSignal }) => ask(logSchema, `${job(id)}/log`, signal),
})
