import { RunnerError } from '../errors.ts'

/** Bytes from `start` up to `end`. */
export interface Range {
  readonly start: number
  readonly end: number
}

export interface NotebookRanges {
  readonly cells: readonly Range[]
  readonly metadata: Range | undefined
}

/** After so many bytes it pauses, so that whoever walks through a large notebook can do other things. */
const PAUSE_BYTES = 4_000_000

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a]
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d]

/**
 * Where in the bytes of an .ipynb file its cells and its metadata are, found without reading what is in them: a page that
 * shows ten cells of five thousand reads ten. Pauses now and then. What is found is JSON as far as its brackets and texts
 * go; who reads it sees the rest. Throws `invalid-notebook`.
 */
export function* notebookRanges(bytes: Uint8Array): Generator<undefined, NotebookRanges> {
  const scanner = new Scanner(bytes)
  let cells: readonly Range[] = []
  let metadata: Range | undefined
  scanner.take(OPEN_OBJECT)
  while (!scanner.isAt(CLOSE_OBJECT)) {
    const name = scanner.value()
    scanner.take(COLON)
    const text = bytes.subarray(name.start, name.end)
    if (isText(text, '"cells"') && scanner.isAt(OPEN_LIST)) cells = yield* items(scanner)
    else if (isText(text, '"metadata"')) metadata = scanner.value()
    else scanner.value()
    if (!scanner.isAt(CLOSE_OBJECT)) scanner.take(COMMA)
  }
  return { cells, metadata }
}

function* items(scanner: Scanner): Generator<undefined, readonly Range[]> {
  const found: Range[] = []
  let paused = scanner.position
  scanner.take(OPEN_LIST)
  while (!scanner.isAt(CLOSE_LIST)) {
    found.push(scanner.value())
    if (!scanner.isAt(CLOSE_LIST)) scanner.take(COMMA)
    if (scanner.position - paused < PAUSE_BYTES) continue
    paused = scanner.position
    yield undefined
  }
  scanner.take(CLOSE_LIST)
  return found
}

class Scanner {
  position = 0
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** The next thing but blanks is this. */
  isAt(byte: number): boolean {
    while (isBlank(this.#bytes[this.position])) this.position++
    return this.#bytes[this.position] === byte
  }

  take(byte: number): void {
    if (!this.isAt(byte)) throw broken()
    this.position++
  }

  /** Passes one value, whatever is in it. */
  value(): Range {
    // Passes blanks.
    this.isAt(QUOTE)
    const start = this.position
    let depth = 0
    do {
      const byte = this.#bytes[this.position]
      if (byte === undefined) throw broken()
      if (byte === QUOTE) {
        this.#text()
        continue
      }
      if (byte === OPEN_LIST || byte === OPEN_OBJECT) depth++
      else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) depth--
      if (depth < 0) throw broken()
      this.position++
      if (depth === 0 && byte !== CLOSE_LIST && byte !== CLOSE_OBJECT) this.#word()
    } while (depth > 0)
    return { start, end: this.position }
  }

  #text(): void {
    let end = this.position
    do {
      end = this.#bytes.indexOf(QUOTE, end + 1)
      if (end < 0) throw broken()
    } while (this.#isEscaped(end))
    this.position = end + 1
  }

  #isEscaped(at: number): boolean {
    let before = at
    while (this.#bytes[before - 1] === BACKSLASH) before--
    return (at - before) % 2 === 1
  }

  /** The rest of a number, or of a word such as `null`. */
  #word(): void {
    for (;;) {
      const byte = this.#bytes[this.position]
      if (byte === undefined || isBlank(byte) || byte === COMMA) return
      if (byte === CLOSE_LIST || byte === CLOSE_OBJECT || byte === COLON || byte === QUOTE) return
      this.position++
    }
  }
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}

function isText(bytes: Uint8Array, text: string): boolean {
  return bytes.length === text.length && bytes.every((byte, index) => byte === text.charCodeAt(index))
}

function broken(): RunnerError {
  return new RunnerError(
    'invalid-notebook',
    'The stored notebook is not JSON any more: its cells can’t be read.',
  )
}
