import type { Shown } from '../../../interpreters/shown.ts'
import { float, integer, Reader, string } from './reader.ts'

/**
 * MATLAB's literals, from its documentation (https://www.mathworks.com/help/matlab/): "Text in String and Character
 * Arrays" (a quote is doubled, there are no escapes), "Hexadecimal and Binary Values", "Cell Arrays", "containers.Map";
 * `+` of a string and characters joins them ("plus", on string arrays).
 */
export function readMatlab(literal: string): Shown {
  const reader = new Reader(literal)
  const value = readValue(reader)
  reader.end()
  return value
}

function readValue(reader: Reader): Shown {
  if (reader.is('[]')) return null
  if (reader.is('true')) return true
  if (reader.is('false')) return false
  if (reader.is('nan')) return float(Number.NaN)
  if (reader.is('-inf')) return float(Number.NEGATIVE_INFINITY)
  if (reader.is('inf')) return float(Number.POSITIVE_INFINITY)
  const hexadecimal = reader.take(/0x[0-9a-f]{1,16}[su]64/i)
  if (hexadecimal !== undefined) {
    const bits = BigInt(hexadecimal.slice(0, -3))
    return integer(hexadecimal.at(-3) === 's' ? BigInt.asIntN(64, bits) : bits)
  }
  const number = reader.take(/-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/)
  if (number !== undefined) return float(Number(number))
  if (reader.is('containers.Map(')) return readMap(reader)
  if (reader.take(/(?=\{)/) !== undefined) return { l: reader.members('{', '}', () => readValue(reader)) }
  return string(readString(reader))
}

function readMap(reader: Reader): Shown {
  if (reader.is(')')) return { d: [] }
  const keys = reader.members('{', '}', () => readKey(reader))
  reader.need(', ')
  const values = reader.members('{', '}', () => readValue(reader))
  // Uniform values, the default, are kept in one array, where numbers take one type.
  const rounds = values.some((value) => value !== null && typeof value === 'object' && 'i' in value)
  if (!reader.is(", 'UniformValues', false") && rounds) reader.fail('UniformValues')
  reader.need(')')
  if (keys.length !== values.length || keys.length === 0) reader.fail('as many keys as values')
  return { d: keys.map((key, at) => [string(key), values[at] ?? null] as const) }
}

function readString(reader: Reader): string {
  let text = readQuoted(reader, '"')
  // Spaces on both sides: in a list ` +1` would be a member of its own.
  while (reader.is(' + ')) text += readCharacters(reader) ?? readQuoted(reader, '"')
  return text
}

function readKey(reader: Reader): string {
  const piece = () => readCharacters(reader) ?? readQuoted(reader, "'")
  return reader.take(/(?=\[)/) === undefined ? piece() : reader.members('[', ']', piece).join('')
}

function readCharacters(reader: Reader): string | undefined {
  if (!reader.is('char(')) return undefined
  const code = () => Number(reader.take(/\d+/) ?? reader.fail('a code'))
  const codes = reader.take(/(?=\[)/) === undefined ? [code()] : reader.members('[', ']', code)
  reader.need(')')
  return String.fromCharCode(...codes)
}

function readQuoted(reader: Reader, quote: string): string {
  let text = ''
  reader.need(quote)
  while (true) {
    const plain = reader.take(/[^"'\p{Cc}\p{Zl}\p{Zp}]+/u)
    if (plain !== undefined) text += plain
    else if (reader.is(quote + quote)) text += quote
    else if (reader.is(quote)) return text
    else text += reader.take(/["']/) ?? reader.fail('a visible character')
  }
}
