import timers from 'node:timers/promises'
import { notebookRanges, type Range } from '../notebook/cell-ranges.ts'
import { ERROR_MARKER } from '../notebook/injected-cell.ts'
import { isObject, type JsonObject, parseJson } from '../notebook/json.ts'
import { joinCell } from '../notebook/lines.ts'
import { isErrorMarker } from './run-cell.ts'

/** Papermill's marks are no larger. */
const MAX_MARKER_BYTES = 4_000

/** The cells of a notebook's bytes, each read when it is asked for. */
export class NotebookCells {
  readonly #bytes: Uint8Array
  readonly #cells: readonly Range[]
  readonly #metadata: Range | undefined
  /** The cell before which papermill's mark stands. */
  readonly failed: number | undefined

  private constructor(
    bytes: Uint8Array,
    cells: readonly Range[],
    { metadata, failed }: { readonly metadata: Range | undefined; readonly failed: number | undefined },
  ) {
    this.#bytes = bytes
    this.#cells = cells
    this.#metadata = metadata
    this.failed = failed
  }

  /** Without the marks of an error, so that cells have the numbers that they had when it ran. Throws `invalid-notebook`. */
  static async read(bytes: Uint8Array): Promise<NotebookCells> {
    const walk = notebookRanges(bytes)
    let step = walk.next()
    while (!step.done) {
      await timers.setImmediate()
      step = walk.next()
    }
    const cells: Range[] = []
    let failed: number | undefined
    for (const range of step.value.cells) {
      if (!isMarker(bytes, range)) cells.push(range)
      else if (cells.length > 0 || failed !== undefined) failed = cells.length
      else failed = 0
    }
    return new NotebookCells(bytes, cells, { metadata: step.value.metadata, failed })
  }

  get total(): number {
    return this.#cells.length
  }

  get byteLength(): number {
    return this.#bytes.byteLength
  }

  /** The cell with its texts joined; empty where there is none, or nothing that can be read. */
  node(index: number): JsonObject {
    const node = objectIn(this.#bytes, this.#cells[index])
    joinCell(node)
    return node
  }

  /** Of the notebook. */
  metadata(): JsonObject {
    return objectIn(this.#bytes, this.#metadata)
  }
}

function isMarker(bytes: Uint8Array, range: Range): boolean {
  if (range.end - range.start > MAX_MARKER_BYTES) return false
  if (
    !Buffer.from(bytes.buffer, bytes.byteOffset + range.start, range.end - range.start).includes(ERROR_MARKER)
  )
    return false
  return isErrorMarker(objectIn(bytes, range))
}

function objectIn(bytes: Uint8Array, range: Range | undefined): JsonObject {
  if (range === undefined) return new Map()
  try {
    const value = parseJson(new TextDecoder().decode(bytes.subarray(range.start, range.end)))
    return isObject(value) ? value : new Map()
  } catch (error) {
    // Somebody may have changed the file by hand: the other cells are shown.
    if (error instanceof SyntaxError) return new Map()
    throw error
  }
}
