import { closest, distance } from 'fastest-levenshtein'
import { type ParameterFault, RunnerError } from '../errors.ts'
import { cut } from '../notebook/misfit.ts'
import { LIMITS, type LimitTexts } from './limits.ts'

/** The control parameters of a link: they start with `_`, so they never meet an input. */
export interface LinkControls {
  readonly mode: 'prepare' | 'execute' | undefined
  readonly workspace: string | undefined
  readonly kernel: string | undefined
  /** The inputs of a sweep that have several values; empty where the link is no sweep. */
  readonly each: readonly string[]
  /** As they were written; what they may be depends on the service. */
  readonly limits: LimitTexts
}

export interface Link {
  readonly controls: LinkControls
  /** Names and texts of the inputs, in the order of the link, repeated names repeated. */
  readonly inputs: ReadonlyArray<readonly [string, string]>
  readonly faults: readonly ParameterFault[]
}

const LIMIT_CONTROLS = LIMITS.map(({ control }) => control)
const CONTROLS = ['_mode', '_workspace', '_kernel', '_each', ...LIMIT_CONTROLS, '_f'] as const
const NOT_YET: Readonly<Record<string, string>> = {
  _fresh: 'there is no cache of results yet, so every run is fresh',
}

/** More are noise: a link has room for thousands of names, each of which would be told back. */
const MAX_FAULTS = 100
/** How much of a name or a value is told back. */
const MAX_TOLD = 200

/** Splits the query of a run link into controls and inputs; its faults are reported together with those of the inputs. */
export function readLink(pairs: Iterable<readonly [string, string]>): Link {
  const inputs: Array<readonly [string, string]> = []
  const controls = new Map<string, string>()
  const each: string[] = []
  const faults: ParameterFault[] = []
  for (const pair of pairs) {
    const [name, value] = pair
    if (!name.startsWith('_')) inputs.push(pair)
    else if (name === '_each') each.push(...namesIn(value))
    else if (faults.length === MAX_FAULTS) continue
    else if (CONTROLS.every((control) => control !== name))
      faults.push(unknownControl(cut(name, MAX_TOLD), cut(value, MAX_TOLD)))
    else if (controls.has(name)) {
      const received = cut(value, MAX_TOLD)
      faults.push({ name, fault: 'repeated', message: `${name} is given more than once.`, received })
    } else controls.set(name, value)
  }
  const mode = controls.get('_mode')
  if (mode !== undefined && mode !== 'prepare' && mode !== 'execute') {
    const expected = 'prepare or execute'
    faults.push({
      name: '_mode',
      fault: 'invalid',
      message: `_mode must be ${expected}.`,
      received: cut(mode, MAX_TOLD),
      expected,
    })
  }
  return {
    controls: {
      mode: mode === 'prepare' || mode === 'execute' ? mode : undefined,
      workspace: controls.get('_workspace') || undefined,
      kernel: controls.get('_kernel') || undefined,
      each,
      limits: new Map(LIMIT_CONTROLS.flatMap((name) => written(name, controls.get(name)))),
    },
    inputs,
    faults,
  }
}

const written = (name: string, text: string | undefined): ReadonlyArray<readonly [string, string]> =>
  text === undefined || text === '' ? [] : [[name, text]]

/** The inputs of which a link has several values; none where it is no sweep. */
export const sweptInputs = (pairs: Iterable<readonly [string, string]>): readonly string[] =>
  [...pairs].flatMap(([name, value]) => (name === '_each' ? namesIn(value) : []))

const namesIn = (text: string): readonly string[] =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')

function unknownControl(name: string, received: string): ParameterFault {
  const notYet = Object.hasOwn(NOT_YET, name) ? NOT_YET[name] : undefined
  if (notYet !== undefined)
    return { name, fault: 'unknown', message: `${name} is refused: ${notYet}.`, received }
  const nearest = closest(name, CONTROLS)
  const near = distance(name, nearest) <= 3 ? nearest : undefined
  const hint = near === undefined ? '' : ` Did you mean ${near}?`
  return {
    name,
    fault: 'unknown',
    message: `${name} is not a control parameter.${hint}`,
    received,
    ...(near === undefined ? {} : { nearest: near }),
  }
}

/** Runs `parse`, and joins its faults with `faults` that came before, so that all are told at once. */
export function withFaults<T>(faults: readonly ParameterFault[], parse: () => T): T {
  if (faults.length === 0) return parse()
  const all = [...faults]
  try {
    parse()
  } catch (error) {
    if (!(error instanceof RunnerError) || error.errors === undefined) throw error
    all.push(...error.errors)
  }
  throw new RunnerError('invalid-parameters', all.map((fault) => fault.message).join(' '), { errors: all })
}
