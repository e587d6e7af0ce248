import { pythonFloat } from './json.ts'

/**
 * A valid floating-point number of the HTML standard (2.3.4.3), which is what a number field submits: decimal digits, no
 * blanks, no `+`, no `_`, no hexadecimal, no `NaN`. Every number of JSON is one.
 */
export const NUMBER_TEXT = /^-?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?$/

/** `-?digits`, or with a fraction of nothing but zeros: JSON Schema calls `1.0` an integer too. */
const INTEGER_TEXT = /^(-?)0*(\d+)(?:\.0+)?$/

/** Python reads no longer integer from source text (`sys.int_info.default_max_str_digits`). */
const MAX_DIGITS = 4300

/** The integer, exact, without leading zeros; undefined where the text is none. */
export function integerText(text: string): string | undefined {
  const [, sign = '', digits] = text.length <= MAX_DIGITS ? (INTEGER_TEXT.exec(text) ?? []) : []
  if (digits === undefined) return undefined
  return digits === '0' ? '0' : `${sign}${digits}`
}

/** The number as Python writes a float; undefined where the text is none, or too large for a double. */
export function floatText(text: string): string | undefined {
  if (!NUMBER_TEXT.test(text)) return undefined
  const value = Number(text)
  return Number.isFinite(value) ? pythonFloat(value) : undefined
}
