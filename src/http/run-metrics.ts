import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { KernelCounts, RunObserver } from '../run/observer.ts'
import type { QueueDepth } from '../run/queue-depth.ts'
import { FAILURE_REASONS, type RunEnd } from '../run/run.ts'

export type ReadQueue = () => Promise<QueueDepth>

const QUEUE: readonly (readonly [name: string, help: string, of: (queue: QueueDepth) => number])[] = [
  ['notebook_queue_depth', 'Runs that wait for a worker', ({ depth }) => depth],
  ['notebook_runs_unfinished', 'Runs that wait or go on, on any worker', ({ unfinished }) => unfinished],
  [
    'notebook_queue_oldest_seconds',
    'How long the oldest queued run has waited',
    ({ oldestSeconds }) => oldestSeconds,
  ],
]

const RUN_SECONDS = [0.5, 1, 2, 5, 10, 30, 60, 300, 1_800, 7_200, 43_200]

/** The metrics of runs: of this worker, and of the queue that all workers share. */
export class RunMetrics implements RunObserver {
  readonly #registry: Registry
  readonly #claims: Counter<'adopted'>
  readonly #ended: Counter<'state' | 'reason'>
  readonly #lost: Counter
  readonly #waited: Histogram<'kernel'>
  readonly #took: Histogram
  readonly #cells: Histogram

  constructor(registry: Registry, readQueue: ReadQueue) {
    this.#registry = registry
    const registers = [registry]
    this.#claims = new Counter({
      name: 'notebook_run_claims_total',
      help: 'Runs that this worker took up; adopted: from another worker',
      labelNames: ['adopted'],
      registers,
    })
    // Prometheus' increase() misses the first of a series that was not there before.
    for (const adopted of ['true', 'false']) this.#claims.inc({ adopted }, 0)
    this.#ended = new Counter({
      name: 'notebook_runs_ended_total',
      help: 'Runs that ended on this worker',
      labelNames: ['state', 'reason'],
      registers,
    })
    for (const state of ['succeeded', 'cancelled']) this.#ended.inc({ state, reason: '' }, 0)
    for (const reason of FAILURE_REASONS) this.#ended.inc({ state: 'failed', reason }, 0)
    this.#lost = new Counter({
      name: 'notebook_run_leases_lost_total',
      help: 'Runs that another worker took over from this one',
      registers,
    })
    this.#waited = new Histogram({
      name: 'notebook_run_start_seconds',
      help: 'From acceptance to a running kernel; kernel: warm (started ahead) or cold',
      labelNames: ['kernel'],
      buckets: RUN_SECONDS,
      registers,
    })
    for (const kernel of ['warm', 'cold']) this.#waited.zero({ kernel })
    this.#took = new Histogram({
      name: 'notebook_run_duration_seconds',
      help: 'From the first claim to the end of a run',
      buckets: RUN_SECONDS,
      registers,
    })
    this.#cells = new Histogram({
      name: 'notebook_cell_duration_seconds',
      help: 'Time of one cell',
      buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 30, 120, 600, 3_600],
      registers,
    })
    // One query for what a scrape shows of the queue. A database that is away takes these from it, and nothing else.
    let reading: Promise<QueueDepth | undefined> | undefined
    const read = () => {
      reading ??= readQueue()
        .catch(() => undefined)
        .finally(() => {
          reading = undefined
        })
      return reading
    }
    for (const [name, help, of] of QUEUE)
      new Gauge({
        name,
        help,
        registers,
        async collect() {
          const queue = await read()
          if (queue === undefined) this.remove()
          else this.set(of(queue))
        },
      })
  }

  claimed(adopted: boolean): void {
    this.#claims.inc({ adopted: String(adopted) })
  }

  running(waited: number, warm: boolean): void {
    this.#waited.observe({ kernel: warm ? 'warm' : 'cold' }, waited)
  }

  cell(seconds: number): void {
    this.#cells.observe(seconds)
  }

  ended(end: RunEnd, took: number): void {
    this.#ended.inc({ state: end.state, reason: end.state === 'failed' ? end.reason : '' })
    this.#took.observe(took)
  }

  lost(): void {
    this.#lost.inc()
  }

  kernels(count: () => Promise<KernelCounts>): void {
    new Gauge({
      name: 'notebook_kernels',
      help: 'Kernels by use: run, warm (of this worker, waiting for a run), kept (on its host, of runs that failed)',
      labelNames: ['use'],
      registers: [this.#registry],
      async collect() {
        const counts = await count().catch(() => undefined)
        if (counts === undefined) return this.reset()
        for (const [use, number] of Object.entries(counts)) this.set({ use }, number)
      },
    })
  }
}
