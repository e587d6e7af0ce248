import type { JsonValue } from '../json.ts'
import { kindOf, kindsOf, only, widensExactly } from './kind.ts'
import { defineLanguage, words } from './language.ts'
import { doubleQuoted, unicodeEscape } from './text.ts'

/** `\x` is a byte in Julia, and `$` begins code. */
const string = (text: string) => doubleQuoted(text, unicodeEscape).replaceAll('$', '\\$')

/** Whether `[a, b]` would turn values into others: Julia promotes all to one type, `[true, 2]` to `[1, 2]`. */
function promotes(items: readonly JsonValue[]): boolean {
  const present = items.filter((item) => item !== null)
  const kinds = kindsOf(present)
  if (only(kinds, 'list')) return new Set(present.map(shape)).size > 1
  if (kinds.size < 2 || !only(kinds, 'boolean', 'integer', 'float')) return false
  return kinds.has('boolean') || !widensExactly(present)
}

function shape(value: JsonValue): string {
  return Array.isArray(value) ? `[${[...new Set(value.map(shape))].sort().join()}]` : kindOf(value)
}

/** Julia 1: https://docs.julialang.org/en/v1/manual/strings/ and …/manual/variables/ */
export const julia = defineLanguage({
  language: 'julia',
  comment: ['# ', ''],
  // "Allowed Variable Names", without symbols, primes and `!`.
  name: /^[\p{L}\p{Nl}][\p{L}\p{Nl}\p{Nd}\p{Mn}\p{Mc}_]*$/u,
  // "Keywords" of …/base/base/, the operators that are words, and what our literals use.
  reserved: words(
    'baremodule begin break catch ccall const continue do else elseif end export false finally for function global if',
    'import in isa let local macro module quote return struct true try using where while Any Dict Inf NaN nothing',
  ),
  literals: {
    null: 'nothing',
    true: 'true',
    false: 'false',
    nan: 'NaN',
    infinity: 'Inf',
    minusInfinity: '-Inf',
    // A literal beyond Int64 is an Int128, beyond that a BigInt.
    integer: String,
    float: (_, repr) => repr,
    string,
    list: (items, write) => `${promotes(items) ? 'Any' : ''}[${items.map(write).join(', ')}]`,
    dict: (entries, write) =>
      `Dict(${[...entries].map(([key, value]) => `${string(key)} => ${write(value)}`).join(', ')})`,
  },
  assign: (name, literal) => `${name} = ${literal}`,
})
