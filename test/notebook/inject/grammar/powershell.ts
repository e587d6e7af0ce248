import type { Shown } from '../../../interpreters/shown.ts'
import { float, integer, Reader, string } from './reader.ts'

/**
 * PowerShell's literals, from its language specification (https://learn.microsoft.com/powershell/scripting/lang-spec/):
 * §2.3.5.1 numbers, §2.3.5.2 strings, §2.3.7 escapes, §7.2.1 the comma, §7.1.7 `@( )`, §7.1.9 and §10 hash tables.
 */
export function readPowershell(literal: string): Shown {
  const reader = new Reader(literal)
  const value = readValue(reader)
  reader.end()
  return value
}

const WORDS: readonly (readonly [string, Shown])[] = [
  ['$Null', null],
  ['$True', true],
  ['$False', false],
  ['[double]::NaN', float(Number.NaN)],
  ['[double]::PositiveInfinity', float(Number.POSITIVE_INFINITY)],
  ['[double]::NegativeInfinity', float(Number.NEGATIVE_INFINITY)],
]

function readValue(reader: Reader): Shown {
  for (const [word, value] of WORDS) if (reader.is(word)) return value
  if (reader.is('[bigint]::Parse(')) {
    const digits = readString(reader)
    reader.need(')')
    return integer(BigInt(digits))
  }
  const number = reader.take(/-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/i)
  if (number !== undefined) return readNumber(number)
  if (reader.is('@(,')) {
    // The unary comma makes a list of one, which `@( )` leaves as it is.
    const only = readValue(reader)
    reader.need(')')
    return { l: [only] }
  }
  if (reader.take(/(?=@\()/) !== undefined) return readArray(reader)
  if (reader.is('@{')) return readTable(reader)
  if (reader.is('(& { $t = [hashtable]::new(); ')) return readMadeTable(reader)
  return string(readString(reader))
}

function readNumber(text: string): Shown {
  if (/[.e]/i.test(text)) return float(Number(text))
  // Beyond a long comes a decimal, then a double.
  if (BigInt.asIntN(64, BigInt(text)) !== BigInt(text))
    throw new Error(`${text} is no integer in PowerShell.`)
  return integer(text)
}

/** `@( )` makes a list of what comes out of it; a list by itself comes out as its members. */
function readArray(reader: Reader): Shown {
  const members = reader.members('@(', ')', () => readValue(reader))
  const [only] = members
  if (members.length === 1 && only !== undefined && only !== null && typeof only === 'object' && 'l' in only)
    return only
  return { l: members }
}

function readTable(reader: Reader): Shown {
  const pairs: [Shown, Shown][] = []
  const seen = new Set<string>()
  while (!reader.is('}')) {
    if (pairs.length > 0) reader.need('\n ')
    const key = readString(reader)
    if (seen.has(key.toLowerCase()))
      throw new Error(`Duplicate keys "${key}" are not allowed in hash literals.`)
    seen.add(key.toLowerCase())
    reader.need(' = ')
    pairs.push([string(key), readValue(reader)])
  }
  return { d: pairs }
}

/** A table made by hand, whose keys are told apart by case. */
function readMadeTable(reader: Reader): Shown {
  const pairs: [Shown, Shown][] = []
  while (reader.is('$t[')) {
    const key = string(readString(reader))
    reader.need('] = ')
    pairs.push([key, readValue(reader)])
    reader.need('; ')
  }
  reader.need('$t })')
  return { d: pairs }
}

const SHORT = new Map(
  Object.entries({ 0: '\0', n: '\n', r: '\r', t: '\t', a: '\x07', b: '\b', e: '\x1b', f: '\f', v: '\v' }),
)

/** Curly double quotes are double quotes; an unescaped `$` is taken for an expansion. */
function readString(reader: Reader): string {
  let text = ''
  reader.need('"')
  while (!reader.is('"')) {
    const plain = reader.take(/[^"“”„$`]+/)
    if (plain !== undefined) text += plain
    else {
      reader.need('`')
      const code = reader.take(/u\{[0-9a-f]{1,6}\}/i)
      const other = code === undefined ? (reader.take(/[\s\S]/u) ?? reader.fail('a character')) : ''
      text +=
        code === undefined
          ? (SHORT.get(other) ?? other)
          : String.fromCodePoint(Number.parseInt(code.slice(2), 16))
    }
  }
  return text
}
