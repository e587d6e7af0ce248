import { type ParameterFault, RunnerError } from '../errors.ts'
import { compactJson } from './compact-json.ts'
import { checkOf } from './input-check.ts'
import { nearestName } from './input-names.ts'
import { schemaTypeText } from './input-text.ts'
import type { InputSchema, InputsSchema } from './inputs-schema.ts'
import { fromPlain, type JsonObject, type JsonValue } from './json.ts'
import { type Check, cut, Misfit } from './misfit.ts'
import { type ReadTexts, textReader } from './query-value.ts'

/** How much of a value is told back. */
const MAX_RECEIVED = 200
/** More names than anyone declares; beyond it a link or body is noise, and every one more would be told back. */
const MAX_UNKNOWN = 100

interface Field {
  readonly name: string
  readonly expected: string
  readonly required: boolean
  readonly read: ReadTexts
  readonly check: Check
  /** What an input that is not given gets; undefined: nothing, since the notebook's own cell gives its default. */
  readonly fallback: JsonValue | undefined
  /** Whether `x=` in a link is the empty text; otherwise it is as if not given. */
  readonly emptyIsText: boolean
}

/** Made once per schema: links come thousands of times a second. */
const compiled = new WeakMap<InputsSchema, ReadonlyMap<string, Field>>()

/**
 * The values of a link or form, typed by the schema. All declared inputs, in the schema's order: given, else the default,
 * else null; only those whose default the notebook itself computes are left out.
 *
 * An empty value (`x=`) counts as not given, since forms submit fields that nobody filled in; only for a plain text input
 * with a default it is the empty text, or nobody could clear the default.
 *
 * Throws one `invalid-parameters` with every fault: unknown, missing, ill-typed, repeated.
 */
export function parseQuery(
  schema: InputsSchema,
  pairs: Iterable<readonly [string, string]>,
): ReadonlyMap<string, JsonValue> {
  const fields = fieldsOf(schema)
  const texts = new Map<string, string[]>()
  for (const [name, text] of pairs) {
    const known = texts.get(name)
    if (known === undefined) texts.set(name, [text])
    else known.push(text)
  }
  return collect(fields, texts, {
    isGiven: (field, given) => field.emptyIsText || given.some((text) => text !== ''),
    read: (field, given) => field.read(given),
    shown: (given) => given.join(','),
  })
}

/**
 * The same for values that have types already: a JSON body, a YAML file. Strict: `"5"` is no number. `null` stands for
 * an input left out, where leaving it out gives null.
 */
export function parseValues(schema: InputsSchema, values: JsonObject): ReadonlyMap<string, JsonValue> {
  return collect(fieldsOf(schema), values, {
    isGiven: (field, given) => given !== null || field.required || field.fallback !== null,
    read: (_field, given) => given,
    shown: compactJson,
  })
}

/** Says what is wrong with an input's schema itself: its pattern, a choice, its default. Undefined where nothing is. */
export function schemaProblem(schema: InputSchema): string | undefined {
  try {
    const fallback = fallbackOf(schema, checkOf(schema))
    return fallback instanceof Misfit ? `its default does not fit: ${fallback.problem}` : undefined
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return schema.pattern === undefined ? error.message : `its pattern cannot be used: ${error.message}`
  }
}

interface Source<Given> {
  isGiven(field: Field, given: Given): boolean
  read(field: Field, given: Given): JsonValue | Misfit
  shown(given: Given): string
}

/** The one way from what was given to what is injected. */
function collect<Given>(
  fields: ReadonlyMap<string, Field>,
  values: ReadonlyMap<string, Given>,
  source: Source<Given>,
): ReadonlyMap<string, JsonValue> {
  const result = new Map<string, JsonValue>()
  const faults: ParameterFault[] = []
  for (const field of fields.values()) {
    const given = values.get(field.name)
    if (given === undefined || !source.isGiven(field, given)) {
      if (field.required) faults.push(missing(field))
      else if (field.fallback !== undefined) result.set(field.name, field.fallback)
      continue
    }
    const read = source.read(field, given)
    const value = read instanceof Misfit ? read : field.check(read)
    if (value instanceof Misfit) faults.push(misfit(field, source.shown(given), value))
    else result.set(field.name, value)
  }
  for (const [name, given] of values) {
    if (fields.has(name)) continue
    faults.push(unknown(name, source.shown(given), fields))
    if (faults.length >= MAX_UNKNOWN) break
  }
  if (faults.length > 0) {
    throw new RunnerError('invalid-parameters', faults.map((fault) => fault.message).join(' '), {
      errors: faults,
    })
  }
  return result
}

function fieldsOf(schema: InputsSchema): ReadonlyMap<string, Field> {
  const known = compiled.get(schema)
  if (known !== undefined) return known
  const required = new Set(schema.required)
  const fields = new Map(
    Object.entries(schema.properties).map(([name, input]) => [
      name,
      fieldOf(name, input, required.has(name)),
    ]),
  )
  compiled.set(schema, fields)
  return fields
}

function fieldOf(name: string, schema: InputSchema, required: boolean): Field {
  const check = checkOf(schema)
  const fallback = fallbackOf(schema, check)
  if (fallback instanceof Misfit)
    throw new SyntaxError(`The default of ${name} does not fit: ${fallback.problem}`)
  const plain = schema.type === 'string' && schema.format === undefined && schema.enum === undefined
  return {
    name,
    expected: schemaTypeText(schema),
    required,
    read: textReader(schema),
    check,
    fallback,
    emptyIsText: plain && typeof schema.default === 'string',
  }
}

function fallbackOf(schema: InputSchema, check: Check): JsonValue | undefined | Misfit {
  const value = fromPlain(schema.default ?? null)
  const checked = value === null ? null : check(value)
  return checked instanceof Misfit || schema['x-own-default'] === undefined ? checked : undefined
}

function missing({ name, expected }: Field): ParameterFault {
  return { name, fault: 'missing', message: `${name}: missing; expected ${expected}.`, expected }
}

function misfit({ name, expected }: Field, received: string, { problem, repeated }: Misfit): ParameterFault {
  return {
    name,
    fault: repeated ? 'repeated' : 'invalid',
    message: `${name}: expected ${expected}; ${problem}.`,
    received: cut(received, MAX_RECEIVED),
    expected,
  }
}

function unknown(name: string, received: string, fields: ReadonlyMap<string, Field>): ParameterFault {
  const nearest = nearestName(name, fields.keys())
  const shown = cut(name, MAX_RECEIVED)
  const expected = fields.size === 0 ? 'no inputs' : `one of ${cut([...fields.keys()].join(', '), 1000)}`
  const hint = nearest === undefined ? `; expected ${expected}.` : `; did you mean ${nearest}?`
  return {
    name: shown,
    fault: 'unknown',
    message: `${shown}: the notebook takes no such input${hint}`,
    received: cut(received, MAX_RECEIVED),
    expected,
    ...(nearest === undefined ? {} : { nearest }),
  }
}
