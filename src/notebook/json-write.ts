import { isObject, JsonNumber, type JsonObject, type JsonValue } from './json-value.ts'

/**
 * As Python's `json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False)`, which is how nbformat writes. Keys are
 * sorted by code point. Lone surrogates are written as `\ud800` escapes, since UTF-8 has no bytes for them. `depth` is
 * the number of levels around the value, for a value that is put into a text written already.
 */
export function pythonJson(value: JsonValue, depth = 0): string {
  const parts: string[] = []
  write(value, `\n${' '.repeat(depth)}`, parts)
  return parts.join('')
}

function write(value: JsonValue, newline: string, parts: string[]): void {
  if (Array.isArray(value)) writeArray(value, newline, parts)
  else if (isObject(value)) writeObject(value, newline, parts)
  else parts.push(value instanceof JsonNumber ? pythonNumber(value.raw) : JSON.stringify(value))
}

function writeArray(array: readonly JsonValue[], newline: string, parts: string[]): void {
  if (array.length === 0) {
    parts.push('[]')
    return
  }
  const inner = `${newline} `
  let separator = '['
  for (const item of array) {
    parts.push(separator, inner)
    write(item, inner, parts)
    separator = ','
  }
  parts.push(newline, ']')
}

function writeObject(object: JsonObject, newline: string, parts: string[]): void {
  if (object.size === 0) {
    parts.push('{}')
    return
  }
  const inner = `${newline} `
  let separator = '{'
  for (const key of sortedByCodePoint(object.keys())) {
    parts.push(separator, inner, JSON.stringify(key), ': ')
    write(object.get(key) ?? null, inner, parts)
    separator = ','
  }
  parts.push(newline, '}')
}

/** Python sorts by code point, JavaScript by UTF-16 unit: they differ only where surrogates are. */
function sortedByCodePoint(keys: Iterable<string>): string[] {
  const sorted = [...keys].sort()
  return sorted.some((key) => /[\ud800-\udfff]/.test(key)) ? sorted.sort(byCodePoint) : sorted
}

function byCodePoint(left: string, right: string): number {
  let at = 0
  while (at < left.length && left[at] === right[at]) at += 1
  // The difference may lie in the second half of a pair: step back to the start of the character.
  const halves = `${left[at] ?? ''}${right[at] ?? ''}`
  if (/[\udc00-\udfff]/.test(halves) && /[\ud800-\udbff]/.test(left[at - 1] ?? '')) at -= 1
  return (left.codePointAt(at) ?? -1) - (right.codePointAt(at) ?? -1)
}

/**
 * A number as Python writes it after reading it: `1E5` as `100000.0`, `1.10` as `1.1`, `-0` as `0`. Where a double
 * does not hold the value (`1e400`, or more digits than it has) the text stays as written.
 */
export function pythonNumber(raw: string): string {
  if (/^-?\d+$/.test(raw)) return raw === '-0' ? '0' : raw
  const value = Number(raw)
  if (!Number.isFinite(value)) return raw
  const written = pythonFloat(value)
  if (written === raw) return raw
  return decimal(written) === decimal(raw) ? written : raw
}

/** Python's `repr` of a finite float: the shortest digits, an exponent below 1e-4 and from 1e16 on. */
export function pythonFloat(value: number): string {
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0'
  const size = Math.abs(value)
  if (size >= 1e-4 && size < 1e16) return Number.isInteger(value) ? `${value}.0` : String(value)
  const [mantissa = '', power = ''] = value.toExponential().split('e')
  return `${mantissa}e${power.slice(0, 1)}${power.slice(1).padStart(2, '0')}`
}

/** The exact decimal value, so that two spellings of one number compare equal. */
function decimal(text: string): string {
  const [, sign = '', whole = '', fraction = '', power = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([-+]?\d+))?$/.exec(text) ?? []
  const digits = `${whole}${fraction}`.replace(/^0+/, '')
  const significant = digits.replace(/0+$/, '')
  if (significant === '') return `${sign}0`
  return `${sign}${significant}e${BigInt(power) - BigInt(fraction.length) + BigInt(digits.length - significant.length)}`
}
