import { RunnerError } from '../errors.ts'
import type { ExecutionResult, ExecutionSink, SentCell } from '../kernel/execution.ts'
import type { CellEnd, ExecutedNotebook } from '../notebook/executed.ts'
import type { Tracing } from '../tracing/tracing.ts'
import type { RunEvent } from './event.ts'
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
  readonly #tracing: Tracing | undefined
  #result: ExecutionResult | undefined
  /** Events of cells that an earlier worker has told. */
  #replayed = 0

  constructor(parts: {
    readonly lease: RunLease
    readonly events: EventWriter
    readonly notebook: ExecutedNotebook
    readonly times: ReadonlyMap<number, number>
    readonly observer: Pick<RunObserver, 'cell'>
    readonly tracing: Tracing | undefined
  }) {
    this.#lease = parts.lease
    this.#events = parts.events
    this.#notebook = parts.notebook
    this.#times = parts.times
    this.#observer = parts.observer
    this.#tracing = parts.tracing
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
        this.#make(event, at)
        if (isOfCell(event)) this.#replayed++
        if (event.type === 'state') this.#result ??= event.result
      }
      // A page ends early where its texts are long.
      if (page.length === 0) return
    }
  }

  /**
   * Takes over what the run before has brought about in the cells before `fromCell`, for a run that goes on in its kernel:
   * told as events of this run, and made in the notebook. Where a worker before has begun with that, the rest. False where
   * it is not known of each of these cells how it ended: then nothing was told.
   */
  async takeOver(fromCell: number): Promise<boolean> {
    const taken: { readonly event: CellEvent; readonly at: Date }[] = []
    for (let last = 0; ; ) {
      const page = await this.#lease.eventsBefore(last, PAGE)
      for (const { number, at, event } of page) {
        last = number
        if (isOfCell(event) && event.cell < fromCell) taken.push({ event, at })
      }
      // A page ends early where its texts are long.
      if (page.length === 0) break
    }
    const ends = new Map(
      taken.flatMap(({ event, at }) =>
        event.type === 'cell-finished' && event.status === 'completed'
          ? [[event.cell, { at: timeOf(event, at), seconds: event.seconds }] as const]
          : [],
      ),
    )
    const before = this.#notebook.cells.filter(({ runs, index }) => runs && index < fromCell)
    if (!before.every(({ index }) => ends.has(index))) return false
    for (const { event, at } of taken.slice(this.#replayed)) {
      const told = timed(event, ends.get(event.cell))
      this.#events.push(told)
      this.#make(told, at)
      await this.#events.room()
    }
    this.#events.push(this.#progress())
    await this.#events.flush()
    return true
  }

  #make(event: RunEvent, at: Date): void {
    if (event.type === 'cell-started') this.#notebook.cellStarted(event.cell, timeOf(event, at))
    else if (event.type === 'output') this.#notebook.apply(event.cell, event.change)
    else if (event.type === 'cell-finished') {
      const { cell, status, executionCount } = event
      this.#notebook.cellFinished(cell, { status, executionCount, at: timeOf(event, at) })
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
      finished: (cell, { status, executionCount, seconds, at }) => {
        this.#observer.cell(seconds)
        this.#trace(cell, status, { from: new Date(at.getTime() - seconds * 1_000), to: at })
        events.push({ type: 'cell-finished', cell, status, executionCount, seconds }, this.#progress())
      },
      ending: (result) => this.settle(result),
      note: (text) => events.push({ type: 'note', text }),
    }
  }

  #trace(cell: number, status: CellEnd['status'], time: { readonly from: Date; readonly to: Date }): void {
    this.#tracing?.past({
      name: `cell ${cell + 1}`,
      attributes: { 'cell.index': cell, 'cell.status': status },
      ...time,
      ...(status === 'failed' && { fault: 'cell-error' }),
    })
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

type CellEvent = Extract<RunEvent, { readonly type: 'cell-started' | 'output' | 'cell-finished' }>

const isOfCell = (event: RunEvent): event is CellEvent =>
  event.type === 'cell-started' || event.type === 'output' || event.type === 'cell-finished'

/** With its time. Events are told some at a time: when the cell began is known by how long it took. */
function timed(
  event: CellEvent,
  end: { readonly at: Date; readonly seconds: number } | undefined,
): CellEvent {
  if (event.type === 'output' || end === undefined || event.ranAt !== undefined) return event
  const past = event.type === 'cell-started' ? end.seconds * 1_000 : 0
  return { ...event, ranAt: new Date(end.at.getTime() - past).toISOString() }
}

const timeOf = ({ ranAt }: { readonly ranAt?: string }, at: Date): Date =>
  ranAt === undefined ? at : new Date(ranAt)
