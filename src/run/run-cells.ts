import { LRUCache } from 'lru-cache'
import { RunnerError } from '../errors.ts'
import type { Caller } from '../identity/caller.ts'
import { isObject, type JsonObject, type JsonValue } from '../notebook/json.ts'
import type { Storage } from '../storage/storage.ts'
import type { RunEvents } from './events.ts'
import { FollowedCells } from './followed-cells.ts'
import { NotebookCells } from './notebook-cells.ts'
import { isTerminal, type Run } from './run.ts'
import { type RunCell, runCell, storedProgress } from './run-cell.ts'
import type { RunStore } from './store.ts'

/** The cells of one run, as they are after an event. */
export interface RunView {
  /** Number of the newest event that is in it. */
  readonly event: number
  readonly total: number
  /** Indices in the notebook. */
  readonly running: number | undefined
  readonly failed: number | undefined
  readonly secondsLeft: number | undefined
  cell(index: number): RunCell
  outputs(index: number): readonly JsonValue[]
  /** State of the widgets (`application/vnd.jupyter.widget-state+json`). */
  widgets(): JsonObject | undefined
}

/** Of all runs that are looked at. */
const MAX_BYTES = 150_000_000
/** Somebody may change a stored notebook in JupyterLab. */
const STORED_MS = 60_000
const PAGE_EVENTS = 500

interface Parts {
  readonly runs: Pick<RunStore, 'snapshot'>
  readonly events: Pick<RunEvents, 'read'>
  readonly storage: Pick<Storage, 'get'>
}

/**
 * The cells and outputs of runs for pages, which ask for some at a time. Of a run that goes they are made of its events; of
 * one that has ended they are those of the stored notebook, so that they are there as long as it is. What was looked at
 * is kept for a while.
 */
export class RunCells {
  readonly #parts: Parts
  readonly #followed = new LRUCache<string, Promise<FollowedCells>>({
    maxSize: MAX_BYTES,
  })
  readonly #stored = new LRUCache<string, NotebookCells>({
    maxSize: MAX_BYTES,
    sizeCalculation: ({ byteLength }) => Math.max(1, byteLength),
    ttl: STORED_MS,
  })

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** @param run as the caller has found it. Throws `not-found`, `invalid-notebook`, `storage-failed`, `database-failed`. */
  async view(caller: Caller, run: Run): Promise<RunView> {
    const stored = isTerminal(run.state) ? await this.#storedOf(run) : undefined
    if (stored !== undefined) return storedView(stored, run)
    return followedView(await this.#followedOf(caller, run))
  }

  /** Undefined where there is none: what was accepted and the events are left. */
  async #storedOf(run: Run): Promise<NotebookCells | undefined> {
    const known = this.#stored.get(run.id)
    if (known !== undefined) return known
    try {
      const scope = { workspace: run.workspace, user: run.ownerName }
      const cells = await NotebookCells.read(await this.#parts.storage.get(scope, run.object))
      this.#stored.set(run.id, cells)
      return cells
    } catch (error) {
      if (error instanceof RunnerError && error.code === 'not-found') return undefined
      throw error
    }
  }

  /** One after the other, so that each event is applied once. */
  #followedOf(caller: Caller, run: Run): Promise<FollowedCells> {
    const before = this.#followed.get(run.id) ?? this.#begin(caller, run)
    const now = before.then((cells) => this.#catchUp(caller, run, cells))
    this.#followed.set(run.id, now, { size: 1 })
    const isNewest = () => this.#followed.peek(run.id) === now
    now.then(
      ({ bytes }) => isNewest() && this.#followed.set(run.id, now, { size: Math.max(1, bytes) }),
      () => isNewest() && this.#followed.delete(run.id),
    )
    return now
  }

  async #begin(caller: Caller, run: Run): Promise<FollowedCells> {
    const snapshot = await this.#parts.runs.snapshot(caller, run.id)
    if (snapshot === undefined)
      throw new RunnerError('not-found', 'The notebook of this run is not in the workspace any more.')
    return new FollowedCells(await NotebookCells.read(snapshot))
  }

  async #catchUp(caller: Caller, run: Run, cells: FollowedCells): Promise<FollowedCells> {
    while (cells.lastEvent < run.lastEvent) {
      const events = await this.#parts.events.read(caller, run.id, cells.lastEvent, PAGE_EVENTS)
      // Of a run that has ended they may not be kept any more.
      if (events[0]?.number !== cells.lastEvent + 1) break
      for (const event of events) cells.apply(event)
    }
    return cells
  }
}

function storedView(notebook: NotebookCells, run: Run): RunView {
  const outputs = (node: JsonObject) => {
    const list = node.get('outputs')
    return Array.isArray(list) ? list : []
  }
  return {
    event: run.lastEvent,
    total: notebook.total,
    running: undefined,
    failed: notebook.failed,
    secondsLeft: undefined,
    cell: (index) => {
      const node = notebook.node(index)
      return runCell(index, node, storedProgress(node), outputs(node).length)
    },
    outputs: (index) => outputs(notebook.node(index)),
    widgets: () => {
      const widgets = notebook.metadata().get('widgets')
      const state = isObject(widgets) ? widgets.get('application/vnd.jupyter.widget-state+json') : undefined
      return isObject(state) ? state : undefined
    },
  }
}

const followedView = (cells: FollowedCells): RunView => ({
  event: cells.lastEvent,
  total: cells.notebook.total,
  running: cells.running,
  failed: cells.failed,
  secondsLeft: cells.told?.secondsLeft,
  cell: (index) => cells.cell(index),
  outputs: (index) => cells.outputs(index),
  widgets: () => cells.widgets(),
})
