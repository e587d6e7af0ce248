import { type Cell, tagsOf } from './cell.ts'
import { type Notebook, readNotebook } from './document.ts'
import { errorMarker, type MarkerPlace, remarkMarker } from './error-marker.ts'
import { hole } from './injected-cell.ts'
import {
  fromPlain,
  isObject,
  JsonNumber,
  type JsonObject,
  type JsonValue,
  pythonFloat,
  pythonJson,
} from './json.ts'
import { splitCell } from './lines.ts'
import { linesInChunks } from './long-text.ts'
import { type OutputChange, RunOutputs } from './outputs.ts'
import type { StreamText } from './stream-text.ts'

/** What an execution has to know of a cell. Cells are counted from 0, over cells of all types. */
export interface ExecutableCell {
  readonly index: number
  readonly source: string
  /** Code that is not blank and not tagged `skip-execution`. */
  readonly runs: boolean
  /** Tagged `raises-exception`: the run goes on after an error in it. */
  readonly mayFail: boolean
}

/** A time; a `Date` is one. */
export interface Moment {
  getTime(): number
  toISOString(): string
}

export interface CellEnd {
  readonly status: 'completed' | 'failed'
  /** The kernel's number. */
  readonly executionCount: number | undefined
  readonly at: Moment
}

export interface NotebookEnd {
  readonly at: Moment
  /** True for a run that failed or was cancelled. */
  readonly exception: boolean
  /** Cells that point to it are put into the notebook; the next preparation takes them away again. */
  readonly failedCell?: number
}

interface Progress {
  status: 'pending' | 'running' | 'completed' | 'failed'
  start: Moment | undefined
  end: Moment | undefined
  executionCount: number | undefined
  /** The cell as it is in the file, while nothing changes it. */
  bytes: Uint8Array | undefined
}

/**
 * A prepared notebook with what its run has brought about so far, as papermill writes it: at the start without the
 * outputs of earlier runs, then with each cell's own, and with papermill's metadata of cells and notebook
 * (docs/papermill.md). What has been reported of an earlier part of the run can be reported again in the same order.
 */
export class ExecutedNotebook {
  readonly outputs = new RunOutputs()
  readonly cells: readonly ExecutableCell[]
  readonly #notebook: Notebook
  readonly #newId: () => string
  #remarkId: string | undefined
  readonly #progress: readonly Progress[]
  readonly #papermill: JsonObject
  /** Shown in a cell of its own; the next preparation takes it away again. */
  remark: { readonly before: number; readonly text: string } | undefined
  #start: Moment | undefined
  #markers: readonly MarkerPlace[] = []

  /** Throws 'invalid-notebook'. `newId` gives 8 hexadecimal digits that no cell has. */
  constructor(prepared: Uint8Array, newId: () => string) {
    this.#notebook = readNotebook(prepared, newId)
    this.#newId = newId
    this.cells = this.#notebook.cells.map(executable)
    this.#progress = this.cells.map(() => ({
      status: 'pending',
      start: undefined,
      end: undefined,
      executionCount: undefined,
      bytes: undefined,
    }))
    const own = this.#notebook.metadata.get('papermill')
    this.#papermill = isObject(own) ? own : new Map()
    this.#notebook.metadata.set('papermill', this.#papermill)
    this.#notebook.root.set('cells', hole('cells'))
  }

  status(cell: number): Progress['status'] {
    return this.#cell(cell).status
  }

  /** The kernel's number for the cell's execution. */
  executionCount(cell: number): number | undefined {
    return this.#cell(cell).executionCount
  }

  /** When the cell began to run. */
  startOf(cell: number): Moment | undefined {
    return this.#cell(cell).start
  }

  started(at: Moment): void {
    this.#start = at
    this.#papermill.set('start_time', isoText(at))
    for (const key of ['end_time', 'duration', 'exception']) this.#papermill.set(key, null)
  }

  /** The content of the kernel's `kernel_info_reply`. */
  kernelInfo(content: JsonObject): void {
    const language = content.get('language_info')
    if (isObject(language)) this.#notebook.metadata.set('language_info', language)
  }

  cellStarted(cell: number, at: Moment): void {
    this.#pass(cell, at)
    Object.assign(this.#cell(cell), { status: 'running', start: at, bytes: undefined })
  }

  /** Takes note of a change that has been made in `outputs`. */
  changed(cell: number): void {
    this.#cell(cell).bytes = undefined
  }

  /** Makes a change that was reported before. */
  apply(cell: number, change: OutputChange): void {
    this.outputs.apply(cell, change)
    this.changed(cell)
  }

  cellFinished(cell: number, { status, executionCount, at }: CellEnd): void {
    Object.assign(this.#cell(cell), { status, executionCount, end: at, bytes: undefined })
  }

  finished({ at, exception, failedCell }: NotebookEnd): void {
    const ran = this.cells.every(({ runs, index }) => !runs || this.status(index) === 'completed')
    if (ran) this.#pass(this.cells.length, at)
    this.#papermill.set('end_time', isoText(at))
    this.#papermill.set('duration', seconds(this.#start ?? at, at))
    this.#papermill.set('exception', exception || null)
    if (failedCell === undefined) return
    const { executionCount } = this.#cell(failedCell)
    this.#markers = errorMarker(failedCell, executionCount, this.#newId)
  }

  /**
   * The file as it is now, in chunks to be written one after the other, which must not be written to. What has not
   * changed since the last time is not made again. Long texts are encoded each time that the chunks are gone through,
   * which are the same each time, whatever has happened since.
   */
  chunks(): Iterable<Uint8Array> {
    const { root, metadata } = this.#notebook
    const widgets = this.outputs.widgets.metadata()
    if (widgets !== undefined) metadata.set('widgets', widgets)
    const [head = '', tail = ''] = pythonJson(root).split(/\0\w+\0/)
    if (this.cells.length === 0) return [encoder.encode(`${head}[]${tail}`)]
    const markers = [...this.#remarkMarkers(), ...this.#markers]
    const cells = this.cells.flatMap(({ index }) => [
      ...markers.filter(({ before }) => before === index).map(({ node }) => [bytesOf(node)]),
      this.#chunksOf(index),
    ])
    return concatenated([
      [encoder.encode(`${head}[`)],
      ...cells.flatMap((chunks, index) => (index === 0 ? [chunks] : [[COMMA], chunks])),
      [encoder.encode(`\n ]${tail}`)],
    ])
  }

  #remarkMarkers(): readonly MarkerPlace[] {
    if (this.remark === undefined) return []
    this.#remarkId ??= this.#newId()
    return [remarkMarker(this.remark, this.#remarkId)]
  }

  #chunksOf(index: number): Iterable<Uint8Array> {
    const progress = this.#cell(index)
    if (progress.bytes !== undefined) return [progress.bytes]
    const long: (readonly string[])[] = []
    const node = this.#node(index, progress, (text) => {
      if (text.bytes < LONG_TEXT) return text.toString()
      long.push(text.pieces())
      return hole('text')
    })
    if (long.length === 0) {
      progress.bytes = bytesOf(node)
      return [progress.bytes]
    }
    const [before = '', ...rest] = jsonOf(node).split(/\0\w+\0/)
    return concatenated([
      [encoder.encode(before)],
      ...rest.flatMap((text, hole) => [inLines(long[hole] ?? []), [encoder.encode(text)]]),
    ])
  }

  #node(
    index: number,
    { status, start, end, executionCount }: Progress,
    textOf: (text: StreamText) => JsonValue,
  ): JsonObject {
    const cell = this.#notebook.cells[index]
    const node: JsonObject = new Map(cell?.node)
    const metadata: JsonObject = new Map(cell?.metadata)
    metadata.set('papermill', papermillOf(status, start, end))
    node.set('metadata', metadata)
    if (node.get('cell_type') !== 'code') return split(node)
    if (status !== 'pending' && this.cells[index]?.runs) {
      metadata.set('execution', this.outputs.times(index) ?? new Map())
    }
    node.set('execution_count', fromPlain(executionCount ?? null))
    // Copied: the file has their texts in lines, whoever reads them here has them whole.
    node.set('outputs', this.outputs.outputs(index, textOf).map(copied))
    return split(node)
  }

  /** Cells that are not run are done as soon as the run comes past them. */
  #pass(end: number, at: Moment): void {
    for (const { index, runs } of this.cells.slice(this.#passed, end)) {
      if (!runs)
        Object.assign(this.#cell(index), { status: 'completed', start: at, end: at, bytes: undefined })
    }
    this.#passed = Math.max(this.#passed, end)
  }
  #passed = 0

  #cell(index: number): Progress {
    const progress = this.#progress[index]
    if (progress === undefined) throw new RangeError(`The notebook has no cell ${index}`)
    return progress
  }
}

const encoder = new TextEncoder()
/** Bytes of a stream from which on it is encoded while it is written. */
const LONG_TEXT = 256 * 1024
/** Of an output: the cell's are members of a list in a member of it. */
const OUTPUT_DEPTH = 5
const COMMA = encoder.encode(',')

const jsonOf = (node: JsonObject): string => `\n  ${pythonJson(node, 2)}`
const bytesOf = (node: JsonObject): Uint8Array => encoder.encode(jsonOf(node))

const inLines = (pieces: readonly string[]): Iterable<Uint8Array> => ({
  [Symbol.iterator]: () => linesInChunks(pieces, OUTPUT_DEPTH),
})

function concatenated(parts: readonly Iterable<Uint8Array>[]): Iterable<Uint8Array> {
  return {
    *[Symbol.iterator]() {
      for (const part of parts) yield* part
    },
  }
}

function split(node: JsonObject): JsonObject {
  splitCell(node)
  return node
}

function copied(output: JsonObject): JsonObject {
  const data = output.get('data')
  return new Map(isObject(data) ? [...output, ['data', new Map(data)]] : output)
}

function executable(cell: Cell, index: number): ExecutableCell {
  const text = cell.node.get('source')
  const source = typeof text === 'string' ? text : ''
  const tags = tagsOf(cell)
  const isCode = cell.node.get('cell_type') === 'code'
  return {
    index,
    source,
    runs: isCode && source.trim() !== '' && !tags.includes('skip-execution'),
    mayFail: tags.includes('raises-exception'),
  }
}

function papermillOf(
  status: Progress['status'],
  start: Moment | undefined,
  end: Moment | undefined,
): JsonObject {
  return new Map<string, JsonValue>([
    ['duration', start && end ? seconds(start, end) : null],
    ['end_time', end ? isoText(end) : null],
    ['exception', status === 'pending' ? null : status === 'failed'],
    ['start_time', start ? isoText(start) : null],
    ['status', status],
  ])
}

/** As Python's `datetime.isoformat()` in UTC: microseconds, or none where they are zero. */
function isoText(at: Moment): string {
  return at.toISOString().replace('Z', '000+00:00').replace('.000000', '')
}

function seconds(start: Moment, end: Moment): JsonNumber {
  return new JsonNumber(pythonFloat((end.getTime() - start.getTime()) / 1000))
}
