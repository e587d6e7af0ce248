import { isObject, JsonNumber, type JsonValue } from './json.ts'

/**
 * A text that two values share exactly where JSON Schema (2020-12 Core, 4.2.2) calls them equal: numbers by what they
 * amount to (`1`, `1.0` and `10e-1`; `0` and `-0.0`), objects whatever the order of their members.
 */
export function equalityKey(value: JsonValue): string {
  if (value instanceof JsonNumber) return numberKey(value.raw)
  if (Array.isArray(value)) return `[${value.map(equalityKey).join(',')}]`
  if (!isObject(value)) return JSON.stringify(value)
  const members = [...value].map(([key, member]) => `${JSON.stringify(key)}:${equalityKey(member)}`)
  return `{${members.sort().join(',')}}`
}

/** `-digits` `e` `exponent`, exact, without zeros at either end of the digits. NaN and infinities stay as they are. */
function numberKey(raw: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d*)(?:\.(\d+))?(?:[eE]([-+]?\d+))?$/.exec(raw) ?? []
  const digits = `${whole}${fraction}`.replace(/^0+/, '')
  if (digits === '') return whole === '' && fraction === '' ? raw : '0'
  const significant = digits.replace(/0+$/, '')
  const power = BigInt(exponent) - BigInt(fraction.length) + BigInt(digits.length - significant.length)
  return `${sign}${significant}e${power}`
}
