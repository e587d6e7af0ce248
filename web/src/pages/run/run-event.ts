import * as v from 'valibot'
import { RUN_STATES } from '../../api/jobs.ts'
import { outputSchema } from '../../outputs/output.ts'

const changeSchema = v.variant('type', [
  v.object({ type: v.literal('append'), output: outputSchema }),
  v.object({ type: v.literal('text'), drop: v.number(), text: v.string() }),
  v.object({ type: v.literal('replace'), index: v.number(), output: outputSchema }),
  v.object({ type: v.literal('clear') }),
  v.object({ type: v.literal('widget') }),
  v.object({ type: v.literal('captured') }),
  v.object({ type: v.literal('times') }),
])
export type OutputChange = v.InferOutput<typeof changeSchema>

/** What is told of a run while it goes, as src/run/event.ts has it. */
const eventSchema = v.variant('type', [
  v.object({
    type: v.literal('state'),
    at: v.optional(v.string()),
    state: v.picklist(RUN_STATES),
    reason: v.optional(v.string()),
    message: v.optional(v.string()),
  }),
  v.object({ type: v.literal('cell-started'), at: v.string(), cell: v.number() }),
  v.object({
    type: v.literal('cell-finished'),
    cell: v.number(),
    status: v.picklist(['completed', 'failed']),
    executionCount: v.optional(v.number()),
    seconds: v.number(),
  }),
  v.object({ type: v.literal('output'), cell: v.number(), change: changeSchema }),
  v.object({
    type: v.literal('progress'),
    done: v.number(),
    total: v.number(),
    secondsLeft: v.optional(v.number()),
  }),
  v.object({ type: v.literal('note'), text: v.string() }),
])
export type RunEvent = v.InferOutput<typeof eventSchema>

/** Undefined for what is none that this page knows, such as one with a number that JSON does not have (NaN). */
export function runEvent(data: string): RunEvent | undefined {
  try {
    const parsed = v.safeParse(eventSchema, JSON.parse(data))
    return parsed.success ? parsed.output : undefined
  } catch {
    return undefined
  }
}
