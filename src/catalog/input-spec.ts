import { RunnerError } from '../errors.ts'
import { INPUT_NAME } from '../notebook/input-names.ts'
import { schemaProblem } from '../notebook/input-values.ts'
import type { InputSchema, InputsSchema } from '../notebook/inputs-schema.ts'
import { isObject, JsonNumber, type JsonObject, type JsonValue, toPlain } from '../notebook/json.ts'
import { Misfit } from '../notebook/misfit.ts'
import { textReader } from '../notebook/query-value.ts'
import { textField } from './entry-fields.ts'
import { schemaOfType } from './input-types.ts'

const MAX_INPUTS = 200

/** The type that is meant by an input's spec, where the catalogue has words of its own. */
export type TypeOf = (name: string, spec: JsonObject) => string

/**
 * The one schema of an entry's inputs. `spec` is `{name: type}`, `{name: {type, …}}` or `[{name, type, …}]`; `entry`'s own
 * `minItems` and `maxItems` hold for its URL lists. Throws `broken-entry` that names the input.
 */
export function inputsOf(spec: JsonValue, entry: JsonObject, typeOf: TypeOf = declaredType): InputsSchema {
  const properties: Record<string, InputSchema> = Object.create(null)
  const required: string[] = []
  const named = namedSpecs(spec)
  if (named.length > MAX_INPUTS) fail(`It has more than ${MAX_INPUTS} inputs.`)
  for (const [name, value] of named) {
    if (!INPUT_NAME.test(name)) {
      fail(
        `Input "${name.slice(0, 64)}": a name has 1 to 64 letters, digits or "_", and starts with a letter.`,
      )
    }
    if (Object.hasOwn(properties, name)) fail(`Input "${name}" is there twice.`)
    const fields: JsonObject = typeof value === 'string' ? new Map([['type', value]]) : asObject(name, value)
    try {
      const type = typeOf(name, fields)
      const schema = inputSchema(type, fields, entry)
      properties[name] = schema
      if (isRequired(type, fields, schema)) required.push(name)
    } catch (error) {
      if (!(error instanceof RunnerError)) throw error
      fail(`Input "${name}": ${error.message}`)
    }
  }
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    properties,
    required,
    additionalProperties: false,
  }
}

function fail(reason: string): never {
  throw new RunnerError('broken-entry', reason)
}

function namedSpecs(spec: JsonValue): Array<readonly [string, JsonValue]> {
  if (isObject(spec)) return [...spec]
  if (!Array.isArray(spec)) return fail('Its inputs are neither an object nor a list.')
  return spec.map((item) => {
    const name = isObject(item) ? item.get('name') : undefined
    return typeof name === 'string' ? ([name, item] as const) : fail('One of its inputs has no name.')
  })
}

function asObject(name: string, value: JsonValue): JsonObject {
  return isObject(value) ? value : fail(`Input "${name}": a type or an object with its "type" is expected.`)
}

function declaredType(_name: string, spec: JsonObject): string {
  return textField(spec, 'type') ?? 'text'
}

/** The first design's URLs are what its notebooks can't do without. A default makes any input optional. */
function isRequired(type: string, fields: JsonObject, { default: fallback }: InputSchema): boolean {
  const stated = fields.get('required') ?? undefined
  if (stated !== undefined && typeof stated !== 'boolean') fail('"required" is neither true nor false.')
  return fallback === undefined && (stated ?? /^(?:singleurl|urllist)$/i.test(type))
}

function inputSchema(type: string, fields: JsonObject, entry: JsonObject): InputSchema {
  const base = schemaOfType(type, textField(fields, 'format'), fields.get('items') ?? undefined)
  const title = textField(fields, 'label') ?? textField(fields, 'title')
  const description = textField(fields, 'description')
  const bounded: InputSchema = { ...base, ...boundsOf(base, fields, entry) }
  const choices = fields.get('enum') ?? undefined
  if (choices !== undefined && (!Array.isArray(choices) || choices.length === 0))
    fail('"enum" is not a list of choices.')
  const placeholder = fields.get('placeholder') ?? undefined
  const examples = fields.get('examples') ?? (placeholder === undefined ? undefined : [placeholder])
  const fallback = plainValue(bounded, fields.get('default') ?? null)
  const schema: InputSchema = {
    ...(title !== undefined && { title }),
    ...(description !== undefined && { description }),
    ...bounded,
    ...(Array.isArray(choices) && { enum: choices.map((choice) => plainValue(bounded, choice)) }),
    ...(fallback !== undefined && { default: fallback }),
    ...(Array.isArray(examples) && { examples: examples.map(toPlain) }),
  }
  const problem = schemaProblem(schema)
  return problem === undefined ? schema : fail(`${problem}.`)
}

/** Limits, each where its type has it: a form's `min` of a text means nothing. */
function boundsOf(
  { type, format }: InputSchema,
  fields: JsonObject,
  entry: JsonObject,
): Partial<InputSchema> {
  if (type === 'number' || type === 'integer') {
    return limits({ minimum: bound(fields, 'minimum', 'min'), maximum: bound(fields, 'maximum', 'max') })
  }
  if (type === 'array' && format === undefined) {
    const [minItems, maxItems] = [
      bound(fields, 'minItems') ?? bound(entry, 'minItems'),
      bound(fields, 'maxItems') ?? bound(entry, 'maxItems'),
    ]
    return limits({ minItems, maxItems })
  }
  if (type !== 'string' || format === 'geojson' || format === 'stac-item') return {}
  const pattern = textField(fields, 'pattern')
  const lengths = limits({ minLength: bound(fields, 'minLength'), maxLength: bound(fields, 'maxLength') })
  return pattern === undefined ? lengths : { ...lengths, pattern }
}

function limits(given: Readonly<Record<string, number | undefined>>): Partial<InputSchema> {
  return Object.fromEntries(Object.entries(given).filter(([, limit]) => limit !== undefined))
}

/** A limit under one of its names. Records made by forms have numbers as texts. */
function bound(fields: JsonObject, ...names: readonly string[]): number | undefined {
  for (const name of names) {
    const value = fields.get(name) ?? ''
    if (value === '') continue
    const limit =
      value instanceof JsonNumber ? Number(value.raw) : typeof value === 'string' ? Number(value) : Number.NaN
    const counts = name.endsWith('Items') || name.endsWith('Length')
    if (!Number.isFinite(limit) || (counts && !(Number.isSafeInteger(limit) && limit >= 0)))
      fail(`"${name}" is no number that fits.`)
    return limit
  }
  return undefined
}

/** A default or a choice as the plain JSON that a schema holds. Texts of typed inputs are read as a link's would be. */
function plainValue(schema: InputSchema, value: JsonValue): unknown {
  if (value === null) return undefined
  const plain = schema.type === 'string' && schema.format === undefined
  if (value === '' && !plain) return undefined
  const read = typeof value === 'string' && schema.type !== 'string' ? textReader(schema)([value]) : value
  if (read instanceof Misfit) return value
  if (read instanceof JsonNumber && /^-?\d+$/.test(read.raw) && !Number.isSafeInteger(Number(read.raw))) {
    fail('a default or choice beyond 2^53 cannot be kept exactly.')
  }
  return toPlain(read)
}
