import { hash } from 'node:crypto'
import { compactJson } from '../notebook/compact-json.ts'
import { JsonNumber, type JsonValue } from '../notebook/json.ts'

/**
 * What the history finds a run's parameter by: a hash of workspace, name and value, a signed 64-bit integer in decimal.
 * Values are compared as the text that a link would carry, numbers by their value, so that `1.0` finds 1.
 */
export function parameterKey(workspace: string, name: string, value: string): string {
  // As text, since a buffer of its own for each costs as much again as the hash.
  const digest = hash('sha256', JSON.stringify([workspace, name, normalised(value)]), 'hex')
  return BigInt.asIntN(64, BigInt(`0x${digest.slice(0, 16)}`)).toString()
}

/** The keys of all parameters of a run. */
export function parameterKeys(
  workspace: string,
  parameters: ReadonlyMap<string, JsonValue>,
): readonly string[] {
  return [...parameters].map(([name, value]) => parameterKey(workspace, name, valueText(value)))
}

function valueText(value: JsonValue): string {
  if (typeof value === 'string') return value
  return value instanceof JsonNumber ? value.raw : compactJson(value)
}

/** Integers too big for a double keep their digits. */
function normalised(text: string): string {
  if (!/^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text)) return text
  const number = Number(text)
  return /^-?\d+$/.test(text) && !Number.isSafeInteger(number) ? text : String(number + 0)
}
