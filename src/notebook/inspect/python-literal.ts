import { JsonNumber, type JsonObject, type JsonValue, pythonFloat } from '../json.ts'
import type { Token } from './python-tokens.ts'

/** What a literal is. `exact` is false where JSON has no such value but a near one: a tuple is a list there. */
export interface Literal {
  readonly value: JsonValue
  readonly exact: boolean
}

const MAX_DEPTH = 50
/** Python itself reads no longer decimal integer. */
const MAX_DIGITS = 4300

/** The value of an expression that is a literal; undefined of any other, also where JSON has no near value (sets, bytes). */
export function pythonLiteral(tokens: readonly Token[]): Literal | undefined {
  const reader = new LiteralReader(tokens)
  const value = reader.whole()
  return value === undefined ? undefined : { value, exact: reader.exact }
}

class LiteralReader {
  exact = true
  readonly #tokens: readonly Token[]
  #at = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  whole(): JsonValue | undefined {
    const value = this.#listOrSingle(undefined, 0)
    return this.#at === this.#tokens.length ? value : undefined
  }

  #value(depth: number): JsonValue | undefined {
    const token = this.#tokens[this.#at]
    if (token === undefined || depth > MAX_DEPTH) return undefined
    this.#at += 1
    switch (token.kind) {
      case 'number':
        return numberOf(token.text, '')
      case 'string':
        return this.#string(token.text)
      case 'name':
        return WORDS.get(token.text)
      case 'op':
        return this.#compound(token.text, depth + 1)
      default:
        return undefined
    }
  }

  #compound(opening: string, depth: number): JsonValue | undefined {
    if (opening === '[') return this.#items(']', depth)
    if (opening === '(') return this.#listOrSingle(')', depth)
    if (opening === '{') return this.#dict(depth)
    const sign = opening === '-' ? '-' : ''
    const number = opening === '-' || opening === '+' ? this.#tokens[this.#at] : undefined
    if (number?.kind !== 'number') return undefined
    this.#at += 1
    return numberOf(number.text, sign)
  }

  /** In parentheses, or at the top: a tuple where there is a comma, else what is inside. */
  #listOrSingle(closing: string | undefined, depth: number): JsonValue | undefined {
    if (this.#takes(closing)) {
      this.exact = false
      return []
    }
    const first = this.#value(depth)
    if (first === undefined || this.#takes(closing)) return first
    if (!this.#takes(',')) return closing === undefined ? first : undefined
    this.exact = false
    const rest = this.#items(closing, depth)
    return rest && [first, ...rest]
  }

  #items(closing: string | undefined, depth: number): JsonValue[] | undefined {
    const items: JsonValue[] = []
    while (!this.#takes(closing)) {
      if (closing === undefined && this.#at === this.#tokens.length) return items
      const item = this.#value(depth)
      if (item === undefined) return undefined
      items.push(item)
      if (this.#takes(',')) continue
      if (closing === undefined) return items
      return this.#takes(closing) ? items : undefined
    }
    return items
  }

  #dict(depth: number): JsonObject | undefined {
    const object: JsonObject = new Map()
    while (!this.#takes('}')) {
      const key = this.#value(depth)
      if (typeof key !== 'string' || !this.#takes(':')) return undefined
      const value = this.#value(depth)
      if (value === undefined) return undefined
      object.set(key, value)
      if (!this.#takes(',')) return this.#takes('}') ? object : undefined
    }
    return object
  }

  /** Strings that follow each other are one. */
  #string(first: string): string | undefined {
    let text = stringOf(first)
    for (let next = this.#tokens[this.#at]; next?.kind === 'string'; next = this.#tokens[this.#at]) {
      const more = stringOf(next.text)
      text = text === undefined || more === undefined ? undefined : text + more
      this.#at += 1
    }
    return text
  }

  #takes(op: string | undefined): boolean {
    const token = this.#tokens[this.#at]
    if (op === undefined || token?.kind !== 'op' || token.text !== op) return false
    this.#at += 1
    return true
  }
}

const WORDS: ReadonlyMap<string, JsonValue> = new Map<string, JsonValue>([
  ['None', null],
  ['True', true],
  ['False', false],
])

function numberOf(text: string, sign: string): JsonNumber | undefined {
  const digits = text.replaceAll('_', '')
  if (/[jJ]$/.test(digits)) return undefined
  if (!/^(?:0[xXoObB]|\d+$)/.test(digits)) {
    const value = Number(sign + digits)
    return Number.isFinite(value) ? new JsonNumber(pythonFloat(value)) : undefined
  }
  // `0x` alone, or `012`, is an error in Python.
  if (
    digits.length > MAX_DIGITS ||
    /^0\d*[1-9]/.test(digits) ||
    !/^(?:\d+|0[xX][\da-fA-F]+|0[oO][0-7]+|0[bB][01]+)$/.test(digits)
  ) {
    return undefined
  }
  const size = String(BigInt(digits))
  return new JsonNumber(size === '0' ? '0' : sign + size)
}

const SIMPLE_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\n', ''],
  ['\\', '\\'],
  ["'", "'"],
  ['"', '"'],
  ['a', '\x07'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
])
const ESCAPE = /\\(?:([0-7]{1,3})|x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|(.))/gs

/** The text of a string token; undefined of bytes, f-strings, and characters by name or by half. */
function stringOf(token: string): string | undefined {
  const [, prefix = '', quotes = '"'] = /^([A-Za-z]*)("""|'''|"|')/.exec(token) ?? []
  if (/[bft]/i.test(prefix)) return undefined
  const body = token.slice(prefix.length + quotes.length, -quotes.length)
  if (/r/i.test(prefix)) return body
  let readable = true
  const text = body.replace(
    ESCAPE,
    (whole, octal?: string, x?: string, u?: string, long?: string, other?: string) => {
      if (other !== undefined) {
        // \N{name}, and \x, \u, \U with too few digits, which Python refuses.
        if (/[NxuU]/.test(other)) readable = false
        return SIMPLE_ESCAPES.get(other) ?? whole
      }
      const code = octal === undefined ? Number.parseInt(x ?? u ?? long ?? '', 16) : Number.parseInt(octal, 8)
      // Two halves written as escapes stay two in Python; JavaScript would make them one character.
      if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) readable = false
      return readable ? String.fromCodePoint(code) : ''
    },
  )
  return readable ? text : undefined
}
