import { errorWithin } from './error-output.ts'
import { isObject, JsonNumber, type JsonObject, type JsonValue } from './json.ts'
import { OutputCaptures } from './output-captures.ts'
import { type ListChange, streamOutput } from './output-list.ts'
import type { OutputChange, RunOutputs } from './outputs.ts'
import { jsonBytes, sizeText, utf8Length } from './text-bytes.ts'
import { widgetChange } from './widget-change.ts'

/** What is read of a message of a kernel: https://jupyter-client.readthedocs.io/en/stable/messaging.html */
export interface OutputMessage {
  readonly type: string
  readonly parentId: string | undefined
  /** UTC with microseconds and `Z`. */
  readonly date: string
  readonly content: JsonObject
  readonly buffers: readonly Uint8Array[]
  /** Why it could not be read; its content is empty then. */
  readonly unread?: string
}

export interface OutputLimits {
  /** About what the outputs of one cell may take in the file. */
  readonly cellBytes: number
  /** About what all outputs and widgets of a run may take in the file. */
  readonly runBytes: number
}

/** A change of a cell, which may be another one than that whose message brought it about. */
export type CellChange = readonly [cell: number, change: OutputChange]

interface CellState {
  /** `clear_output(wait=True)`: the next output clears. */
  clearFirst: boolean
  cutBytes: number
  /** Where the note stands that says what was cut. */
  note: { readonly index: number; readonly limit: string } | undefined
  executionCount: number | undefined
  readonly times: JsonObject
}

/** An error is told even where there is no room for it. */
const ERROR_BYTES = 64_000

/**
 * Turns the messages of a kernel into changes of outputs, by the rules of nbclient (`process_message` and what it
 * calls); docs/papermill.md has the differences. Each change is made in `outputs` before it is returned.
 */
export class OutputReader {
  readonly #outputs: RunOutputs
  readonly #limits: OutputLimits
  readonly #captures = new OutputCaptures()
  readonly #cells = new Map<number, CellState>()

  constructor(outputs: RunOutputs, limits: OutputLimits) {
    this.#outputs = outputs
    this.#limits = limits
  }

  /** A message that belongs to the cell by its parent id. Other types than outputs and comms change nothing. */
  read(cell: number, message: OutputMessage): CellChange[] {
    const { content } = message
    const state = this.#state(cell)
    const count = content.get('execution_count')
    if (count instanceof JsonNumber) state.executionCount = Number(count.raw)
    if (message.unread !== undefined && OUTPUTS.has(message.type)) return this.#leftOut(cell, message.unread)
    switch (message.type) {
      case 'status':
        state.times.set(`iopub.status.${content.get('execution_state')}`, message.date)
        return []
      case 'execute_input':
        state.times.set('iopub.execute_input', message.date)
        return []
      case 'execute_reply':
        state.times.set('shell.execute_reply', message.date)
        return []
      case 'clear_output':
        return this.#clear(cell, message)
      case 'comm_open':
      case 'comm_msg':
        return this.#comm(cell, message)
      case 'stream':
        return this.#stream(cell, message)
      case 'display_data':
      case 'execute_result':
      case 'update_display_data':
        return this.#display(cell, message)
      case 'error':
        return this.#error(cell, message)
      default:
        return []
    }
  }

  /** The number that the kernel gave to the cell's execution. */
  executionCount(cell: number): number | undefined {
    return this.#state(cell).executionCount
  }

  /** What is left to say once a cell has ended: its times, and how much of its output was cut. */
  finish(cell: number): CellChange[] {
    const { times, note, cutBytes } = this.#state(cell)
    // Only what nbclient records: kernels have further states, such as `starting`.
    const known = new Map([...times].filter(([name]) => TIMES.has(name)))
    const changes = this.#make(cell, { type: 'times', times: known })
    if (note === undefined) return changes
    const text = `[Output cut here: ${sizeText(cutBytes)} more, where ${note.limit}.]\n`
    const output = streamOutput('stderr', text)
    return [...changes, ...this.#make(cell, { type: 'replace', index: note.index, output })]
  }

  #stream(cell: number, message: OutputMessage): CellChange[] {
    const [name, text] = [message.content.get('name') ?? 'stdout', message.content.get('text')]
    if (typeof text !== 'string' || text === '') return []
    const model = this.#captures.modelFor(message.parentId)
    const cleared = model === undefined ? this.#clearFirst(cell) : this.#clearCaptured(cell, model)
    const room = this.#room(cell)
    if (room <= 0 || this.#state(cell).note !== undefined)
      return [...cleared, ...this.#cut(cell, utf8Length(text))]
    const { change, cut } =
      model === undefined
        ? this.#outputs.write(cell, name, text, room)
        : this.#outputs.widgets.capture(model, (list) => list.write(name, text, room))
    const written: CellChange = [cell, model === undefined ? change : { type: 'captured', model, change }]
    return [...cleared, written, ...(cut > 0 ? this.#cut(cell, cut) : [])]
  }

  #display(cell: number, message: OutputMessage): CellChange[] {
    const { content, type } = message
    const transient = content.get('transient')
    const given = isObject(transient) ? transient.get('display_id') : undefined
    const displayId = typeof given === 'string' && given !== '' ? given : undefined
    const bundle: [string, JsonValue][] = [
      ['data', content.get('data') ?? new Map()],
      ['metadata', content.get('metadata') ?? new Map()],
    ]
    const updates = displayId === undefined ? [] : this.#update(cell, displayId, bundle)
    if (type === 'update_display_data') return updates
    const output: JsonObject = new Map([...bundle, ['output_type', type]])
    if (type === 'execute_result') output.set('execution_count', content.get('execution_count') ?? null)
    return [...updates, ...this.#append(cell, message.parentId, output, displayId)]
  }

  #update(cell: number, displayId: string, bundle: readonly [string, JsonValue][]): CellChange[] {
    return this.#outputs.shown(displayId).flatMap((place) => {
      const output = new Map([...place.output, ...bundle])
      const more = jsonBytes(output) - jsonBytes(place.output)
      if (more > 0 && more > this.#room(place.cell)) return this.#cut(cell, more)
      return this.#make(place.cell, { type: 'replace', index: place.index, output })
    })
  }

  #error(cell: number, message: OutputMessage): CellChange[] {
    const output: JsonObject = new Map([['output_type', 'error']])
    for (const key of ['ename', 'evalue', 'traceback']) output.set(key, message.content.get(key) ?? null)
    const room = Math.max(this.#state(cell).note === undefined ? this.#room(cell) : 0, ERROR_BYTES)
    return this.#append(cell, message.parentId, errorWithin(output, room), undefined)
  }

  #append(cell: number, parentId: string | undefined, output: JsonObject, displayId?: string): CellChange[] {
    const model = this.#captures.modelFor(parentId)
    const cleared = model === undefined ? this.#clearFirst(cell) : this.#clearCaptured(cell, model)
    const bytes = jsonBytes(output)
    const isError = output.get('output_type') === 'error'
    if (!isError && (this.#state(cell).note !== undefined || bytes > this.#room(cell))) {
      return [...cleared, ...this.#cut(cell, bytes)]
    }
    const change: ListChange =
      displayId === undefined || model !== undefined
        ? { type: 'append', output }
        : { type: 'append', output, displayId }
    return [
      ...cleared,
      ...this.#make(cell, model === undefined ? change : { type: 'captured', model, change }),
    ]
  }

  #clear(cell: number, { parentId, content }: OutputMessage): CellChange[] {
    const wait = content.get('wait') === true
    const model = this.#captures.modelFor(parentId)
    if (model !== undefined) {
      if (wait) this.#captures.clearFirst(model)
      return wait ? [] : this.#make(cell, { type: 'captured', model, change: { type: 'clear' } })
    }
    this.#state(cell).clearFirst = wait || this.#state(cell).clearFirst
    return wait ? [] : this.#clearNow(cell)
  }

  #clearFirst(cell: number): CellChange[] {
    const state = this.#state(cell)
    if (!state.clearFirst) return []
    state.clearFirst = false
    return this.#clearNow(cell)
  }

  #clearNow(cell: number): CellChange[] {
    const state = this.#state(cell)
    state.note = undefined
    state.cutBytes = 0
    return this.#outputs.length(cell) === 0 ? [] : this.#make(cell, { type: 'clear' })
  }

  #clearCaptured(cell: number, model: string): CellChange[] {
    if (!this.#captures.takeClearFirst(model)) return []
    return this.#make(cell, { type: 'captured', model, change: { type: 'clear' } })
  }

  #comm(cell: number, message: OutputMessage): CellChange[] {
    const change = widgetChange(message.content, message.buffers)
    let changes: CellChange[] = []
    if (change !== undefined) {
      const bytes =
        jsonBytes(change.state) + change.buffers.reduce((sum, buffer) => sum + jsonBytes(buffer), 0)
      const fits = bytes <= this.#limits.runBytes - this.#outputs.bytes
      changes = fits ? this.#make(cell, change) : this.#cut(cell, bytes)
    }
    this.#captures.read(message.type, message.content)
    return changes
  }

  /** Once the room is used up, the note that says so stands for this one as well. */
  #leftOut(cell: number, reason: string): CellChange[] {
    const cleared = this.#clearFirst(cell)
    const output = streamOutput(
      'stderr',
      `[An output was left out here, since it can't be read: ${reason}.]\n`,
    )
    const bytes = jsonBytes(output)
    if (this.#state(cell).note !== undefined || bytes > this.#room(cell))
      return [...cleared, ...this.#cut(cell, bytes)]
    return [...cleared, ...this.#make(cell, { type: 'append', output })]
  }

  #cut(cell: number, bytes: number): CellChange[] {
    const state = this.#state(cell)
    state.cutBytes += bytes
    if (state.note !== undefined) return []
    const { cellBytes, runBytes } = this.#limits
    const limit =
      this.#outputs.bytes + bytes > runBytes
        ? `the outputs of a run may take ${sizeText(runBytes)}`
        : `the outputs of a cell may take ${sizeText(cellBytes)}`
    state.note = { index: this.#outputs.length(cell), limit }
    const output = streamOutput('stderr', `[Output is cut from here on, where ${limit}.]\n`)
    return this.#make(cell, { type: 'append', output })
  }

  #room(cell: number): number {
    const { cellBytes, runBytes } = this.#limits
    return Math.min(cellBytes - this.#outputs.cellBytes(cell), runBytes - this.#outputs.bytes)
  }

  #make(cell: number, change: OutputChange): CellChange[] {
    this.#outputs.apply(cell, change)
    return [[cell, change]]
  }

  #state(cell: number): CellState {
    const found = this.#cells.get(cell)
    if (found !== undefined) return found
    const fresh: CellState = {
      clearFirst: false,
      cutBytes: 0,
      note: undefined,
      executionCount: undefined,
      times: new Map(),
    }
    this.#cells.set(cell, fresh)
    return fresh
  }
}

const OUTPUTS: ReadonlySet<string> = new Set([
  'stream',
  'display_data',
  'execute_result',
  'update_display_data',
  'error',
  'comm_open',
  'comm_msg',
])

const TIMES: ReadonlySet<string> = new Set([
  'iopub.execute_input',
  'iopub.status.busy',
  'iopub.status.idle',
  'shell.execute_reply',
])
