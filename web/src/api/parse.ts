import * as v from 'valibot'

/** What the server sent, as the schema has it; names that the schema doesn't know are left out. Throws where it differs. */
export function parse<Schema extends v.GenericSchema>(schema: Schema, value: unknown): v.InferOutput<Schema> {
  return v.parse(schema, value)
}

/**
 * An object with any names, as a list of names and values in their order. (A record would lose the names `constructor`
 * and `__proto__`, and inputs may be called so.)
 */
export const entries = <Schema extends v.GenericSchema>(item: Schema) =>
  v.pipe(
    v.custom<object>((value) => typeof value === 'object' && value !== null && !Array.isArray(value)),
    v.transform((value): unknown => Object.entries(value)),
    v.array(v.tuple([v.string(), item])),
  )
