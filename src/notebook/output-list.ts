import type { JsonObject, JsonValue } from './json.ts'
import { StreamText, type TextChange } from './stream-text.ts'
import { jsonBytes } from './text-bytes.ts'

/** A change of a list of outputs. */
export type ListChange =
  /** An output as nbformat has it, a stream's text as one text. */
  | { readonly type: 'append'; readonly output: JsonObject; readonly displayId?: string }
  /** The last output is a stream: from the end of its text so many UTF-16 units go away, and this is added. */
  | ({ readonly type: 'text' } & TextChange)
  | { readonly type: 'replace'; readonly index: number; readonly output: JsonObject }
  | { readonly type: 'clear' }

type Item =
  | { readonly kind: 'stream'; readonly name: JsonValue; readonly text: StreamText }
  | { readonly kind: 'other'; readonly output: JsonObject; readonly bytes: number }

/** The outputs of one cell. A stream grows in pieces, so that a cell may print for as long as it likes. */
export class OutputList {
  #items: Item[] = []
  #bytes = 0
  readonly #displays = new Map<string, number[]>()

  get length(): number {
    return this.#items.length
  }

  /** About what the outputs take in the file. */
  get bytes(): number {
    return this.#bytes
  }

  /** The places where a display id is shown. */
  shown(displayId: string): readonly number[] {
    return this.#displays.get(displayId) ?? []
  }

  /** As nbformat has them, a stream's text as one text, or as `textOf` has it. */
  outputs(textOf?: (text: StreamText) => JsonValue): JsonObject[] {
    return this.#items.map((item) => outputOf(item, textOf))
  }

  /** Those that are no stream: none of these is made anew. */
  shows(): JsonObject[] {
    return this.#items.flatMap((item) => (item.kind === 'other' ? [item.output] : []))
  }

  at(index: number): JsonObject | undefined {
    const item = this.#items[index]
    return item && outputOf(item)
  }

  apply(change: ListChange): void {
    switch (change.type) {
      case 'append':
        if (change.displayId !== undefined) {
          this.#displays.set(change.displayId, [...this.shown(change.displayId), this.length])
        }
        this.#put(this.length, change.output)
        break
      case 'replace':
        this.#put(change.index, change.output)
        break
      case 'text':
        this.#edit((text) => text.apply(change))
        break
      case 'clear':
        this.#items = []
        this.#bytes = 0
        this.#displays.clear()
    }
  }

  /**
   * Adds to the stream of that name if it is the last output, else starts one; with no more than so many bytes in all
   * it tells what changed and how many bytes had no room.
   */
  write(
    name: JsonValue,
    printed: string,
    room: number,
  ): { readonly change: ListChange; readonly cut: number } {
    const last = this.#items.at(-1)
    if (last?.kind === 'stream' && last.name === name) {
      const { cut, ...change } = this.#edit((text) => text.write(printed, text.bytes + room))
      return { change: { type: 'text', ...change }, cut }
    }
    const { text, cut } = new StreamText().write(printed, room)
    const change: ListChange = { type: 'append', output: streamOutput(name, text) }
    this.apply(change)
    return { change, cut }
  }

  #edit<Result>(edit: (text: StreamText) => Result): Result {
    const last = this.#items.at(-1)
    if (last?.kind !== 'stream') throw new TypeError('The last output is no stream')
    const before = last.text.bytes
    const result = edit(last.text)
    this.#bytes += last.text.bytes - before
    return result
  }

  #put(index: number, output: JsonObject): void {
    const text = output.get('text')
    const item: Item =
      output.get('output_type') === 'stream' && typeof text === 'string'
        ? { kind: 'stream', name: output.get('name') ?? null, text: new StreamText(text) }
        : { kind: 'other', output, bytes: jsonBytes(output) }
    this.#bytes += bytesOf(item) - bytesOf(this.#items[index])
    this.#items[index] = item
  }
}

function bytesOf(item: Item | undefined): number {
  return item === undefined ? 0 : item.kind === 'stream' ? item.text.bytes : item.bytes
}

function outputOf(item: Item, textOf: (text: StreamText) => JsonValue = String): JsonObject {
  return item.kind === 'stream' ? streamOutput(item.name, textOf(item.text)) : item.output
}

export function streamOutput(name: JsonValue, text: JsonValue): JsonObject {
  return new Map<string, JsonValue>([
    ['name', name],
    ['output_type', 'stream'],
    ['text', text],
  ])
}
