import * as v from 'valibot'
import { ask } from './client.ts'
import { jobSchema } from './jobs.ts'

const comparedCellSchema = v.object({ index: v.number() })
const comparisonSchema = v.object({
  left: jobSchema,
  right: jobSchema,
  parameters: v.array(
    v.object({
      name: v.string(),
      left: v.optional(v.unknown()),
      right: v.optional(v.unknown()),
      differs: v.boolean(),
    }),
  ),
  cells: v.array(
    v.object({
      left: v.optional(comparedCellSchema),
      right: v.optional(comparedCellSchema),
      outputsDiffer: v.optional(v.boolean()),
    }),
  ),
})
/** Two runs side by side, as src/http/comparison.ts has it. */
export type Comparison = v.InferOutput<typeof comparisonSchema>

/** @param query names both, as `left` and `right` */
export const comparisonQuery = (query: string) => ({
  queryKey: ['compare', query],
  queryFn: ({ signal }: { signal: AbortSignal }) => ask(comparisonSchema, `/compare?${query}`, signal),
})
