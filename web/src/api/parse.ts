import * as v from 'valibot'

/** What the server sent, as the schema has it; names that the schema doesn't know are left out. Throws where it differs. */
export function parse<Schema extends v.GenericSchema>(schema: Schema, value: unknown): v.InferOutput<Schema> {
  return v.parse(schema, value)
}
