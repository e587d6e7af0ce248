import type { Logger } from 'pino'
import { RunnerError } from '../errors.ts'
import type { FolderFiles } from '../kernel/folder-files.ts'
import type { KernelHost } from '../kernel/kernel-host.ts'
import type { WarmKernels } from '../kernel/warm-kernels.ts'
import type { Storage, StorageScope } from '../storage/storage.ts'
import type { OpenSpan, Tracing } from '../tracing/tracing.ts'
import type { FileLimits } from './collect-files.ts'
import type { Hold } from './hold.ts'
import type { LeftKernels } from './left-kernels.ts'
import type { RunObserver } from './observer.ts'
import type { Claim } from './queue.ts'
import type { Run, RunPlace } from './run.ts'
import type { RunGrants } from './run-grants.ts'
import type { RunSignals } from './signals.ts'
import type { Thumbnailer } from './thumbnailer.ts'

/** What all runs of a worker are worked on with. */
export interface ExecuteParts {
  readonly host: KernelHost
  /** Names the host among all that the workers of this database use. */
  readonly hostName: string
  /** The working directory of a run's kernel, as the host wants it. */
  readonly folderOf: (run: RunPlace) => string
  readonly warmKernels: Pick<WarmKernels, 'take'>
  readonly leftKernels: Pick<LeftKernels, 'end'>
  readonly storage: Storage
  readonly grants: Pick<RunGrants, 'find'>
  readonly thumbnailer: Pick<Thumbnailer, 'make'>
  /** Files in these folders, and how many are kept of a run. */
  readonly files: FolderFiles
  readonly fileLimits: FileLimits
  readonly signals: RunSignals
  readonly leaseSeconds: number
  /** For how long the kernel of a run that failed is kept. */
  readonly keepFailedSeconds: number
  /** How long each cell of a notebook took before. */
  readonly cellTimes: (run: Run) => Promise<ReadonlyMap<number, number>>
  readonly observer: RunObserver
  readonly tracing: Tracing | undefined
  readonly log: Logger
}

/** One run in work: `log` says which. */
export interface RunInWork {
  readonly parts: ExecuteParts
  readonly claim: Claim
  readonly hold: Hold
  readonly span: OpenSpan | undefined
  readonly log: Logger
}

/** Losing the lease, or stopping: the kernel goes on, and the run with it. */
export function isLeaving({ hold: { signal } }: RunInWork): boolean {
  return signal.aborted && signal.reason !== 'cancelled'
}

export function throwIfLeaving(work: RunInWork): void {
  if (isLeaving(work)) throw new RunnerError('lease-lost', 'The work on the run is left to another.')
}

/** After how long a kernel host that does not answer is asked again. */
export const RETRY_MS = 1_000
/** Whose workspace the run is stored in, and what opens it just now. */
export async function storageScope({ parts, claim: { run } }: RunInWork): Promise<StorageScope> {
  const grant = await parts.grants.find(run.id)
  return { workspace: run.workspace, user: run.ownerName, ...(grant !== undefined && { grant }) }
}

/** How long a worker that stops still waits for a kernel that starts, and for the database to take the last events. */
export const LEAVING_MS = 5_000

export const codeOf = (error: unknown): string | undefined =>
  error instanceof RunnerError ? error.code : undefined

export const secondsSince = (at: Date | undefined): number =>
  at === undefined ? 0 : (Date.now() - at.getTime()) / 1000
