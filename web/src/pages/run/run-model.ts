import { askCells, askOutputs, type CellStatus, type RunCell } from '../../api/cells.ts'
import { followEvents } from '../../api/event-source.ts'
import { isEnded } from '../../api/jobs.ts'
import type { Output } from '../../outputs/output.ts'
import { changedOutputs } from './changed-outputs.ts'
import { type OutputChange, type RunEvent, runEvent } from './run-event.ts'

/** What is known of a cell so far. Never changed, but put in another one's place. */
export interface CellView {
  /** Undefined until it was asked for. */
  readonly cell: RunCell | undefined
  readonly status: CellStatus
  readonly executionCount: number | undefined
  readonly started: string | undefined
  readonly seconds: number | undefined
  /** Undefined while they are not loaded. */
  readonly outputs: readonly Output[] | undefined
}

export interface RunSummary {
  readonly total: number
  readonly running: number | undefined
  readonly failed: number | undefined
  readonly secondsLeft: number | undefined
  readonly done: number | undefined
  /** Code cells that run. */
  readonly runs: number | undefined
  /** False while the connection is lost. */
  readonly connected: boolean
  /** Why the cells can't be shown. */
  readonly error: unknown
}

interface Loading {
  /** What came while the outputs were asked for. */
  readonly changes: { readonly number: number; readonly change: OutputChange }[]
}

const PAGE = 100
/** Changes are shown together, at most so often; also where a tab is hidden and paints nothing. */
const TELL_MS = 16
/** Of so many cells the outputs are kept, seen or not. */
const KEPT_OUTPUTS = 400
const RETRY_MS = 2_000

const UNKNOWN: CellView = {
  cell: undefined,
  status: 'pending',
  executionCount: undefined,
  started: undefined,
  seconds: undefined,
  outputs: undefined,
}

/**
 * A run as it goes: its cells are asked for as they are seen, its events lead on from there. Every answer names the event
 * after which it is so, and every change its number: what is in an answer already is not made again, and nothing is lost
 * between the two, whichever comes first.
 */
export class RunModel {
  readonly #id: string
  readonly #onState: (event: Extract<RunEvent, { type: 'state' | 'note' }>, number: number) => void
  readonly #left = new AbortController()
  readonly #ended = new AbortController()
  readonly #cells = new Map<number, CellView>()
  /** Events up to this one are in what is known of a cell's state, or of its outputs. */
  readonly #cellEvent = new Map<number, number>()
  readonly #outputsEvent = new Map<number, number>()
  readonly #loading = new Map<number, Loading>()
  readonly #pages = new Set<number>()
  readonly #listeners = new Set<() => void>()
  #seen = { from: 0, to: 0 }
  #telling: number | undefined
  #summary: RunSummary = {
    total: 0,
    running: undefined,
    failed: undefined,
    secondsLeft: undefined,
    done: undefined,
    runs: undefined,
    connected: true,
    error: undefined,
  }

  /** @param onState called with each change of state and each note, once */
  constructor(
    id: string,
    onState: (event: Extract<RunEvent, { type: 'state' | 'note' }>, number: number) => void,
  ) {
    this.#id = id
    this.#onState = onState
  }

  /** Follows the run to its end. */
  async start(): Promise<void> {
    const { signal } = this.#left
    const first = await this.#first()
    if (first === undefined || signal.aborted) return
    await followEvents({
      path: `/jobs/${this.#id}/events`,
      after: first,
      onEvent: ({ id, data }) => this.#event(Number(id), data),
      onConnected: (connected) => this.#change({ connected }),
      signal: AbortSignal.any([signal, this.#ended.signal]),
    })
    this.#change({ connected: true })
  }

  stop(): void {
    this.#left.abort()
    window.clearTimeout(this.#telling)
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  readonly summary = (): RunSummary => this.#summary

  cell(index: number): CellView {
    return this.#cells.get(index) ?? UNKNOWN
  }

  /** These cells are seen, up to `to`: what is not known of them is asked for. */
  see(from: number, to: number): void {
    this.#seen = { from, to }
    for (let page = Math.floor(from / PAGE); page * PAGE < to; page++) void this.#page(page)
    for (let index = from; index < to; index++) void this.#outputs(index)
    this.#forget()
  }

  async #first(): Promise<number | undefined> {
    while (!this.#left.signal.aborted) {
      try {
        this.#pages.add(0)
        const { event, total, running, failed, secondsLeft, cells } = await askCells(
          this.#id,
          0,
          PAGE,
          this.#left.signal,
        )
        this.#change({ total, running, failed, secondsLeft, error: undefined })
        this.#put(event, cells)
        return event
      } catch (error) {
        if (this.#left.signal.aborted) return undefined
        this.#change({ error })
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
      }
    }
    return undefined
  }

  async #page(page: number): Promise<void> {
    if (this.#pages.has(page) || page * PAGE >= this.#summary.total) return
    this.#pages.add(page)
    try {
      const from = page * PAGE
      const { event, cells } = await askCells(this.#id, from, from + PAGE, this.#left.signal)
      this.#put(event, cells)
    } catch {
      this.#later(() => this.#pages.delete(page))
    }
  }

  #put(event: number, cells: readonly RunCell[]): void {
    for (const cell of cells) {
      const before = this.cell(cell.index)
      const isNewer = event >= (this.#cellEvent.get(cell.index) ?? 0)
      const { status, executionCount, started, seconds } = isNewer ? cell : before
      const outputs = before.outputs ?? (cell.outputs === 0 && isNewer ? [] : undefined)
      if (before.outputs === undefined && outputs !== undefined) this.#outputsEvent.set(cell.index, event)
      this.#cells.set(cell.index, { cell, status, executionCount, started, seconds, outputs })
      if (isNewer) this.#cellEvent.set(cell.index, event)
    }
    this.#tell()
    this.see(this.#seen.from, this.#seen.to)
  }

  async #outputs(index: number): Promise<void> {
    const { cell, outputs } = this.cell(index)
    if (cell?.type !== 'code' || outputs !== undefined || this.#loading.has(index)) return
    const loading: Loading = { changes: [] }
    this.#loading.set(index, loading)
    try {
      const answer = await askOutputs(this.#id, index, this.#left.signal)
      this.#loading.delete(index)
      this.#outputsEvent.set(index, answer.event)
      this.#set(index, { outputs: answer.outputs })
      for (const { number, change } of loading.changes) this.#apply(index, number, change)
    } catch {
      this.#later(() => this.#loading.delete(index))
    }
  }

  /** What failed is asked for again while it is seen. */
  #later(forget: () => void): void {
    if (this.#left.signal.aborted) return
    setTimeout(() => {
      forget()
      this.see(this.#seen.from, this.#seen.to)
    }, RETRY_MS)
  }

  #event(number: number, data: string): void {
    const event = runEvent(data)
    switch (event?.type) {
      case 'cell-started': {
        const { cell, at } = event
        if (!this.#isNews(cell, number)) break
        // Nothing can have come out of it before.
        if (this.cell(cell).outputs === undefined && !this.#loading.has(cell))
          this.#outputsEvent.set(cell, number)
        const outputs = this.cell(cell).outputs ?? (this.#loading.has(cell) ? undefined : [])
        this.#set(cell, { status: 'running', started: at, outputs })
        this.#change({ running: cell })
        break
      }
      case 'cell-finished': {
        const { cell, status, executionCount, seconds } = event
        if (!this.#isNews(cell, number)) break
        this.#set(cell, { status, executionCount, seconds })
        if (this.#summary.running === cell) this.#change({ running: undefined })
        if (status === 'failed') this.#change({ failed: cell })
        break
      }
      case 'output':
        this.#apply(event.cell, number, event.change)
        break
      case 'progress':
        this.#change({ done: event.done, runs: event.total, secondsLeft: event.secondsLeft })
        break
      case 'state':
        this.#onState(event, number)
        if (isEnded(event.state)) {
          this.#change({ running: undefined, secondsLeft: undefined, connected: true })
          this.#ended.abort()
        }
        break
      case 'note':
        this.#onState(event, number)
        break
      default:
        // It can't be told which: what is seen is asked for again.
        for (let index = this.#seen.from; index < this.#seen.to; index++) this.#drop(index)
        this.see(this.#seen.from, this.#seen.to)
    }
  }

  /** What was asked for later may have it already. */
  #isNews(cell: number, number: number): boolean {
    if (number <= (this.#cellEvent.get(cell) ?? 0)) return false
    this.#cellEvent.set(cell, number)
    return true
  }

  #apply(index: number, number: number, change: OutputChange): void {
    const loading = this.#loading.get(index)
    if (loading !== undefined) {
      loading.changes.push({ number, change })
      return
    }
    const { outputs } = this.cell(index)
    if (outputs === undefined || number <= (this.#outputsEvent.get(index) ?? 0)) return
    const changed = changedOutputs(outputs, change)
    this.#outputsEvent.set(index, number)
    if (changed !== outputs) this.#set(index, { outputs: changed })
    if (changed === undefined) this.see(this.#seen.from, this.#seen.to)
  }

  #drop(index: number): void {
    const { cell, outputs } = this.cell(index)
    if (outputs !== undefined && cell?.type === 'code') this.#set(index, { outputs: undefined })
  }

  /** What is far from what is seen is asked for again when it is seen again. */
  #forget(): void {
    const kept = [...this.#cells].filter(([, { outputs }]) => outputs !== undefined && outputs.length > 0)
    if (kept.length <= KEPT_OUTPUTS) return
    const middle = (this.#seen.from + this.#seen.to) / 2
    const far = kept
      .toSorted(([a], [b]) => Math.abs(a - middle) - Math.abs(b - middle))
      .slice(KEPT_OUTPUTS / 2)
    for (const [index] of far) if (!this.#loading.has(index)) this.#drop(index)
  }

  #set(index: number, change: Partial<CellView>): void {
    this.#cells.set(index, { ...this.cell(index), ...change })
    this.#tell()
  }

  #change(change: Partial<RunSummary>): void {
    this.#summary = { ...this.#summary, ...change }
    this.#tell()
  }

  #tell(): void {
    this.#telling ??= window.setTimeout(() => {
      this.#telling = undefined
      for (const listener of this.#listeners) listener()
    }, TELL_MS)
  }
}
