import type { ParameterFault } from '../errors.ts'
import { nearestName } from '../notebook/input-names.ts'
import { JsonNumber, type JsonObject } from '../notebook/json.ts'
import { cut, shown } from '../notebook/misfit.ts'
import type { RunLimits } from './run.ts'

/** What whoever asks for a run may choose for it: its name in `RunLimits`, in a link, and what it counts. */
export const LIMITS = [
  { name: 'runSeconds', control: '_run_timeout', unit: 'seconds', least: 1 },
  { name: 'cellSeconds', control: '_cell_timeout', unit: 'seconds', least: 1 },
  { name: 'silentSeconds', control: '_idle_timeout', unit: 'seconds', least: 1 },
  { name: 'outputBytes', control: '_output_bytes', unit: 'bytes', least: 1_000 },
] as const

/** What the settings leave to choose. */
export interface LimitChoice {
  /** Where nothing is chosen. */
  readonly usual: RunLimits
  /** The most that may be chosen of each; one that is not here can't be. */
  readonly most: RunLimits
}

/**
 * The settings have one number of each, which is both. Where a cell or its silence has none, it is the run's, which ends
 * it anyway.
 */
export function limitChoice(usual: RunLimits & { readonly runSeconds: number }): LimitChoice {
  const { runSeconds, cellSeconds = runSeconds } = usual
  return { usual, most: { ...usual, cellSeconds, silentSeconds: usual['silentSeconds'] ?? cellSeconds } }
}

/** What is asked for in a link, by control parameter. */
export type LimitTexts = ReadonlyMap<string, string>

export interface ChosenLimits {
  readonly limits: RunLimits
  readonly faults: readonly ParameterFault[]
}

/** Those of a link. @param most as in `LimitChoice`; undefined where nothing is executed, so that there is nothing to choose. */
export function limitsOfLink(texts: LimitTexts, most: RunLimits | undefined): ChosenLimits {
  const given = LIMITS.flatMap((limit) => {
    const text = texts.get(limit.control)
    return text === undefined ? [] : [{ ...limit, called: limit.control, text }]
  })
  return chosen(given, most)
}

/** Those of a body: `limits`, whole numbers by the names that a run has them under. */
export function limitsOfBody(body: JsonObject, most: RunLimits | undefined): ChosenLimits {
  const faults = [...body]
    .filter(([name]) => LIMITS.every((limit) => limit.name !== name))
    .slice(0, MAX_UNKNOWN)
    .map(([name, value]) => unknownLimit(name, shown(value)))
  const given = LIMITS.flatMap((limit) => {
    const value = body.get(limit.name)
    if (value === undefined || value === null) return []
    const text = value instanceof JsonNumber ? value.raw : shown(value)
    return [{ ...limit, called: `limits.${limit.name}`, text }]
  })
  const { limits, faults: others } = chosen(given, most)
  return { limits, faults: [...faults, ...others] }
}

/** More are noise, each of which would be told back. */
const MAX_UNKNOWN = 100

type Given = (typeof LIMITS)[number] & { readonly called: string; readonly text: string }

function chosen(given: readonly Given[], most: RunLimits | undefined): ChosenLimits {
  const limits: Record<string, number> = {}
  const faults: ParameterFault[] = []
  for (const limit of given) {
    const number = /^\d{1,9}$/.test(limit.text) ? Number(limit.text) : Number.NaN
    const highest = most?.[limit.name]
    if (highest === undefined) faults.push(noChoice(limit, most === undefined))
    // Not a number is neither.
    else if (number >= limit.least && number <= highest) limits[limit.name] = number
    else faults.push(outside(limit, highest))
  }
  return { limits, faults }
}

function outside({ called, text, unit, least }: Given, highest: number): ParameterFault {
  const expected = `a whole number of ${unit}, from ${least} to ${highest}`
  const received = cut(text, 200)
  const message = `${called} must be ${expected}; got ${cut(text, 40)}.`
  return { name: called, fault: 'invalid', message, received, expected }
}

function noChoice({ called, text }: Given, nothingRuns: boolean): ParameterFault {
  const message = nothingRuns
    ? `${called} limits a run, and this notebook is prepared and not executed: it needs _mode=execute.`
    : `${called} cannot be chosen here: whoever starts the kernels limits it.`
  return { name: called, fault: 'invalid', message, received: cut(text, 200) }
}

function unknownLimit(name: string, received: string): ParameterFault {
  const called = `limits.${cut(name, 200)}`
  const near = nearestName(
    name,
    LIMITS.map((limit) => limit.name),
  )
  return {
    name: called,
    fault: 'unknown',
    message: `${called} is not a limit.${near === undefined ? '' : ` Did you mean limits.${near}?`}`,
    received,
    ...(near !== undefined && { nearest: `limits.${near}` }),
  }
}
