import { type ParameterFault, RunnerError } from '../errors.ts'
import { parseQuery, parseValues } from '../notebook/input-values.ts'
import type { InputSchema, InputsSchema } from '../notebook/inputs-schema.ts'
import type { JsonObject, JsonValue } from '../notebook/json.ts'
import type { Given } from './papermill-arguments.ts'
import { papermillValue } from './papermill-value.ts'

/**
 * The parameters with the types that the notebook's inputs declare, in the order in which they were given;
 * nothing is filled in, as papermill injects what it was given only. Throws one `invalid-parameters` with
 * every fault: unknown names, values that do not fit, inputs without a default that are missing.
 */
export function typedValues(given: ReadonlyMap<string, Given>, inputs: InputsSchema): Map<string, JsonValue> {
  const texts: Array<readonly [string, string]> = []
  const values: JsonObject = new Map()
  for (const [name, one] of given) {
    const declared = Object.hasOwn(inputs.properties, name) ? inputs.properties[name] : undefined
    const value =
      one.kind === 'value' ? one.value : wordOf(one.text, declared, inputs.required.includes(name))
    if (value !== undefined) values.set(name, value)
    else if (one.kind === 'text') texts.push([name, one.text])
  }
  const faults: ParameterFault[] = []
  const fromTexts = collect(faults, () =>
    parseQuery(
      requiring(inputs, (name) => !values.has(name)),
      texts,
    ),
  )
  const fromValues = collect(faults, () =>
    parseValues(
      requiring(inputs, () => false),
      values,
    ),
  )
  if (faults.length > 0) throw misfits(faults)
  const typed = new Map<string, JsonValue>()
  for (const name of given.keys()) {
    const value = (values.has(name) ? fromValues : fromTexts).get(name)
    if (value !== undefined) typed.set(name, value)
  }
  return typed
}

/** The parameters of a notebook that declares no inputs, as papermill takes them. */
export function untypedValues(given: ReadonlyMap<string, Given>): Map<string, JsonValue> {
  return new Map(
    [...given].map(([name, one]) => [name, one.kind === 'text' ? papermillValue(one.text) : one.value]),
  )
}

/**
 * What papermill's own way to read a text has over that of a link: `None`, and every value for an input of no
 * declared type. Text stays text where text is declared.
 */
function wordOf(text: string, declared: InputSchema | undefined, required: boolean): JsonValue | undefined {
  if (declared === undefined) return undefined
  // A link drops an empty value, but nobody writes one here without meaning it.
  if (declared.type === 'string' && text === '') return text
  if (declared.type === undefined && declared.format === undefined) return papermillValue(text)
  const mayBeNull = !required && (declared.type !== 'string' || typeof declared.default !== 'string')
  return text === 'None' && mayBeNull ? null : undefined
}

function misfits(errors: readonly ParameterFault[]): RunnerError {
  const count = errors.length === 1 ? 'One parameter does' : `${errors.length} parameters do`
  const hints = [
    ['unknown', 'With --allow-undeclared the notebook gets what it does not declare, too.'],
    ['invalid', 'A type is declared as in `scale: float = 1`; where it is not, the value there gives it.'],
  ].flatMap(([kind, hint = '']) => (errors.some(({ fault }) => fault === kind) ? [hint] : []))
  const lines = errors.map(({ message }) => `  - ${message}`)
  const message = [`${count} not fit the parameters cell of the notebook:`, ...lines, ...hints].join('\n')
  return new RunnerError('invalid-parameters', message, { errors })
}

function requiring(inputs: InputsSchema, keeps: (name: string) => boolean): InputsSchema {
  return { ...inputs, required: inputs.required.filter(keeps) }
}

function collect(
  faults: ParameterFault[],
  parse: () => ReadonlyMap<string, JsonValue>,
): ReadonlyMap<string, JsonValue> {
  try {
    return parse()
  } catch (error) {
    if (!(error instanceof RunnerError) || error.errors === undefined) throw error
    faults.push(...error.errors)
    return new Map()
  }
}
