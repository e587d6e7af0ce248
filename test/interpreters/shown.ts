import { isObject, JsonNumber, type JsonValue } from '../../src/notebook/json.ts'

/**
 * What an interpreter prints of a value, so that nothing is lost on the way: `i` the digits of an integer, `f` the
 * eight bytes of a float, `s` the UTF-16 units of a string and `b` its UTF-8 bytes (all in hexadecimal), `l` a list, `d`
 * a dictionary.
 */
export type Shown =
  | null
  | boolean
  | { readonly i: string }
  | { readonly f: string }
  | { readonly s: string }
  | { readonly b: string }
  | { readonly l: readonly Shown[] }
  | { readonly d: readonly (readonly [Shown, Shown])[] }

export interface Sameness {
  /** The language has floats only (R, MATLAB): 1 and 1.0 are one. */
  readonly onlyFloats?: boolean
  /** A list of whole numbers and floats may come back as one of floats. */
  readonly widens?: boolean
}

/** Whether this is the value that went in. */
export function same(how: Sameness): (value: JsonValue, shown: Shown) => boolean {
  return (value, shown) => isSame(value, shown, how, false)
}

function isSame(value: JsonValue, shown: Shown, how: Sameness, widened: boolean): boolean {
  if (value === null || typeof value === 'boolean' || shown === null || typeof shown === 'boolean')
    return value === shown
  if (typeof value === 'string') return textOf(shown) === value
  if (value instanceof JsonNumber) return isSameNumber(value.raw, shown, widened || how.onlyFloats === true)
  if (isObject(value)) {
    if (!('d' in shown) || shown.d.length !== value.size) return false
    return shown.d.every(([key, member]) => {
      const name = textOf(key)
      const expected = name === undefined ? undefined : value.get(name)
      return expected !== undefined && isSame(expected, member, how, false)
    })
  }
  if (!('l' in shown) || shown.l.length !== value.length) return false
  const widens = how.widens === true && (widened || value.some(isNumber) || value.some(Array.isArray))
  return value.every((member, at) => isSame(member, shown.l[at] ?? null, how, widens))
}

function isNumber(value: JsonValue): boolean {
  return value instanceof JsonNumber
}

function isSameNumber(raw: string, shown: Shown, mayWiden: boolean): boolean {
  if (shown === null || typeof shown === 'boolean') return false
  const isInteger = /^-?\d+$/.test(raw)
  if ('i' in shown) return isInteger && BigInt(raw) === BigInt(shown.i)
  if (!('f' in shown) || (isInteger && !mayWiden)) return false
  const float = Buffer.from(shown.f, 'hex').readDoubleBE()
  if (!isInteger) return Object.is(Number(raw), float)
  return Number.isInteger(float) && BigInt(float) === BigInt(raw) && !Object.is(float, -0)
}

export function textOf(shown: Shown): string | undefined {
  if (shown === null || typeof shown === 'boolean') return undefined
  if ('b' in shown) return Buffer.from(shown.b, 'hex').toString('utf8')
  if (!('s' in shown)) return undefined
  const units = shown.s.match(/[0-9a-f]{4}/gi) ?? []
  return units.map((unit) => String.fromCharCode(Number.parseInt(unit, 16))).join('')
}

/** Reads what an interpreter printed. Throws where it isn't of that form. */
export function parseShown(text: string): Shown {
  return readShown(JSON.parse(text))
}

function readShown(value: unknown): Shown {
  if (value === null || typeof value === 'boolean') return value
  if (typeof value === 'object') {
    const [[tag, content] = []] = Object.entries(value)
    if (tag === 'i' && typeof content === 'string') return { i: content }
    if (tag === 'f' && typeof content === 'string') return { f: content }
    if (tag === 's' && typeof content === 'string') return { s: content }
    if (tag === 'b' && typeof content === 'string') return { b: content }
    if (tag === 'l' && Array.isArray(content)) return { l: content.map(readShown) }
    if (tag === 'd' && Array.isArray(content)) return { d: content.map(readPair) }
  }
  throw new Error(`Not of the form that an interpreter prints: ${JSON.stringify(value)}`)
}

function readPair(pair: unknown): readonly [Shown, Shown] {
  if (!Array.isArray(pair) || pair.length !== 2) throw new Error('A pair of a key and a value was expected.')
  return [readShown(pair[0]), readShown(pair[1])]
}
