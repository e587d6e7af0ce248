import { compactJson } from './compact-json.ts'
import { checkOf } from './input-check.ts'
import type { InputSchema, InputsSchema } from './inputs-schema.ts'
import type { CellParameter } from './inspect/cell-parameter.ts'
import { lineParameters } from './inspect/line-assignments.ts'
import { pythonParameters } from './inspect/python.ts'
import { fromPlain, isObject, JsonNumber, type JsonValue, toPlain } from './json.ts'
import { Misfit } from './misfit.ts'
import { uriProblem } from './text-formats.ts'

const BBOX: InputSchema = {
  type: 'array',
  format: 'bbox',
  items: { type: 'number' },
  minItems: 4,
  maxItems: 6,
}
const MAX_SOURCE = 200
/** A cell is written by a person; more is data, or meant to keep us busy. */
const MAX_CELL = 100_000

/**
 * The inputs of a notebook that nobody described, read from its parameters cell: every variable that is set there, with the
 * type of its annotation, else of its value, its value as default, and its comment as description. One that is only
 * declared (`x: int`) is required. One whose value is no literal keeps its own default (`x-own-default`).
 *
 * Of formats only two are guessed: `bbox` by the name and a value that is one (or None), and `uri` by a name that ends
 * in `url` or `urls` and values that are URLs. Languages: Python in full; R, Julia and bash by the line; of others there
 * are no inputs, which `description` says. The same where the cell is no Python, or too long.
 */
export function inputsFromCell(source: string, language: string): InputsSchema {
  if (source.length > MAX_CELL) {
    return inputsSchema(
      [],
      `The parameters cell is longer than ${MAX_CELL} characters and is not read for its inputs.`,
    )
  }
  try {
    const parameters = parametersOf(source, language.toLowerCase())
    if (parameters !== undefined) return inputsSchema(parameters)
    return inputsSchema([], `The parameters cell of a notebook in ${language} cannot be read for its inputs.`)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return inputsSchema([], `The parameters cell cannot be read for its inputs: ${error.message}.`)
  }
}

function parametersOf(source: string, language: string): CellParameter[] | undefined {
  return /^i?python\d*$/.test(language) ? pythonParameters(source) : lineParameters(source, language)
}

function inputsSchema(parameters: readonly CellParameter[], description?: string): InputsSchema {
  const properties: Record<string, InputSchema> = Object.create(null)
  for (const parameter of parameters) properties[parameter.name] = inputSchema(parameter)
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    ...(description !== undefined && { description }),
    properties,
    required: parameters.filter(({ source }) => source === undefined).map(({ name }) => name),
    additionalProperties: false,
  }
}

function inputSchema(parameter: CellParameter): InputSchema {
  const { description, value, source } = parameter
  const type = guessedFormat(parameter) ?? parameter.annotated ?? typeOfValue(value)
  return {
    ...(description !== undefined && { description }),
    ...type,
    ...(source !== undefined && defaultOf(type, parameter, source)),
  }
}

/**
 * The default: a value that injected again is what the cell says. Where it would not be, because JSON or the type has no
 * such value (a tuple, `x: float = 1`), the notebook's own stays.
 */
function defaultOf(
  type: InputSchema,
  { value, exact, changed }: CellParameter,
  source: string,
): Partial<InputSchema> {
  const own = { 'x-own-default': source.slice(0, MAX_SOURCE) }
  if (value === undefined || changed) return own
  if (value === null) return {}
  const again = checkOf(type)(fromPlain(toPlain(value)))
  if (again instanceof Misfit || !isKept(value)) return own
  const same = exact && compactJson(again) === compactJson(value)
  return { default: toPlain(value), ...(same ? {} : own) }
}

/** Whether a double holds every integer in it. */
function isKept(value: JsonValue): boolean {
  if (value instanceof JsonNumber)
    return !/^-?\d+$/.test(value.raw) || Number.isSafeInteger(Number(value.raw))
  return !(Array.isArray(value) || isObject(value)) || [...value.values()].every(isKept)
}

function typeOfValue(value: JsonValue | undefined): InputSchema {
  if (value === undefined || value === null) return {}
  if (typeof value === 'string') return { type: 'string' }
  if (typeof value === 'boolean') return { type: 'boolean' }
  if (value instanceof JsonNumber) return { type: /^-?\d+$/.test(value.raw) ? 'integer' : 'number' }
  if (!Array.isArray(value)) return { type: 'object' }
  const items = itemsOf(value)
  return items === undefined ? { type: 'array' } : { type: 'array', items }
}

/** What all items have in common: one simple type, or `number` for integers among floats. */
function itemsOf(values: readonly JsonValue[]): InputSchema | undefined {
  const types = new Set(values.map((value) => typeOfValue(value).type))
  if (types.size === 2 && types.has('integer') && types.has('number')) return { type: 'number' }
  const [type] = types
  return types.size === 1 && type !== undefined && type !== 'array' && type !== 'object'
    ? { type }
    : undefined
}

function guessedFormat({ name, annotated, value, source }: CellParameter): InputSchema | undefined {
  if (/^(?:.*_)?bbox$/i.test(name)) return isBbox(annotated, value, source) ? BBOX : undefined
  if (annotated?.format !== undefined || annotated?.enum !== undefined) return undefined
  if (/^(?:.*_)?url$/i.test(name) && isUrl(value)) return { type: 'string', format: 'uri' }
  if (/^(?:.*_)?urls$/i.test(name) && Array.isArray(value) && value.length > 0 && value.every(isUrl)) {
    return { type: 'array', items: { type: 'string', format: 'uri' } }
  }
  return undefined
}

function isBbox(
  annotated: InputSchema | undefined,
  value: JsonValue | undefined,
  source: string | undefined,
): boolean {
  const numbers =
    annotated?.type === 'array' && (annotated.items === undefined || annotated.items.type === 'number')
  if (annotated !== undefined && !numbers) return false
  if (value === undefined) return numbers && source === undefined
  return value === null || !(checkOf(BBOX)(value) instanceof Misfit)
}

function isUrl(value: JsonValue | undefined): boolean {
  return typeof value === 'string' && uriProblem(value) === undefined
}
