import { isObject } from '../notebook/json.ts'
import { RunOutputs } from '../notebook/outputs.ts'
import type { NumberedEvent, RunEvent } from './event.ts'
import type { NotebookCells } from './notebook-cells.ts'
import { type CellProgress, type RunCell, runCell } from './run-cell.ts'

/** The cells of a run as its events tell of them, up to the newest one that was applied. */
export class FollowedCells {
  readonly notebook: NotebookCells
  readonly #progress: CellProgress[]
  readonly #outputs = new RunOutputs()
  #lastEvent = 0
  #running: number | undefined
  #failed: number | undefined
  #told: Extract<RunEvent, { type: 'progress' }> | undefined

  /** @param notebook as it was accepted: what earlier runs left in it is not shown */
  constructor(notebook: NotebookCells) {
    this.notebook = notebook
    this.#progress = Array.from({ length: notebook.total }, () => ({ status: 'pending' }))
  }

  /** Number of the newest event that is in it. */
  get lastEvent(): number {
    return this.#lastEvent
  }

  get running(): number | undefined {
    return this.#running
  }

  get failed(): number | undefined {
    return this.#failed
  }

  /** The last word on how far it is. */
  get told(): Extract<RunEvent, { type: 'progress' }> | undefined {
    return this.#told
  }

  /** About what it takes in memory. */
  get bytes(): number {
    return this.notebook.byteLength + 2 * this.#outputs.bytes
  }

  apply({ number, at, event }: NumberedEvent): void {
    this.#lastEvent = number
    if (event.type === 'output') this.#outputs.apply(event.cell, event.change)
    else if (event.type === 'progress') this.#told = event
    else if (event.type === 'cell-started') {
      this.#running = event.cell
      this.#progress[event.cell] = { status: 'running', started: at.toISOString() }
    } else if (event.type === 'cell-finished') this.#finished(event)
  }

  cell(index: number): RunCell {
    const progress = this.#progress[index] ?? { status: 'pending' }
    return runCell(index, this.notebook.node(index), progress, this.#outputs.length(index))
  }

  outputs(index: number) {
    return this.#outputs.outputs(index)
  }

  widgets() {
    const document = this.#outputs.widgets.metadata()?.get('application/vnd.jupyter.widget-state+json')
    return isObject(document) ? document : undefined
  }

  #finished({ cell, status, executionCount, seconds }: Extract<RunEvent, { type: 'cell-finished' }>): void {
    if (this.#running === cell) this.#running = undefined
    if (status === 'failed') this.#failed = cell
    this.#progress[cell] = {
      ...this.#progress[cell],
      status,
      seconds,
      ...(executionCount !== undefined && { executionCount }),
    }
  }
}
