import type { RunEnd } from './run.ts'

/** Of this process: kernels of runs, and those that wait for one; of its host: those that failed runs have left. */
export interface KernelCounts {
  readonly run: number
  readonly warm: number
  readonly kept: number
}

/** Who is told how runs fare on this worker, for metrics. Times are in seconds. */
export interface RunObserver {
  /** `adopted`: another worker had it before. */
  claimed(adopted: boolean): void
  /** Its kernel is there, so long after it was accepted. `warm`: it had been started ahead. */
  running(waited: number, warm: boolean): void
  cell(seconds: number): void
  ended(end: RunEnd, took: number): void
  /** Another worker has it now. */
  lost(): void
  /** How the kernels of this worker's host can be counted. */
  kernels(count: () => Promise<KernelCounts>): void
}
