import { isInt64, isSafe } from './kind.ts'
import { defineLanguage, words } from './language.ts'
import { refuse } from './refuse.ts'
import { hex } from './text.ts'

/** What MATLAB shows as itself between quotes, where it knows no escapes; the rest is written as `char([…])`. */
const VISIBLE = /((?:[\p{L}\p{M}\p{N}\p{P}\p{S}]| )+)/u

/** The text in pieces: quoted where it is visible, `char([10, 13])` where not, by UTF-16 unit as MATLAB holds it. */
function pieces(text: string, quote: string): string[] {
  return text
    .split(VISIBLE)
    .filter((piece) => piece !== '')
    .map((piece) => {
      if (VISIBLE.test(piece)) return `${quote}${piece.replaceAll(quote, quote + quote)}${quote}`
      const units = Array.from({ length: piece.length }, (_, at) => piece.charCodeAt(at))
      return units.length === 1 ? `char(${units[0]})` : `char([${units.join(', ')}])`
    })
}

/** A string array: `"a" + char(10) + "b"`; adding to a string gives a string. */
function string(text: string): string {
  const [first = '""', ...rest] = pieces(text, '"')
  return [...(first.startsWith('"') ? [first] : ['""', first]), ...rest].join(' + ')
}

/** A row of characters, as the keys of a map are: `['a', char(10), 'b']`. */
function characters(text: string): string {
  const parts = pieces(text, "'")
  if (parts.length === 0) return "''"
  return parts.length === 1 ? parts.join() : `[${parts.join(', ')}]`
}

/** A plain literal is a double; a hexadecimal one with a suffix is an integer of 64 bits, exactly. */
function integer(value: bigint): string {
  if (isSafe(value)) return String(value)
  if (isInt64(value)) return `0x${hex(BigInt.asUintN(64, value), 16)}s64`
  if (BigInt.asUintN(64, value) === value) return `0x${hex(value, 16)}u64`
  return refuse(`MATLAB's integers have at most 64 bits, and ${value} has more: give it as text.`)
}

/** MATLAB: https://www.mathworks.com/help/matlab/matlab_prog/represent-text-with-character-and-string-arrays.html */
export const matlab = defineLanguage({
  language: 'matlab',
  comment: ['% ', ''],
  // "Variable Names": up to namelengthmax, the rest of a longer one is cut off.
  name: /^[A-Za-z][A-Za-z0-9_]{0,62}$/,
  // `iskeyword`, and the functions that our literals call.
  reserved: words(
    'break case catch classdef continue else elseif end for function global if otherwise parfor persistent return',
    'spmd switch try while char containers false inf nan true',
  ),
  literals: {
    // As MATLAB's own jsondecode gives null.
    null: '[]',
    true: 'true',
    false: 'false',
    nan: 'nan',
    infinity: 'inf',
    minusInfinity: '-inf',
    integer,
    float: (_, repr) => repr,
    string,
    list: (items, write) => `{${items.map(write).join(', ')}}`,
    dict(entries, write) {
      if (entries.size === 0) return 'containers.Map()'
      const keys = [...entries.keys()].map(characters).join(', ')
      const values = [...entries.values()].map(write)
      // A map of numbers alone keeps them in one array of one type, which would round integers of 64 bits.
      const apart = values.some((value) => value.startsWith('0x')) ? ", 'UniformValues', false" : ''
      return `containers.Map({${keys}}, {${values.join(', ')}}${apart})`
    },
  },
  assign: (name, literal) => `${name} = ${literal};`,
})
