import type { Caller } from '../identity/caller.ts'
import type { Storage } from '../storage/storage.ts'
import { type FillIn, type FillSweep, isSweep, outputPathOf, type RunRequest } from './filled-notebook.ts'
import type { RunTimes } from './run-times.ts'

/** What a request would do. */
interface RunPlan {
  readonly workspace: string
  readonly kernel: string | undefined
  /** How many runs, and the inputs that differ between them. */
  readonly runs: number
  readonly each: readonly string[]
  /** Where the notebook would be stored; `{id}` is the id that the run will get. */
  readonly output: string
  readonly before: RunTimes | undefined
}

/** Nothing is written. Throws what `FillIn` and `FillSweep` throw, and `database-failed`. */
export type PlanRun = (caller: Caller, notebookId: string, request: RunRequest) => Promise<RunPlan>

/** @param parts `max` is the most runs that a sweep may have */
export function planWith(parts: {
  readonly fillIn: FillIn
  readonly fillSweep: FillSweep
  readonly max: number
  readonly storage: Storage
  readonly times: (caller: Caller, notebookId: string) => Promise<RunTimes | undefined>
}): PlanRun {
  const { fillIn, fillSweep, max, storage, times } = parts
  return async (caller, notebookId, request) => {
    const { first, runs, each } = isSweep(request)
      ? await fillSweep(caller, notebookId, request, max).then((sweep) => {
          const [one] = sweep.notebooks()
          return { first: one, runs: sweep.count, each: sweep.each }
        })
      : { first: await fillIn(caller, notebookId, request), runs: 1, each: [] }
    if (first === undefined) throw new Error('A sweep has a run at least')
    const { id, object, kernelName } = first.run
    return {
      workspace: first.scope.workspace,
      kernel: kernelName,
      runs,
      each,
      output: outputPathOf(storage, object).replaceAll(id, '{id}'),
      before: await times(caller, notebookId),
    }
  }
}
