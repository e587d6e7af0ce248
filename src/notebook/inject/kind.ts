import { JsonNumber, type JsonValue } from '../json.ts'
import { readNumber } from './number.ts'

export type Kind = 'null' | 'boolean' | 'integer' | 'float' | 'string' | 'list' | 'dict'

export function kindOf(value: JsonValue): Kind {
  if (value === null) return 'null'
  if (typeof value === 'boolean') return 'boolean'
  if (typeof value === 'string') return 'string'
  if (value instanceof JsonNumber) return readNumber(value).kind
  return Array.isArray(value) ? 'list' : 'dict'
}

export function kindsOf(values: readonly JsonValue[]): ReadonlySet<Kind> {
  return new Set(values.map(kindOf))
}

/** Whether all these kinds are among the given ones. */
export function only(kinds: ReadonlySet<Kind>, ...allowed: readonly Kind[]): boolean {
  return kinds.isSubsetOf(new Set(allowed))
}

/** Whether a 64-bit float holds this integer and its neighbours, so that no step on the way can round it. */
export function isSafe(value: bigint): boolean {
  return value >= -(2n ** 53n) && value <= 2n ** 53n
}

/** Whether every whole number among these stays the same number when the language makes it a float. */
export function widensExactly(values: readonly JsonValue[]): boolean {
  return integers(values).every(isSafe)
}

export function integers(values: readonly JsonValue[]): bigint[] {
  return values.flatMap((value) => {
    const read = value instanceof JsonNumber ? readNumber(value) : undefined
    return read?.kind === 'integer' ? [read.value] : []
  })
}

export function isInt32(value: bigint): boolean {
  return BigInt.asIntN(32, value) === value
}

export function isInt64(value: bigint): boolean {
  return BigInt.asIntN(64, value) === value
}
