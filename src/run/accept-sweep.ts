import { randomUUIDv7 } from 'node:crypto'
import { RunnerError } from '../errors.ts'
import type { Caller } from '../identity/caller.ts'
import type { Given } from './accept.ts'
import type { Admit } from './admission.ts'
import type { AcceptedBatch, BatchStore } from './batch.ts'
import type { FillSweep, RunRequest } from './filled-notebook.ts'

export interface Sweeps {
  /**
   * A sweep is accepted: all its runs are in the queue, or none. Returns the sweep of before for the same idempotency
   * key.
   */
  accept(caller: Caller, notebookId: string, request: RunRequest, given: Given): Promise<AcceptedBatch>
  /** What it would be: the inputs that differ and the number of its runs. Nothing is written. */
  plan(
    caller: Caller,
    notebookId: string,
    request: RunRequest,
  ): Promise<{ readonly each: readonly string[]; readonly count: number }>
}

/**
 * The functions throw what `FillSweep` throws; `accept` also what `Admit` throws, `idempotency-conflict` and `database-failed`.
 * @param parts `max` is the most runs that a sweep may have
 */
export function sweepsWith(parts: {
  readonly fillSweep: FillSweep
  readonly admit: Admit
  readonly batches: Pick<BatchStore, 'create' | 'earlier'>
  readonly max: number
}): Sweeps {
  const { fillSweep, admit, batches, max } = parts
  return {
    async accept(caller, notebookId, request, given) {
      const { scope, each, chosen, notebooks } = await fillSweep(caller, notebookId, request, max)
      const runs = Array.from(notebooks(), ({ run, notebook, limits }) => ({ ...run, notebook, limits }))
      refuseTooLarge(runs)
      const batch = { id: randomUUIDv7(), notebookId, each, runs, chosen }
      const earlier = await batches.earlier(scope, batch, given)
      if (earlier !== undefined) return earlier
      await admit(
        scope,
        runs.map(({ id }) => id),
        given.stopServer,
      )
      return batches.create(scope, batch, given)
    },
    plan: (caller, notebookId, request) => fillSweep(caller, notebookId, request, max),
  }
}

/** Each run keeps the notebook that it runs: so much may come into the database at once. */
const MAX_BYTES = 256 * 1024 * 1024

function refuseTooLarge(runs: ReadonlyArray<{ readonly notebook: readonly Uint8Array[] }>): void {
  const bytes = runs.reduce((sum, { notebook }) => sum + bytesOf(notebook), 0)
  if (bytes <= MAX_BYTES) return
  const [most, size] = [MAX_BYTES, bytes].map((count) => `${Math.ceil(count / 2 ** 20)} MiB`)
  throw new RunnerError(
    'too-large',
    `The notebooks of this sweep are ${size} in all, and may be ${most}: sweep fewer values, or clear the notebook's outputs.`,
  )
}

const bytesOf = (chunks: readonly Uint8Array[]): number => chunks.reduce((sum, { length }) => sum + length, 0)
