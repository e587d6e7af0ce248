import { isObject, JsonNumber, type JsonObject, type JsonValue } from '../json.ts'
import { readNumber } from './number.ts'
import { refuse } from './refuse.ts'

/** Writes names and values as source of one language. */
export interface Translator {
  readonly language: string
  /** Whether two names that differ only in case are one variable. */
  readonly ignoresCase: boolean
  /** One comment line, without its end. */
  comment(text: string): string
  /** Whether the language takes the name as a variable: its identifier grammar, no reserved word, no leading `_`. */
  isName(name: string): boolean
  /** The value as source. Throws `invalid-parameters`, with a whole sentence, where the language can't hold it. */
  literal(value: JsonValue): string
  assign(name: string, literal: string): string
}

export type Write = (value: JsonValue) => string

/** How one language writes each kind of value. `list` and `dict` write their members with `write`. */
interface Literals {
  readonly null: string
  readonly true: string
  readonly false: string
  readonly nan: string
  readonly infinity: string
  readonly minusInfinity: string
  integer(value: bigint): string
  /** A finite float, with its text as Python's repr writes it. */
  float(value: number, repr: string): string
  string(text: string): string
  list(items: readonly JsonValue[], write: Write): string
  dict(entries: JsonObject, write: Write): string
}

interface Language {
  readonly language: string
  readonly comment: readonly [before: string, after: string]
  readonly name: RegExp
  /** Keywords, and names that the language or our own literals give a meaning. In lower case where case is ignored. */
  readonly reserved: ReadonlySet<string>
  readonly ignoresCase?: boolean
  readonly literals: Literals
  readonly assign: (name: string, literal: string) => string
}

/** The words of a list written over several lines. */
export function words(...lines: readonly string[]): ReadonlySet<string> {
  return new Set(lines.flatMap((line) => line.split(' ')))
}

/** Python's tokenizer stops at 200 brackets inside one another, other compilers sooner or later. */
const MAX_DEPTH = 100

export function defineLanguage(given: Language): Translator {
  const { literals } = given
  const [before, after] = given.comment

  function literal(value: JsonValue): string {
    if (value === null) return literals.null
    if (typeof value === 'boolean') return value ? literals.true : literals.false
    if (typeof value === 'string') return literals.string(value)
    if (value instanceof JsonNumber) return number(value)
    return Array.isArray(value) ? literals.list(value, literal) : literals.dict(value, literal)
  }

  function number(value: JsonNumber): string {
    const read = readNumber(value)
    if (read.kind === 'integer') return literals.integer(read.value)
    if (Number.isFinite(read.value)) return literals.float(read.value, read.repr)
    if (Number.isNaN(read.value)) return literals.nan
    return read.value > 0 ? literals.infinity : literals.minusInfinity
  }

  return {
    language: given.language,
    ignoresCase: given.ignoresCase ?? false,
    // Line ends and what ends a block comment would let the rest of the text out as source.
    comment: (text) => `${before}${text.replace(/[\p{Cc}\u2028\u2029]|[*"]/gu, ' ').trim()}${after}`.trim(),
    isName: (name) =>
      given.name.test(name) &&
      // Some languages fold names to a normal form; then two names could be one variable.
      name === name.normalize('NFKC') &&
      // Most languages take letters of one UTF-16 unit only.
      !/[\u{10000}-\u{10ffff}]/u.test(name) &&
      !name.startsWith('_') &&
      !given.reserved.has(given.ignoresCase ? name.toLowerCase() : name),
    literal: (value) => {
      if (isDeeper(value, MAX_DEPTH))
        refuse(`Lists and objects may lie at most ${MAX_DEPTH} deep in one another.`)
      return literal(value)
    },
    assign: given.assign,
  }
}

function isDeeper(value: JsonValue, levels: number): boolean {
  if (!Array.isArray(value) && !isObject(value)) return false
  return levels === 0 || [...value.values()].some((member) => isDeeper(member, levels - 1))
}
