import { JsonNumber, type JsonValue, pythonFloat } from '../json.ts'
import type { CellParameter } from './cell-parameter.ts'

/** How a language writes one-line assignments of single values. Anything else has a value that is not known. */
interface LineLanguage {
  /** Groups: name, type (or nothing), the text of the value and its comment. */
  readonly assignment: RegExp
  readonly words: ReadonlyMap<string, JsonValue>
  /** The value of other texts: numbers and quoted strings. */
  read(text: string): JsonValue | undefined
}

const JULIA_INTEGER = /^-?(?:0|[1-9]\d{0,17})$/
const DECIMAL = /^-?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?$/

const R: LineLanguage = {
  assignment: /^([A-Za-z][\w.]*)()\s*(?:<-|=)(?!=)\s*(.*)$/,
  words: new Map<string, JsonValue>([
    ['NULL', null],
    ['TRUE', true],
    ['FALSE', false],
  ]),
  // A number without L is a double in R, whatever it looks like.
  read: (text) =>
    /^-?\d{1,9}L$/.test(text) ? integer(text.slice(0, -1)) : (decimal(text) ?? quoted(text, /["']/)),
}

const JULIA: LineLanguage = {
  assignment: /^([A-Za-z]\w*)(?:::(\w+))?\s*=(?!=)\s*(.*)$/,
  words: new Map<string, JsonValue>([
    ['nothing', null],
    ['true', true],
    ['false', false],
  ]),
  read: (text) => {
    if (JULIA_INTEGER.test(text)) return integer(text)
    // `$` interpolates.
    return decimal(text) ?? (text.includes('$') ? undefined : quoted(text, /"/))
  },
}

const BASH: LineLanguage = {
  assignment: /^(?:export\s+)?([A-Za-z]\w*)()=(.*)$/,
  words: new Map<string, JsonValue>([['', '']]),
  read: (text) => {
    if (JULIA_INTEGER.test(text) && text !== '-0') return integer(text)
    if (/^[\w./:@%+,-]+$/.test(text)) return text
    if (/^'[^']*'$/.test(text)) return text.slice(1, -1)
    return /^"[^"\\$`!]*"$/.test(text) ? text.slice(1, -1) : undefined
  },
}

const LANGUAGES: ReadonlyMap<string, LineLanguage> = new Map([
  ['r', R],
  ['julia', JULIA],
  ['bash', BASH],
])

/** The variables that a cell of R, Julia or bash sets on lines of their own; undefined of other languages. */
export function lineParameters(source: string, language: string): CellParameter[] | undefined {
  const rules = LANGUAGES.get(language)
  if (rules === undefined) return undefined
  const found = new Map<string, CellParameter>()
  let above: string[] = []
  for (const line of source.split(/\r\n?|\n/)) {
    if (line.startsWith('#')) {
      above.push(line.replace(/^#+/, '').trim())
      continue
    }
    const [, name, , rest] = rules.assignment.exec(line) ?? []
    if (name !== undefined && rest !== undefined) {
      const { text, comment } = withoutComment(rest)
      const value = rules.words.has(text) ? rules.words.get(text) : rules.read(text)
      const description = comment || above.filter((one) => !/^parameters?$/i.test(one)).join(' ') || undefined
      found.set(name, { name, source: text, value, exact: true, description })
    }
    above = []
  }
  return [...found.values()]
}

const QUOTED = /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'/y

/** A `#` after a blank starts a comment, unless a quote is open before it. */
function withoutComment(rest: string): { text: string; comment: string } {
  const at = commentStart(rest)
  const text = rest.slice(0, at).trim()
  const comment = rest.slice(at).replace(/^#+/, '').trim()
  return { text: text.endsWith(';') ? text.slice(0, -1).trimEnd() : text, comment }
}

/** By hand: one expression for it would take the square of a line's length. */
function commentStart(rest: string): number {
  let at = 0
  while (at < rest.length) {
    const next = rest[at]
    if (next === '#' && /\s/.test(rest[at - 1] ?? '')) return at
    if (next === '"' || next === "'") {
      QUOTED.lastIndex = at
      if (!QUOTED.test(rest)) return rest.length
      at = QUOTED.lastIndex
    } else at += 1
  }
  return rest.length
}

function integer(text: string): JsonNumber {
  return new JsonNumber(text)
}

function decimal(text: string): JsonNumber | undefined {
  const value = DECIMAL.test(text) ? Number(text) : Number.NaN
  return Number.isFinite(value) ? new JsonNumber(pythonFloat(value)) : undefined
}

/** A string in quotes with no escape but those of quotes and backslashes. */
function quoted(text: string, quote: RegExp): string | undefined {
  const first = text[0] ?? ''
  const body = text.slice(1, -1)
  if (!quote.test(first) || text.length < 2 || !text.endsWith(first)) return undefined
  if (/\\[^\\"']/.test(body) || new RegExp(`(?<!\\\\)(?:\\\\\\\\)*${first}`).test(body)) return undefined
  return body.replace(/\\(.)/g, '$1')
}
