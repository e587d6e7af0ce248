import * as v from 'valibot'
import { ask } from './client.ts'

const summarySchema = v.object({
  id: v.string(),
  title: v.string(),
  description: v.string(),
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

export const processesQuery = {
  queryKey: ['processes'],
  queryFn: ({ signal }: { signal: AbortSignal }) => ask(listSchema, '/processes', signal),
}
