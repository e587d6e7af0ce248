import { JsonNumber, type JsonValue } from '../json.ts'
import { isInt32, isInt64, kindOf, widensExactly } from './kind.ts'
import { defineLanguage, words } from './language.ts'
import { readNumber } from './number.ts'
import { doubleQuoted, unicodeEscape } from './text.ts'

/** `\x` takes up to four digits in C#: `\xe9a1` is one character. */
const string = (text: string) => doubleQuoted(text, unicodeEscape)

function integer(value: bigint): string {
  if (isInt32(value)) return String(value)
  return isInt64(value) ? `${value}L` : `System.Numerics.BigInteger.Parse("${value}")`
}

function typeOf(value: JsonValue): string {
  if (Array.isArray(value)) return `${elementType(value)}[]`
  const read = value instanceof JsonNumber ? readNumber(value) : undefined
  if (read?.kind !== 'integer') return value === null ? 'object' : kindOf(value)
  return isInt32(read.value) ? 'int' : isInt64(read.value) ? 'long' : 'BigInteger'
}

/** The type that `new []` finds for itself (§12.6.3.15), or object where it finds none or would round. */
function elementType(items: readonly JsonValue[]): string {
  const types = new Set(items.map(typeOf))
  const [type = 'object'] = types
  if (types.size < 2) return type
  if (types.isSubsetOf(new Set(['int', 'long']))) return 'long'
  return types.isSubsetOf(new Set(['int', 'long', 'float'])) && widensExactly(items) ? 'float' : 'object'
}

/** C#: https://learn.microsoft.com/dotnet/csharp/language-reference/language-specification/lexical-structure */
export const csharp = defineLanguage({
  language: 'csharp',
  comment: ['// ', ''],
  // §6.4.3, without what formats invisibly.
  name: /^[\p{L}\p{Nl}][\p{L}\p{Nl}\p{Nd}\p{Mn}\p{Mc}\p{Pc}]*$/u,
  // §6.4.4, `await` (top-level code may wait), and what our literals use.
  reserved: words(
    'abstract as base bool break byte case catch char checked class const continue decimal default delegate do double',
    'else enum event explicit extern false finally fixed float for foreach goto if implicit in int interface internal',
    'is lock long namespace new null object operator out override params private protected public readonly ref return',
    'sbyte sealed short sizeof stackalloc static string struct switch this throw true try typeof uint ulong unchecked',
    'unsafe ushort using virtual void volatile while await System',
  ),
  literals: {
    null: '(object)null',
    true: 'true',
    false: 'false',
    nan: 'double.NaN',
    infinity: 'double.PositiveInfinity',
    minusInfinity: 'double.NegativeInfinity',
    integer,
    float: (_, repr) => repr,
    string,
    list: (items, write) =>
      `new ${elementType(items) === 'object' ? 'object' : ''}[] { ${items.map(write).join(', ')} }`,
    dict: (entries, write) =>
      `new Dictionary<string,Object>{ ${[...entries].map(([key, value]) => `{ ${string(key)} , ${write(value)} }`).join(', ')} }`,
  },
  assign: (name, literal) => `var ${name} = ${literal};`,
})
