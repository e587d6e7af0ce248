import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import type { Config } from '../config/config.ts'
import type { Database } from '../database/connect.ts'
import { cellTimes } from '../run/cell-times.ts'
import { executeRunWith } from '../run/execute-run.ts'
import type { RunObserver } from '../run/observer.ts'
import type { RunQueue } from '../run/queue.ts'
import type { RunSignals } from '../run/signals.ts'
import { Worker } from '../run/worker.ts'
import type { Storage } from '../storage/storage.ts'
import type { Kernels } from './open-kernels.ts'

export interface WorkerParts {
  readonly database: Database
  readonly storage: Storage
  readonly signals: RunSignals
  readonly queue: RunQueue
  readonly leaseSeconds: number
  readonly observer: RunObserver
  readonly log: Logger
}

/** Undefined where this process executes nothing. It has not started yet. */
export function makeWorker(
  config: Config,
  kernels: Kernels | undefined,
  parts: WorkerParts,
  stack: AsyncDisposableStack,
): Worker | undefined {
  const { concurrency } = config.runs
  if (kernels === undefined || concurrency === 0) return undefined
  const { database, storage, signals, queue, leaseSeconds, observer, log } = parts
  const worker = new Worker({
    identity: { id: randomUUID(), kernelHost: kernels.hostName },
    queue,
    signals,
    concurrency,
    begin: executeRunWith({
      ...kernels,
      storage,
      signals,
      leaseSeconds,
      cellTimes: (run) => cellTimes(database, run.notebookId, run.notebookVersion),
      observer,
      log,
    }),
    log,
  })
  stack.defer(async () => {
    await worker[Symbol.asyncDispose]()
    // Runs that were given back go on in their kernels, so these must live on.
    if (worker.handedOver > 0) kernels.jupyter?.leave()
  })
  return worker
}
