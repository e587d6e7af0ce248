import type { Caller } from '../identity/caller.ts'
import { inSpan } from '../tracing/in-span.ts'
import type { Tracing } from '../tracing/tracing.ts'
import type { Admit } from './admission.ts'
import type { FillIn, RunRequest } from './filled-notebook.ts'
import type { Accepted, RunStore } from './store.ts'

/** What comes with a request beside what is to run. */
export interface Given {
  /** The same key of the same person is the same run. */
  readonly idempotencyKey?: string
  /** Another server of theirs may be stopped for it. */
  readonly stopServer: boolean
}

/**
 * A run to be executed is accepted: what runs is fixed now, and it is in the queue. Returns the run of before for the
 * same idempotency key.
 */
export type AcceptRun = (
  caller: Caller,
  notebookId: string,
  request: RunRequest,
  given: Given,
) => Promise<Accepted>

/** The function throws what `FillIn` and `Admit` throw, `idempotency-conflict` and `database-failed`. */
export function acceptWith(parts: {
  readonly fillIn: FillIn
  readonly admit: Admit
  readonly runs: RunStore
  readonly tracing: Tracing | undefined
}): AcceptRun {
  const { fillIn, admit, runs, tracing } = parts
  return async (caller, notebookId, request, given) => {
    const { scope, run, limits, notebook } = await fillIn(caller, notebookId, request)
    const wanted = { ...run, notebook, limits }
    // What was accepted before needs no room, and stops nothing.
    const earlier = await runs.earlier(scope, wanted, given)
    if (earlier !== undefined) return earlier
    await inSpan(tracing, 'admit', () => admit(scope, [run.id], given.stopServer))
    return inSpan(tracing, 'accept', () => runs.accept(scope, wanted, given))
  }
}
