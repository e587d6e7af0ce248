import * as v from 'valibot'

/** Limits of a run, by the names of src/run/limits.ts; one that is not set is not there. */
export const limitsSchema = v.record(v.string(), v.number())
export type Limits = v.InferOutput<typeof limitsSchema>
