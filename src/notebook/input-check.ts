import { bboxProblem } from './bbox.ts'
import { compactJson } from './compact-json.ts'
import { equalityKey } from './equality-key.ts'
import { geojsonProblem, stacItemProblem } from './geojson.ts'
import type { InputSchema } from './inputs-schema.ts'
import { fromPlain, isObject, JsonNumber, type JsonValue, parseJson } from './json.ts'
import { type Check, cut, got, Misfit, shown } from './misfit.ts'
import { floatText, integerText } from './number-text.ts'
import { compilePattern } from './pattern.ts'
import { dateProblem, dateTimeProblem, intervalProblem, uriProblem } from './text-formats.ts'

/**
 * The one check of an input's values, made once per schema. It gives the value as notebooks get it: a float for a
 * `number`, exact digits for an `integer`. Throws SyntaxError where the schema itself is wrong (its pattern, its enum).
 */
export function checkOf(schema: InputSchema): Check {
  const typed = typeCheck(schema)
  if (schema.enum === undefined) return typed
  const allowed = new Set(
    schema.enum.map((plain) => {
      const value = typed(fromPlain(plain))
      if (value instanceof Misfit)
        throw new SyntaxError(`one of its choices does not fit its type: ${value.problem}`)
      return equalityKey(value)
    }),
  )
  return (given) => {
    const value = typed(given)
    return value instanceof Misfit || allowed.has(equalityKey(value)) ? value : got(given)
  }
}

function typeCheck(schema: InputSchema): Check {
  if (schema.format === 'geojson') return documentCheck(schema, geojsonProblem)
  if (schema.format === 'stac-item') return documentCheck(schema, stacItemProblem)
  switch (schema.type) {
    case 'string':
      return textCheck(schema)
    case 'number':
      return numberCheck(schema, floatText)
    case 'integer':
      return numberCheck(schema, integerText)
    case 'boolean':
      return (value) => (typeof value === 'boolean' ? value : got(value))
    case 'array':
      return listCheck(schema)
    case 'object':
      return (value) => (isObject(value) ? value : got(value))
    default:
      return (value) => value
  }
}

function numberCheck({ minimum, maximum }: InputSchema, normal: (raw: string) => string | undefined): Check {
  return (value) => {
    const raw = value instanceof JsonNumber ? normal(value.raw) : undefined
    if (raw === undefined) return got(value)
    // An integer is compared exactly, whatever its size.
    const size = raw.length > 15 && normal === integerText ? BigInt(raw) : Number(raw)
    if ((minimum !== undefined && size < minimum) || (maximum !== undefined && size > maximum))
      return got(value)
    return new JsonNumber(raw)
  }
}

const TEXT_FORMATS: Readonly<Record<string, (text: string) => string | undefined>> = {
  uri: uriProblem,
  date: dateProblem,
  'date-time': dateTimeProblem,
  interval: intervalProblem,
}

function textCheck(schema: InputSchema): Check {
  const { format = '', pattern, minLength = 0, maxLength = Number.POSITIVE_INFINITY } = schema
  const problemOf = Object.hasOwn(TEXT_FORMATS, format) ? TEXT_FORMATS[format] : undefined
  const matches = pattern === undefined ? undefined : compilePattern(pattern)
  return (value) => {
    if (typeof value !== 'string') return got(value)
    if (!value.isWellFormed()) return new Misfit('its text has half of a character in it (a lone surrogate)')
    const problem = problemOf?.(value)
    if (problem !== undefined) return new Misfit(problem)
    // JSON Schema counts characters, JavaScript UTF-16 units, of which a character is one or two.
    if (value.length < 2 * minLength || value.length > maxLength) {
      const length = Array.from(value).length
      if (length < minLength || length > maxLength) return new Misfit(`got ${length} characters`)
    }
    const matched = matches?.(value)
    if (matched === false) return got(value)
    return matches !== undefined && matched === undefined
      ? new Misfit(`got ${value.length} characters, too many to be tried against the pattern`)
      : value
  }
}

function listCheck(schema: InputSchema): Check {
  const { minItems = 0, maxItems = Number.POSITIVE_INFINITY, format } = schema
  const item = checkOf(schema.items ?? {})
  return (value) => {
    if (!Array.isArray(value)) return got(value)
    const list: JsonValue[] = []
    for (const [index, given] of value.entries()) {
      const checked = item(given)
      if (checked instanceof Misfit) return new Misfit(`value ${index + 1}: ${checked.problem}`)
      list.push(checked)
    }
    const problem =
      format === 'bbox' ? bboxProblem(list.filter((one) => one instanceof JsonNumber)) : undefined
    if (problem !== undefined) return new Misfit(problem)
    return list.length < minItems || list.length > maxItems ? got(list) : list
  }
}

/**
 * GeoJSON and STAC items come as JSON or as its text. The notebook gets what the declared type says: `string` the
 * text (the platform's notebooks parse it themselves), any other type the object. A STAC item may be its URL instead.
 */
function documentCheck(schema: InputSchema, problemOf: (value: JsonValue) => string | undefined): Check {
  const asText = schema.type === 'string'
  return (value) => {
    if (
      schema.format === 'stac-item' &&
      schema.type !== 'object' &&
      typeof value === 'string' &&
      !isJsonText(value)
    ) {
      const problem = uriProblem(value)
      return problem === undefined ? value : new Misfit(problem)
    }
    const document = typeof value === 'string' ? parsed(value) : value
    if (document instanceof Misfit) return document
    const problem = problemOf(document)
    if (problem !== undefined) return new Misfit(problem)
    if (!asText) return document
    return typeof value === 'string' ? value : compactJson(document)
  }
}

function isJsonText(text: string): boolean {
  return /^\s*[{[]/.test(text)
}

function parsed(text: string): JsonValue | Misfit {
  if (!isJsonText(text)) return new Misfit(`got ${shown(text)}`)
  try {
    return parseJson(text)
  } catch (error) {
    return new Misfit(`it is not JSON: ${cut(error instanceof Error ? error.message : '', 120)}`)
  }
}
