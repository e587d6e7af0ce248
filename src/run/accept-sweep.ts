import { randomUUIDv7 } from 'node:crypto'
import type { Caller } from '../identity/caller.ts'
import type { Batch, BatchStore } from './batch.ts'
import type { FillSweep, RunRequest } from './filled-notebook.ts'
import type { RunLimits } from './run.ts'

export interface Sweeps {
  /**
   * A sweep is accepted: all its runs are in the queue, or none. Returns the sweep of before for the same idempotency
   * key.
   */
  accept(
    caller: Caller,
    notebookId: string,
    request: RunRequest,
    given?: { readonly idempotencyKey?: string },
  ): Promise<{ readonly batch: Batch; readonly created: boolean }>
  /** What it would be: the inputs that differ and the number of its runs. Nothing is written. */
  plan(
    caller: Caller,
    notebookId: string,
    request: RunRequest,
  ): Promise<{ readonly each: readonly string[]; readonly count: number }>
}

/**
 * The functions throw what `FillSweep` throws; `accept` also `idempotency-conflict` and `database-failed`.
 * @param parts `max` is the most runs that a sweep may have
 */
export function sweepsWith(parts: {
  readonly fillSweep: FillSweep
  readonly batches: BatchStore
  readonly limits: RunLimits
  readonly max: number
}): Sweeps {
  const { fillSweep, batches, limits, max } = parts
  return {
    async accept(caller, notebookId, request, given) {
      const { scope, each, notebooks } = await fillSweep(caller, notebookId, request, max)
      const runs = Array.from(notebooks(), ({ run, notebook }) => ({ ...run, notebook, limits }))
      return batches.create(scope, { id: randomUUIDv7(), notebookId, each, runs }, given)
    },
    plan: (caller, notebookId, request) => fillSweep(caller, notebookId, request, max),
  }
}
