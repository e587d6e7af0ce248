import { JsonNumber, type JsonValue } from '../json.ts'
import { integers, isInt32, isInt64, kindOf, kindsOf, only, widensExactly } from './kind.ts'
import { defineLanguage, type Write, words } from './language.ts'
import { readNumber } from './number.ts'
import { doubleQuoted, pythonEscape } from './text.ts'

const string = (text: string) => doubleQuoted(text, pythonEscape)

function suffix(value: bigint): string {
  if (isInt32(value)) return ''
  return isInt64(value) ? 'L' : 'I'
}

/** A list has one type: numbers of several take the widest, other mixtures are boxed. */
function items(values: readonly JsonValue[], write: Write): string[] {
  if (new Set(values.map(typeOf)).size < 2) return values.map(write)
  const kinds = kindsOf(values)
  if (only(kinds, 'integer')) {
    const widest = integers(values).every(isInt64) ? 'L' : 'I'
    return integers(values).map((value) => `${value}${widest}`)
  }
  if (only(kinds, 'integer', 'float') && widensExactly(values)) {
    return values.map((value) => (kindOf(value) === 'integer' ? `${write(value)}.0` : write(value)))
  }
  return values.map((value) => (value === null ? 'null' : `box ${argument(write(value))}`))
}

function argument(literal: string): string {
  return /^["[\d]/.test(literal) && !literal.includes('|>') ? literal : `(${literal})`
}

function typeOf(value: JsonValue): string {
  if (Array.isArray(value)) return `[${[...new Set(value.map(typeOf))].join()}]`
  const read = value instanceof JsonNumber ? readNumber(value) : undefined
  return read?.kind === 'integer' ? `integer${suffix(read.value)}` : kindOf(value)
}

/** F#: https://fsharp.org/specs/language-spec/ (4.1) */
export const fsharp = defineLanguage({
  language: 'fsharp',
  comment: ['(* ', ' *)'],
  // §3.4, without primes and what formats invisibly.
  name: /^[\p{L}\p{Nl}][\p{L}\p{Nl}\p{Nd}\p{Mn}\p{Mc}\p{Pc}]*$/u,
  // §3.4 with all that was ever reserved, the cases that a binding would match instead of naming, and what our
  // literals use.
  reserved: words(
    'abstract and as asr assert atomic base begin break checked class component const constraint constructor continue',
    'default delegate do done downcast downto eager elif else end event exception extern external false finally fixed',
    'for fun function functor global if in include inherit inline interface internal land lazy let lor lsl lsr lxor',
    'match measure member method mixin mod module mutable namespace new null object of open or override parallel private',
    'process protected public pure rec recursive return sealed select sig static struct tailcall then to trait true try',
    'type upcast use val virtual void volatile when while with yield Choice1Of2 Choice2Of2 Error Failure KeyValue Lazy',
    'NonNull None Null Ok Some ValueNone ValueSome Map System box infinity nan',
  ),
  literals: {
    null: 'None',
    true: 'true',
    false: 'false',
    nan: 'nan',
    infinity: 'infinity',
    minusInfinity: '-infinity',
    integer: (value) => `${value}${suffix(value)}`,
    float: (_, repr) => repr,
    string,
    list: (values, write) => `[ ${items(values, write).join('; ')} ]`,
    dict(entries, write) {
      if (entries.size === 0) return '(Map.empty : Map<string, System.IComparable>)'
      const pairs = [...entries].map(([key, value]) => `(${string(key)}, ${write(value)} :> IComparable)`)
      return `[ ${pairs.join('; ')} ] |> Map.ofList`
    },
  },
  assign: (name, literal) => `let ${name} = ${literal}`,
})
