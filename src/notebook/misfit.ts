import { compactJson } from './compact-json.ts'
import { isObject, JsonNumber, type JsonValue } from './json.ts'

/** Why a value does not fit: a phrase for the second half of a sentence, such as `got 3 numbers`. */
export class Misfit {
  readonly problem: string
  /** One value is expected, and the name was given several times. */
  readonly repeated: boolean

  constructor(problem: string, repeated = false) {
    this.problem = problem
    this.repeated = repeated
  }
}

/** The value as it is passed on (`1` of a float input is `1.0`), or why it does not fit. */
export type Check = (value: JsonValue) => JsonValue | Misfit

export function got(value: JsonValue): Misfit {
  return new Misfit(`got ${shown(value)}`)
}

/** A value in a few words. */
export function shown(value: JsonValue): string {
  if (Array.isArray(value))
    return value.length === 1 ? 'a list of 1 value' : `a list of ${value.length} values`
  if (isObject(value)) return 'a JSON object'
  return value instanceof JsonNumber ? cut(value.raw, 40) : cut(compactJson(value), 80)
}

export function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length).replace(/[\ud800-\udbff]$/, '')}…`
}
