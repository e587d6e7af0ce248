import { compactJson } from './compact-json.ts'
import type { InputSchema } from './inputs-schema.ts'
import { JsonNumber, type JsonValue, parseJson } from './json.ts'
import { cut, Misfit } from './misfit.ts'
import { dateProblem } from './text-formats.ts'

/**
 * The texts of a link for one swept input, as the texts of its runs. As a list is written: the name repeated, each time
 * one value, whole; or, given once, JSON (`["a","b,c"]`) or a comma list with blanks around its values ignored. A range
 * `2019..2024` stands for all its whole numbers or days, both ends included.
 *
 * Of an input that is a list itself, commas would say two things: its name is repeated, each time with the list of one
 * run, or it is a JSON list of lists. JSON objects and GeoJSON are not split at commas either.
 */
export function sweptTexts(
  schema: InputSchema,
  texts: readonly string[],
  max: number,
): readonly string[] | Misfit {
  // A form with a field to spare submits it empty.
  const given = texts.filter((text) => text !== '')
  const [text = ''] = given
  const parts = given.length === 1 ? partsOf(schema, text) : given
  if (parts instanceof Misfit) return parts
  if (parts.length > max) return tooManyValues(BigInt(parts.length), max)
  const values: string[] = []
  for (const part of parts) {
    const range = rangeOf(schema, part, max)
    if (range instanceof Misfit) return range
    values.push(...range)
  }
  return values.length > max ? tooManyValues(BigInt(values.length), max) : values
}

function partsOf(schema: InputSchema, text: string): readonly string[] | Misfit {
  const list = /^\s*\[/.test(text) ? jsonList(text) : undefined
  if (schema.type === 'array') {
    if (list?.every((item) => Array.isArray(item))) return list.map(textOf)
    return new Misfit('it is a list itself: repeat its name for each run, or write a list of lists as JSON')
  }
  if (list !== undefined) return list.map(textOf)
  const { type, format } = schema
  if (type === undefined || type === 'object' || format === 'geojson' || format === 'stac-item') return [text]
  const parts = text.split(',').map((part) => part.trim())
  return parts.includes('') ? new Misfit(`one of its values is empty; got "${cut(text, 80)}"`) : parts
}

function jsonList(text: string): readonly JsonValue[] | undefined {
  try {
    const value = parseJson(text)
    return Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** As a link would carry the value by itself. */
function textOf(value: JsonValue): string {
  if (typeof value === 'string') return value
  return value instanceof JsonNumber ? value.raw : compactJson(value)
}

const DATE = /^\d{4}-\d\d-\d\d$/

function rangeOf({ type, format }: InputSchema, text: string, max: number): readonly string[] | Misfit {
  const [, first = '', last = ''] = /^([-\d]{1,40})\.\.([-\d]{1,40})$/.exec(text) ?? []
  if (type === 'integer' && /^-?\d+$/.test(first) && /^-?\d+$/.test(last)) {
    const start = BigInt(first)
    return steps(text, BigInt(last) - start, max, (step) => String(start + BigInt(step)))
  }
  if (format !== 'date' || ![first, last].every((end) => DATE.test(end))) return [text]
  const problem = dateProblem(first) ?? dateProblem(last)
  if (problem !== undefined) return new Misfit(problem)
  const start = Temporal.PlainDate.from(first)
  const { days } = start.until(last, { largestUnit: 'days' })
  return steps(text, BigInt(days), max, (step) => start.add({ days: step }).toString())
}

/** @param length from the first value to the last */
function steps(
  text: string,
  length: bigint,
  max: number,
  value: (step: number) => string,
): readonly string[] | Misfit {
  if (length < 0n) return new Misfit(`the range ${text} ends before it starts`)
  if (length >= BigInt(max)) return tooManyValues(length + 1n, max)
  return Array.from({ length: Number(length) + 1 }, (_, step) => value(step))
}

export const tooManyValues = (count: bigint, max: number): Misfit =>
  new Misfit(`it has ${count} values, and a sweep has ${max} runs at most`)
