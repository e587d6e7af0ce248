import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import type { Config } from '../config/config.ts'
import type { Database } from '../database/connect.ts'
import { LOCAL_CALLER } from '../http/local-session.ts'
import { unusedKernels } from '../kernel/unused-kernels.ts'
import { type KernelKind, WarmKernels } from '../kernel/warm-kernels.ts'
import { cellTimes } from '../run/cell-times.ts'
import { executeRunWith } from '../run/execute-run.ts'
import { isHostInUse } from '../run/kernels-in-use.ts'
import { LeftKernels } from '../run/left-kernels.ts'
import type { RunObserver } from '../run/observer.ts'
import type { RunQueue } from '../run/queue.ts'
import type { RunGrants } from '../run/run-grants.ts'
import type { RunSignals } from '../run/signals.ts'
import { DEFAULT_KERNEL, kernelOwner } from '../run/start-kernel.ts'
import { StrayKernels } from '../run/stray-kernels.ts'
import { Thumbnailer } from '../run/thumbnailer.ts'
import { Worker } from '../run/worker.ts'
import type { Storage } from '../storage/storage.ts'
import type { Tracing } from '../tracing/tracing.ts'
import type { Kernels } from './open-kernels.ts'

export interface WorkerParts {
  readonly database: Database
  readonly storage: Storage
  readonly grants: RunGrants
  readonly signals: RunSignals
  readonly queue: RunQueue
  readonly leaseSeconds: number
  readonly observer: RunObserver
  readonly tracing: Tracing | undefined
  readonly log: Logger
}

/** Where kernels wait that were started ahead: nobody took one for so long, or it could not be started in that time. */
const WARM_IDLE_MS = 600_000
const WARM_START_MS = 180_000
/** A short run is over by then, and is not held up by the start of the next kernel. */
const WARM_REFILL_MS = 1_000

/** Undefined where this process executes nothing. It has not started yet. */
export function makeWorker(
  config: Config,
  kernels: Kernels | undefined,
  parts: WorkerParts,
  stack: AsyncDisposableStack,
): Pick<Worker, 'start'> | undefined {
  const { concurrency, warmKernels: most } = config.runs
  if (kernels === undefined || concurrency === 0) return undefined
  const { database, storage, grants, signals, queue, leaseSeconds, observer, tracing, log } = parts
  const { host, hostName, jupyter } = kernels
  const warm = { idleMs: WARM_IDLE_MS, startMs: WARM_START_MS, refillMs: WARM_REFILL_MS }
  const warmKernels = stack.use(
    new WarmKernels({ host, folder: '', most: host.kind === 'hub' ? 0 : most, ...warm, log }),
  )
  const leftKernels = stack.use(new LeftKernels({ database, host, hostName, log }))
  const thumbnailer = stack.use(new Thumbnailer())
  const worker = new Worker({
    identity: { id: randomUUID(), kernelHost: kernels.hostName },
    queue,
    signals,
    concurrency,
    begin: executeRunWith({
      ...kernels,
      warmKernels,
      leftKernels,
      keepFailedSeconds: config.runs.keepFailedSeconds,
      storage,
      grants,
      thumbnailer,
      fileLimits: config.runs.files,
      signals,
      leaseSeconds,
      cellTimes: (run) => cellTimes(database, run.notebookId, run.notebookVersion),
      observer,
      tracing,
      log,
    }),
    log,
  })
  observer.kernels(async () => ({
    run: worker.working,
    warm: warmKernels.waiting,
    kept: await leftKernels.kept(),
  }))
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
  return {
    start() {
      worker.start()
      // Where there is one person only, it is known whose kernel will be wanted.
      if (config.identity.kind === 'local') warmKernels.keepReady(localKind())
    },
  }
}

function localKind(): KernelKind {
  const { issuer, subject } = LOCAL_CALLER
  return { kernelName: DEFAULT_KERNEL, environment: {}, owner: kernelOwner(issuer, subject) }
}
