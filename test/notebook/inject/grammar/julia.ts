import type { Shown } from '../../../interpreters/shown.ts'
import { float, integer, Reader, string } from './reader.ts'

/**
 * Julia's literals, from the manual (https://docs.julialang.org/en/v1/manual/): "Integers" and "Floating-Point Numbers",
 * "Strings" (escapes and interpolation), "Array Concatenation/Array literals" (promotion to one element type).
 */
export function readJulia(literal: string): Shown {
  const reader = new Reader(literal)
  const value = readValue(reader)
  reader.end()
  return value
}

function readValue(reader: Reader): Shown {
  if (reader.is('nothing')) return null
  if (reader.is('true')) return true
  if (reader.is('false')) return false
  if (reader.is('NaN')) return float(Number.NaN)
  if (reader.is('-Inf')) return float(Number.NEGATIVE_INFINITY)
  if (reader.is('Inf')) return float(Number.POSITIVE_INFINITY)
  const number = reader.take(/-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/)
  if (number !== undefined) return /[.e]/i.test(number) ? float(Number(number)) : integer(number)
  if (reader.is('Any')) {
    const list = { l: reader.members('[', ']', () => readValue(reader)) }
    anyLists.add(list)
    return list
  }
  if (reader.take(/(?=\[)/) !== undefined)
    return { l: promote(reader.members('[', ']', () => readValue(reader))) }
  if (!reader.is('Dict')) return string(readString(reader))
  const pairs = reader.members('(', ')', () => {
    const key = string(readString(reader))
    reader.need(' => ')
    return [key, readValue(reader)] as const
  })
  return { d: pairs }
}

const SHORT = new Map(
  Object.entries({ n: '\n', r: '\r', t: '\t', a: '\x07', b: '\b', e: '\x1b', f: '\f', v: '\v' }),
)

function readString(reader: Reader): string {
  let text = ''
  reader.need('"')
  while (!reader.is('"')) {
    const plain = reader.take(/[^"\\$]+/)
    if (plain !== undefined) text += plain
    else text += readEscape(reader)
  }
  return text
}

function readEscape(reader: Reader): string {
  // An unescaped `$` begins an interpolation.
  reader.need('\\')
  const unicode = reader.take(/u[\da-fA-F]{1,4}|U[\da-fA-F]{1,8}/)
  if (unicode !== undefined) return String.fromCodePoint(Number.parseInt(unicode.slice(1), 16))
  const other = reader.take(/["\\$nrtabefv]/) ?? reader.fail('an escape that is a character')
  return SHORT.get(other) ?? other
}

/** Lists of the element type Any, which takes part in no promotion. */
const anyLists = new WeakSet<object>()

/** All members of an array become one type where Julia can promote them: Bool to Int, Int to Float64, within arrays too. */
function promote(members: readonly Shown[]): Shown[] {
  const kinds = new Set(members.flatMap(kindsWithin))
  const nested = new Set(members.filter((member) => member !== null).map((member) => kindOf(member) === 'l'))
  if (kinds.has('other') || nested.size > 1) return [...members]
  const target = ['f', 'i', 'boolean'].find((kind) => kinds.has(kind))
  return target === undefined ? [...members] : members.map((member) => convert(member, target))
}

function kindOf(value: Shown): string {
  if (value === null || typeof value === 'boolean') return typeof value
  return ['i', 'f', 'l'].find((tag) => tag in value) ?? 'other'
}

function kindsWithin(value: Shown): string[] {
  if (value === null) return []
  if (typeof value === 'object' && anyLists.has(value)) return ['other']
  if (typeof value === 'object' && 'l' in value) return value.l.flatMap(kindsWithin)
  return [kindOf(value)]
}

function convert(value: Shown, target: string): Shown {
  if (value === null || target === 'boolean') return value
  if (typeof value === 'object' && 'l' in value)
    return { l: value.l.map((member) => convert(member, target)) }
  const number = typeof value === 'boolean' ? Number(value) : 'i' in value ? value.i : undefined
  if (number === undefined) return value
  return target === 'f' ? float(Number(number)) : integer(String(number))
}
