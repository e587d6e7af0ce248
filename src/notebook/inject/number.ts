import { type JsonNumber, pythonFloat } from '../json.ts'
import { refuse } from './refuse.ts'

export type ReadNumber =
  | { readonly kind: 'integer'; readonly value: bigint }
  | { readonly kind: 'float'; readonly value: number; readonly repr: string }

/** Python refuses longer integers in its source (sys.int_info.default_max_str_digits), and nobody means one. */
const MAX_DIGITS = 4300

/** A number as Python's json reads it: a float where the text has a point, an exponent or a name such as `NaN`. */
export function readNumber(number: JsonNumber): ReadNumber {
  const { raw } = number
  if (/^-?\d+$/.test(raw)) {
    if (raw.length > MAX_DIGITS)
      refuse(`An integer may have at most ${MAX_DIGITS} digits; this one has ${raw.length}.`)
    return { kind: 'integer', value: BigInt(raw) }
  }
  const value = Number(raw)
  if (!Number.isFinite(value) && /\d/.test(raw)) refuse(`${raw} is larger than a 64-bit float can hold.`)
  return { kind: 'float', value, repr: Number.isFinite(value) ? pythonFloat(value) : raw }
}
