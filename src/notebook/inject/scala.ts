import { integers, isInt32, isInt64, isSafe, kindsOf, only } from './kind.ts'
import { defineLanguage, words } from './language.ts'
import { doubleQuoted, hex } from './text.ts'

/** A constant of a class file holds 65,535 bytes; a UTF-16 unit takes up to three. */
const CHUNK = 20_000

/** Scala knows `\uXXXX` alone, by UTF-16 unit (§1.3.5). */
function string(text: string): string {
  if (text.length <= CHUNK) return constant(text)
  const chunks = Array.from({ length: Math.ceil(text.length / CHUNK) }, (_, at) =>
    constant(text.slice(at * CHUNK, (at + 1) * CHUNK)),
  )
  return `Seq(${chunks.join(', ')}).mkString`
}

function constant(text: string): string {
  return doubleQuoted(text, (code) =>
    code < 0x10000
      ? `\\u${hex(code, 4)}`
      : `\\u${hex(0xd7c0 + (code >> 10), 4)}\\u${hex(0xdc00 + (code & 0x3ff), 4)}`,
  )
}

function integer(value: bigint): string {
  if (isInt32(value)) return String(value)
  return isInt64(value) ? `${value}L` : `BigInt("${value}")`
}

/** Scala 2 and 3: https://www.scala-lang.org/files/archive/spec/2.13/01-lexical-syntax.html */
export const scala = defineLanguage({
  language: 'scala',
  comment: ['// ', ''],
  // §1.1, without `$` and operators.
  name: /^[\p{L}\p{Nl}][\p{L}\p{Nl}\p{Nd}_]*$/u,
  // §1.1.2 of 2.13 and of 3, `inline` (which begins an expression in 3), and what our literals use.
  reserved: words(
    'abstract case catch class def do else enum export extends false final finally for forSome given if',
    'implicit inline import lazy macro match new null object override package private protected return',
    'sealed super then this throw trait try true type val var while with yield BigInt Double Map None Seq',
  ),
  literals: {
    null: 'None',
    true: 'true',
    false: 'false',
    nan: 'Double.NaN',
    infinity: 'Double.PositiveInfinity',
    minusInfinity: 'Double.NegativeInfinity',
    integer,
    float: (_, repr) => repr,
    string,
    list(items, write) {
      // Scala 2 makes every number of a list with a Double one (weak conformance, §3.5.3), which rounds large Longs.
      const rounds =
        only(kindsOf(items), 'integer', 'float') && kindsOf(items).size > 1 && !integers(items).every(isSafe)
      return `Seq${rounds ? '[Any]' : ''}(${items.map(write).join(', ')})`
    },
    dict: (entries, write) =>
      `Map(${[...entries].map(([key, value]) => `${string(key)} -> ${write(value)}`).join(', ')})`,
  },
  assign: (name, literal) => `val ${name} = ${literal}`,
})
