import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import type { Config } from '../config/config.ts'
import type { Database } from '../database/connect.ts'
import { unusedKernels } from '../kernel/unused-kernels.ts'
import { cellTimes } from '../run/cell-times.ts'
import { executeRunWith } from '../run/execute-run.ts'
import { isHostInUse } from '../run/kernels-in-use.ts'
import type { RunObserver } from '../run/observer.ts'
import type { RunQueue } from '../run/queue.ts'
import type { RunSignals } from '../run/signals.ts'
import { StrayKernels } from '../run/stray-kernels.ts'
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
  const { host, hostName, jupyter } = kernels
  if (jupyter !== undefined) {
    stack.use(
      new StrayKernels({
        database,
        unused: async (signal) => unusedKernels(await jupyter.whenReady(signal), signal),
        shutdown: (kernelId) => host.shutdown(kernelId),
        log,
      }),
    )
  }
  stack.defer(async () => {
    await worker[Symbol.asyncDispose]()
    // Runs go on in their kernels, given back just now or not taken up again yet: these must live on.
    if (jupyter !== undefined && (await isHostInUse(database, hostName).catch(() => true))) jupyter.leave()
  })
  return worker
}
