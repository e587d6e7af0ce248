import { RunnerError } from '../errors.ts'
import type { ExecutionSink, SentCell } from '../kernel/execution.ts'
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
        }
      }
      if (page.length < PAGE) return
    }
  }

  /** @param sent what is sent is added to it, once that is recorded */
  sink(sent: SentCell[]): ExecutionSink {
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
