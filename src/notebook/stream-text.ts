import { startWithin, utf8Length } from './text-bytes.ts'

/** What became of the end of a text: so many UTF-16 units went away, then this was added. */
export interface TextChange {
  readonly drop: number
  readonly text: string
}

/**
 * The text of a stream, kept in pieces so that it grows in linear time. Written as a terminal would: a carriage
 * return that no line end follows starts the line anew (as nbclient has it, the whole line goes), and a backspace takes
 * away the character before it on its line.
 */
export class StreamText {
  readonly #pieces: string[] = []
  #length = 0
  #bytes = 0
  /** Where the current line starts. */
  #line = 0
  /** The text ends with a carriage return, of which the next character decides. */
  #carriage = false

  constructor(text = '') {
    this.#push(text)
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Adds what the kernel printed, up to so many bytes in all, and tells what changed and how many bytes had no room. */
  write(printed: string, maxBytes = Number.POSITIVE_INFINITY): TextChange & { readonly cut: number } {
    const before = this.#length
    let low = before
    for (const token of this.#tokens(printed)) {
      if (token === '\b') this.#backspace()
      else {
        if (this.#carriage && token !== '\n') this.#drop(this.#length - this.#line)
        low = Math.min(low, this.#length)
        this.#push(token)
      }
      low = Math.min(low, this.#length)
    }
    const cut = Math.max(0, this.#bytes - maxBytes)
    if (cut > 0) this.#shorten(maxBytes)
    low = Math.min(low, this.#length)
    return { drop: before - low, text: this.#from(low), cut }
  }

  /** Makes a change that `write` told of. */
  apply({ drop, text }: TextChange): void {
    this.#drop(drop)
    this.#push(text)
  }

  /** What makes up the text; later changes don't change it. */
  pieces(): readonly string[] {
    return [...this.#pieces]
  }

  toString(): string {
    if (this.#pieces.length > 1) this.#pieces.splice(0, this.#pieces.length, this.#pieces.join(''))
    return this.#pieces[0] ?? ''
  }

  #tokens(printed: string): readonly string[] {
    if (!this.#carriage && !/[\r\b]/.test(printed)) return [printed]
    return printed.match(/[\r\b]|[^\r\b\n]+|\n[^\r\b]*/g)?.flatMap(lineEndApart) ?? []
  }

  #backspace(): void {
    if (this.#length === this.#line) return
    const last = this.#pieces.at(-1) ?? ''
    this.#drop(/[\ud800-\udbff][\udc00-\udfff]$/.test(last) ? 2 : 1)
  }

  #push(text: string): void {
    if (text === '') return
    const end = text.lastIndexOf('\n')
    if (end >= 0) this.#line = this.#length + end + 1
    this.#pieces.push(text)
    this.#length += text.length
    this.#bytes += utf8Length(text)
    this.#carriage = text.endsWith('\r')
  }

  #drop(count: number): void {
    let left = count
    while (left > 0) {
      const last = this.#pieces.pop() ?? ''
      const kept = last.slice(0, Math.max(0, last.length - left))
      if (kept !== '') this.#pieces.push(kept)
      const gone = last.slice(kept.length)
      if (gone === '') break
      left -= gone.length
      this.#length -= gone.length
      this.#bytes -= utf8Length(gone)
    }
    this.#line = Math.min(this.#line, this.#length)
    this.#carriage = this.#pieces.at(-1)?.endsWith('\r') ?? false
  }

  /** Takes away from the end until there are no more than so many bytes. */
  #shorten(bytes: number): void {
    while (this.#bytes > bytes) {
      const last = this.#pieces.at(-1) ?? ''
      const room = bytes - (this.#bytes - utf8Length(last))
      this.#drop(last.length - startWithin(last, Math.max(0, room)).length)
    }
  }

  #from(start: number): string {
    const tail: string[] = []
    let length = this.#length
    for (let at = this.#pieces.length - 1; length > start; at -= 1) {
      const piece = this.#pieces[at] ?? ''
      length -= piece.length
      tail.push(length < start ? piece.slice(start - length) : piece)
    }
    return tail.reverse().join('')
  }
}

/** A line end stands alone where something follows it, so that a carriage return before it is told from others. */
function lineEndApart(token: string): string[] {
  return token.length > 1 && token.startsWith('\n') ? ['\n', token.slice(1)] : [token]
}
