import { RunnerError } from '../errors.ts'
import type { ExecutionResult, ExecutionSink, SentCell } from '../kernel/execution.ts'
import type { ExecutedNotebook } from '../notebook/executed.ts'
import type { EventWriter } from './event-writer.ts'
import type { RunLease } from './lease.ts'
import type { RunObserver } from './observer.ts'

/** Events read at a time when a run is taken up again. */
const PAGE = 1_000

/** Tells the database what happens in a run, and a notebook what the database was told before. */
export class RunReport {
  readonly #lease: RunLease
  readonly #events: EventWriter
  readonly #notebook: ExecutedNotebook
  readonly #times: ReadonlyMap<number, number>
  readonly #observer: Pick<RunObserver, 'cell'>
  #result: ExecutionResult | undefined

  constructor(parts: {
    readonly lease: RunLease
    readonly events: EventWriter
    readonly notebook: ExecutedNotebook
    readonly times: ReadonlyMap<number, number>
    readonly observer: Pick<RunObserver, 'cell'>
  }) {
    this.#lease = parts.lease
    this.#events = parts.events
    this.#notebook = parts.notebook
    this.#times = parts.times
    this.#observer = parts.observer
  }

  /** How the execution ended or will end, once that is settled, here or by an earlier worker. */
  get result(): ExecutionResult | undefined {
    return this.#result
  }

  /** Settles it. The first result stays. */
  settle(result: ExecutionResult): void {
    if (this.#result !== undefined) return
    this.#result = result
    this.#events.push({ type: 'state', state: 'saving', result })
  }

  /**
   * Ends the notebook of an execution that is not to be gone on with: its kernel is gone, or an earlier worker has seen
   * its end. What was running then has failed; where nothing was left to run, the notebook has succeeded.
   */
  conclude(otherwise: ExecutionResult): ExecutionResult {
    const notebook = this.#notebook
    const done = notebook.cells.every(({ runs, index }) => !runs || notebook.status(index) === 'completed')
    const result = this.#result ?? (done ? { state: 'succeeded' } : otherwise)
    this.settle(result)
    for (const { index } of notebook.cells.filter((cell) => notebook.status(cell.index) === 'running')) {
      const [at, start] = [new Date(), notebook.startOf(index)]
      const end = { status: 'failed', executionCount: undefined } as const
      notebook.cellFinished(index, { ...end, at })
      const seconds = start === undefined ? 0 : (at.getTime() - start.getTime()) / 1000
      this.#events.push({ type: 'cell-finished', cell: index, ...end, seconds })
    }
    const failedCell = result.state === 'failed' ? result.failedCell : undefined
    const exception = result.state !== 'succeeded'
    notebook.finished({ at: new Date(), exception, ...(failedCell !== undefined && { failedCell }) })
    return result
  }

  /** Makes in the notebook what earlier events say, in their order. */
  async replay(): Promise<void> {
    let last = 0
    for (;;) {
      const page = await this.#lease.events(last, PAGE)
      for (const { number, at, event } of page) {
        last = number
        if (event.type === 'cell-started') this.#notebook.cellStarted(event.cell, at)
        else if (event.type === 'output') this.#notebook.apply(event.cell, event.change)
        else if (event.type === 'cell-finished') {
          const { cell, status, executionCount } = event
          this.#notebook.cellFinished(cell, { status, executionCount, at })
        } else if (event.type === 'state') this.#result ??= event.result
      }
      if (page.length < PAGE) return
    }
  }

  /** @param sent what is sent is added to it, once that is recorded */
  sink(sent: SentCell[]): Omit<ExecutionSink, 'joined'> {
    const events = this.#events
    return {
      sending: async (cells) => {
        // Past its lease the run may be another's by now, who would not know of these cells.
        if (performance.now() > this.#lease.validUntil) {
          throw new RunnerError('lease-lost', 'The lease ran out before the cell was sent.')
        }
        await this.#lease.recordSending(cells)
        sent.push(...cells)
      },
      started: (cell) => events.push({ type: 'cell-started', cell }),
      change: (cell, change) => {
        events.push({ type: 'output', cell, change })
        return events.room()
      },
      finished: (cell, { status, executionCount, seconds }) => {
        this.#observer.cell(seconds)
        events.push({ type: 'cell-finished', cell, status, executionCount, seconds }, this.#progress())
      },
      ending: (result) => this.settle(result),
      note: (text) => events.push({ type: 'note', text }),
    }
  }

  #progress() {
    const cells = this.#notebook.cells.filter(({ runs }) => runs)
    const open = cells.filter(({ index }) => this.#notebook.status(index) !== 'completed')
    const known = open.every(({ index }) => this.#times.has(index))
    const secondsLeft = open.reduce((sum, { index }) => sum + (this.#times.get(index) ?? 0), 0)
    return {
      type: 'progress',
      done: cells.length - open.length,
      total: cells.length,
      ...(known && { secondsLeft }),
    } as const
  }
}
