import { JsonNumber, type JsonValue, pythonFloat } from '../notebook/json.ts'

const INTEGER = /^([+-]?)(\d+(?:_\d+)*)$/
const FLOAT = /^[+-]?(?:\d+(?:_\d+)*\.?|\d+(?:_\d+)*\.\d+(?:_\d+)*|\.\d+(?:_\d+)*)(?:e[+-]?\d+(?:_\d+)*)?$/i
const NAMED_FLOAT = /^([+-]?)(?:(nan)|inf|infinity)$/i

/**
 * The value that papermill makes of a text on the command line (`_resolve_type` of its cli.py): `True`,
 * `False`, `None`, what Python's `int()` takes, what `float()` takes, else the text.
 */
export function papermillValue(text: string): JsonValue {
  if (text === 'True') return true
  if (text === 'False') return false
  if (text === 'None') return null
  const trimmed = text.trim()
  const [, sign, digits] = INTEGER.exec(trimmed) ?? []
  if (digits !== undefined) {
    const value = BigInt(digits.replaceAll('_', ''))
    return new JsonNumber(String(sign === '-' ? -value : value))
  }
  if (FLOAT.test(trimmed)) {
    const value = Number(trimmed.replaceAll('_', ''))
    return new JsonNumber(Number.isFinite(value) ? pythonFloat(value) : infinity(value < 0))
  }
  const [named, minus, nan] = NAMED_FLOAT.exec(trimmed) ?? []
  if (named === undefined) return text
  return new JsonNumber(nan === undefined ? infinity(minus === '-') : 'NaN')
}

function infinity(isNegative: boolean): string {
  return isNegative ? '-Infinity' : 'Infinity'
}
