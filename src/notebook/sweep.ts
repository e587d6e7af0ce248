import { type ParameterFault, RunnerError } from '../errors.ts'
import { compactJson } from './compact-json.ts'
import { nearestName } from './input-names.ts'
import { schemaTypeText } from './input-text.ts'
import { parseQuery, parseValues } from './input-values.ts'
import type { InputSchema, InputsSchema } from './inputs-schema.ts'
import type { JsonObject, JsonValue } from './json.ts'
import { cut, Misfit, shown } from './misfit.ts'
import { sweptTexts, tooManyValues } from './swept-texts.ts'

/** One notebook with several values for some of its inputs. */
export interface Sweep {
  /** The inputs that differ between the runs. */
  readonly each: readonly string[]
  /** The parameters of each run: the product of the values, in which those of the first name change last. */
  readonly runs: ReadonlyArray<ReadonlyMap<string, JsonValue>>
}

type Pair<Value> = readonly [name: string, value: Value]

/** More are noise. */
const MAX_FAULTS = 100

/**
 * A sweep as a link has it: `each` names the inputs of which the link has several values (`sweptTexts` says how). All
 * values are typed by the schema as those of a single run are. `max` is the most runs that a sweep may have.
 *
 * Throws one `invalid-parameters` with every fault.
 */
export function sweepQuery(
  schema: InputsSchema,
  pairs: Iterable<Pair<string>>,
  each: readonly string[],
  max: number,
): Sweep {
  const all = [...pairs]
  const { names, faults } = declared(schema, each, '_each')
  const swept = [...names.keys()].map((name): Swept<string> => {
    const texts = all.filter(([one]) => one === name).map(([, text]) => text)
    return { name, values: sweptTexts(schema.properties[name] ?? {}, texts, max) }
  })
  const rest = all.filter(([name]) => !names.has(name))
  return sweep({ schema, swept, rest, faults, max, control: '_each' }, parseQuery, (text) => text)
}

/** The same for a JSON body: `each` has a list of values for each name, which `values` does not have. */
export function sweepValues(schema: InputsSchema, values: JsonObject, each: JsonObject, max: number): Sweep {
  const { names, faults } = declared(schema, [...each.keys()], 'each')
  for (const name of [...names.keys()].filter((one) => values.has(one))) {
    const message = `${name}: it is among the inputs and in each: name it once.`
    faults.push({ name, fault: 'repeated', message })
  }
  const swept = [...names].map(([name, given]): Swept<JsonValue> => {
    const list = each.get(given) ?? []
    if (Array.isArray(list))
      return { name, values: list.length <= max ? list : tooManyValues(BigInt(list.length), max) }
    return {
      name,
      values: new Misfit(`a sweep takes a list of values, one for each run; got ${shown(list)}`),
    }
  })
  const rest = [...values].filter(([name]) => !names.has(name))
  const parse: Parse<JsonValue> = (one, pairs) => parseValues(one, new Map(pairs))
  return sweep({ schema, swept, rest, faults, max, control: 'each' }, parse, compactJson)
}

interface Swept<Value> {
  readonly name: string
  readonly values: readonly Value[] | Misfit
}

interface Asked<Value> {
  readonly schema: InputsSchema
  readonly swept: ReadonlyArray<Swept<Value>>
  readonly rest: ReadonlyArray<Pair<Value>>
  readonly faults: readonly ParameterFault[]
  readonly max: number
  /** What names the inputs. */
  readonly control: string
}

type Parse<Value> = (
  schema: InputsSchema,
  pairs: ReadonlyArray<Pair<Value>>,
) => ReadonlyMap<string, JsonValue>

/** The inputs that a sweep has values for, by what names them: of one that is unknown, the one that was meant. */
function declared(schema: InputsSchema, each: readonly string[], control: string) {
  const names = new Map<string, string>()
  const faults: ParameterFault[] = []
  for (const name of each.slice(0, MAX_FAULTS)) {
    const fault = { name: control, received: cut(name, 200) } as const
    if (names.has(name))
      faults.push({ ...fault, fault: 'repeated', message: `${control}: ${name} is given more than once.` })
    if (Object.hasOwn(schema.properties, name)) {
      names.set(name, name)
      continue
    }
    const nearest = nearestName(name, Object.keys(schema.properties))
    const hint = nearest === undefined ? '.' : `; did you mean ${nearest}?`
    const message = `${control}: the notebook takes no input ${cut(name, 200)}${hint}`
    faults.push({ ...fault, fault: 'unknown', message, ...(nearest !== undefined && { nearest }) })
    if (nearest !== undefined && !names.has(nearest)) names.set(nearest, name)
  }
  return { names, faults }
}

function sweep<Value>(
  { schema, swept, rest, faults: before, max, control }: Asked<Value>,
  parse: Parse<Value>,
  textOf: (value: Value) => string,
): Sweep {
  const faults = [...before]
  const attempt = <T>(act: () => T, tell: (fault: ParameterFault) => boolean = () => true): T | undefined => {
    try {
      return act()
    } catch (error) {
      if (!(error instanceof RunnerError) || error.errors === undefined) throw error
      faults.push(...error.errors.filter(tell))
      return undefined
    }
  }

  const lists = swept.map(({ name, values }) => {
    if (!(values instanceof Misfit)) return { name, values }
    faults.push(misfit(name, schema.properties[name] ?? {}, values))
    return { name, values: [] }
  })
  // What a sweep names must have values; that they could not be read has been told already.
  const required = [...new Set([...schema.required, ...lists.map(({ name }) => name)])]
  const firsts = lists.flatMap(({ name, values }) =>
    values.slice(0, 1).map((value) => [name, value] as const),
  )
  const told = new Set(faults.map(({ name }) => name))
  const base = attempt(
    () => parse({ ...schema, required }, [...rest, ...firsts]),
    ({ name }) => !told.has(name),
  )
  const typed = lists.map(({ name, values }) => {
    const alone = only(schema, name)
    const seen = new Set<string>()
    const results: JsonValue[] = []
    for (const [index, value] of values.entries()) {
      // The faults of the first one are among those of the whole.
      const read = attempt(
        () => parse(alone, [[name, value]]).get(name),
        () => index > 0,
      )
      if (read === undefined) continue
      const text = compactJson(read)
      if (seen.has(text)) {
        const received = cut(textOf(value), 200)
        const message = `${name}: ${cut(text, 80)} is there more than once; each value makes one run.`
        faults.push({ name, fault: 'repeated', message, received })
      }
      seen.add(text)
      results.push(read)
    }
    return { name, values: results }
  })
  const counts = lists.map(({ values }) => values.length)
  const total = counts.reduce((product, count) => product * count, 1)
  if (total > max) {
    const message = `${control}: this sweep has ${counts.join(' × ')} = ${total} runs, and ${max} is the most.`
    faults.push({ name: control, fault: 'invalid', message, expected: `${max} runs at most` })
  }
  if (base === undefined || faults.length > 0) throw invalid(faults.slice(0, MAX_FAULTS))
  return { each: typed.map(({ name }) => name), runs: product(base, typed) }
}

function product(
  base: ReadonlyMap<string, JsonValue>,
  typed: ReadonlyArray<{ readonly name: string; readonly values: readonly JsonValue[] }>,
): ReadonlyArray<ReadonlyMap<string, JsonValue>> {
  let runs: ReadonlyArray<ReadonlyMap<string, JsonValue>> = [base]
  for (const { name, values } of typed)
    runs = runs.flatMap((run) => values.map((value) => new Map([...run, [name, value]])))
  return runs
}

/** The schema of one input, of which there must be a value. */
function only(schema: InputsSchema, name: string): InputsSchema {
  const properties = Object.setPrototypeOf({ [name]: schema.properties[name] ?? {} }, null)
  return { ...schema, properties, required: [name] }
}

function misfit(name: string, schema: InputSchema, { problem }: Misfit): ParameterFault {
  const expected = schemaTypeText(schema)
  return { name, fault: 'invalid', message: `${name}: ${problem}.`, expected: `${expected}, for each run` }
}

function invalid(faults: readonly ParameterFault[]): RunnerError {
  return new RunnerError('invalid-parameters', faults.map(({ message }) => message).join(' '), {
    errors: faults,
  })
}
