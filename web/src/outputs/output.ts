import * as v from 'valibot'

/** Text of nbformat: one, or its lines. */
const textSchema = v.union([v.string(), v.array(v.string())])

const bundleSchema = v.record(v.string(), v.unknown())

/** What the server left out of an output because it is too large for a page. */
const leftOutSchema = v.array(v.object({ type: v.string(), bytes: v.number() }))

const shownSchema = v.object({
  output_type: v.picklist(['display_data', 'execute_result']),
  data: v.optional(bundleSchema, {}),
  metadata: v.optional(bundleSchema, {}),
  leftOut: v.optional(leftOutSchema),
})
/** Something shown, in one or more types. */
export type ShownOutput = v.InferOutput<typeof shownSchema>

const streamSchema = v.object({
  output_type: v.literal('stream'),
  name: v.optional(v.string(), 'stdout'),
  text: v.pipe(
    textSchema,
    v.transform((text) => joined(text)),
  ),
  /** Bytes of the text before this, which the server left out. */
  leftOut: v.optional(leftOutSchema),
})

const errorSchema = v.object({
  output_type: v.literal('error'),
  ename: v.nullish(v.string(), ''),
  evalue: v.nullish(v.string(), ''),
  traceback: v.fallback(v.array(v.string()), []),
})

/** Of another format than ours: it is named, and not shown. */
const otherSchema = v.pipe(
  v.object({ output_type: v.string() }),
  v.transform(({ output_type: kind }) => ({ output_type: 'other', kind }) as const),
)

/** An output as nbformat 4 has it (https://nbformat.readthedocs.io/en/latest/format_description.html). */
export const outputSchema = v.union([streamSchema, shownSchema, errorSchema, otherSchema])
export type Output = v.InferOutput<typeof outputSchema>

/** A text of a bundle; undefined where it is none. */
export function textOf(value: unknown): string | undefined {
  const parsed = v.safeParse(textSchema, value)
  return parsed.success ? joined(parsed.output) : undefined
}

function joined(text: string | string[]): string {
  return typeof text === 'string' ? text : text.join('')
}
