import { JsonNumber, type JsonObject, type JsonValue } from './json-value.ts'

/**
 * Python's `json` gives up at about a thousand levels and nbformat at about half of that, so a deeper notebook could
 * be opened by nobody; and a stack has an end.
 */
const MAX_DEPTH = 400

/**
 * Fifty million bytes can be fifteen million values, which take gigabytes here, in a thread that is then busy collecting
 * garbage and can't even be stopped. So memory has a price: 1 for a value, 2 more for a name, 4 more for a list or object.
 */
const MAX_COST = 6_000_000
const NAME_COST = 2
const CONTAINER_COST = 4

/** Anything but blanks, so that one search skips a run of them. */
const blanks = /[ \t\n\r]*/y
const number = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?/y
const words: ReadonlyArray<readonly [string, JsonValue]> = [
  ['null', null],
  ['true', true],
  ['false', false],
  ['NaN', new JsonNumber('NaN')],
  ['Infinity', new JsonNumber('Infinity')],
  ['-Infinity', new JsonNumber('-Infinity')],
]

/**
 * Parses what Python's `json.loads` parses: JSON, and the words `NaN`, `Infinity` and `-Infinity`; of members with
 * one name the last wins. Throws SyntaxError that says where, also for nesting deeper than 400, and for
 * more values (millions) than there is memory for.
 */
export function parseJson(text: string): JsonValue {
  const parser = new Parser(text)
  const value = parser.value(0)
  parser.end()
  return value
}

class Parser {
  readonly #text: string
  #position = 0
  #cost = 0

  constructor(text: string) {
    this.#text = text
  }

  value(depth: number): JsonValue {
    this.#skipBlanks()
    this.#spend(1)
    switch (this.#text.charCodeAt(this.#position)) {
      case 0x22:
        return this.#string()
      case 0x7b:
        return this.#object(depth)
      case 0x5b:
        return this.#array(depth)
      default:
        return this.#number() ?? this.#word()
    }
  }

  end(): void {
    this.#skipBlanks()
    if (this.#position < this.#text.length) this.#fail('Nothing may follow the value')
  }

  #object(depth: number): JsonObject {
    this.#descend(depth)
    const object: JsonObject = new Map()
    if (this.#takes('}')) return object
    do {
      this.#skipBlanks()
      if (this.#text[this.#position] !== '"') this.#fail('A name in double quotes is expected')
      this.#spend(NAME_COST)
      const key = this.#string()
      if (!this.#takes(':')) this.#fail("':' is expected")
      object.set(key, this.value(depth + 1))
    } while (this.#takes(','))
    if (!this.#takes('}')) this.#fail("',' or '}' is expected")
    return object
  }

  #array(depth: number): JsonValue[] {
    this.#descend(depth)
    const array: JsonValue[] = []
    if (this.#takes(']')) return array
    do array.push(this.value(depth + 1))
    while (this.#takes(','))
    if (!this.#takes(']')) this.#fail("',' or ']' is expected")
    return array
  }

  #descend(depth: number): void {
    if (depth >= MAX_DEPTH) this.#fail(`Nothing may be nested deeper than ${MAX_DEPTH} levels`)
    this.#spend(CONTAINER_COST)
    this.#position += 1
  }

  #spend(cost: number): void {
    this.#cost += cost
    if (this.#cost > MAX_COST) this.#fail('It holds more values than there is memory for')
  }

  /** From the opening quote at the position. Searches natively: an output of 20 MB is one string. */
  #string(): string {
    const start = this.#position
    let close = this.#text.indexOf('"', start + 1)
    while (close !== -1 && this.#isEscaped(close)) close = this.#text.indexOf('"', close + 1)
    if (close === -1) this.#fail('The string that starts here has no end')
    this.#position = close + 1
    try {
      const value: unknown = JSON.parse(this.#text.slice(start, close + 1))
      return String(value)
    } catch {
      this.#position = start
      return this.#fail('The string that starts here has a wrong escape or an unescaped control character')
    }
  }

  /** A quote is escaped by an odd number of backslashes before it. */
  #isEscaped(quote: number): boolean {
    let first = quote
    while (this.#text.charCodeAt(first - 1) === 0x5c) first -= 1
    return (quote - first) % 2 === 1
  }

  #number(): JsonNumber | undefined {
    number.lastIndex = this.#position
    const raw = number.exec(this.#text)?.[0]
    if (raw === undefined) return undefined
    this.#position += raw.length
    return new JsonNumber(raw)
  }

  #word(): JsonValue {
    const found = words.find(([word]) => this.#text.startsWith(word, this.#position))
    if (found === undefined) return this.#fail('A value is expected')
    this.#position += found[0].length
    return found[1]
  }

  #takes(character: string): boolean {
    this.#skipBlanks()
    if (this.#text[this.#position] !== character) return false
    this.#position += 1
    return true
  }

  #skipBlanks(): void {
    if (this.#text.charCodeAt(this.#position) > 0x20) return
    blanks.lastIndex = this.#position
    blanks.test(this.#text)
    this.#position = blanks.lastIndex
  }

  #fail(what: string): never {
    const before = this.#text.slice(0, this.#position)
    const line = before.split('\n').length
    const column = this.#position - before.lastIndexOf('\n')
    throw new SyntaxError(`${what} at line ${line}, column ${column}`)
  }
}
