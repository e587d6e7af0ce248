import type { Caller } from '../identity/caller.ts'
import type { ServerLook } from '../kernel/hub-look.ts'
import type { Storage } from '../storage/storage.ts'
import { type FillIn, type FillSweep, isSweep, outputPathOf, type RunRequest } from './filled-notebook.ts'
import type { RunLimits } from './run.ts'
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
  /** Those of each run; undefined where nothing is executed. */
  readonly limits: RunLimits | undefined
  /** The person's own server in which it would run; undefined where they have none, or nobody knows. */
  readonly server: ServerLook | undefined
}

/** Nothing is written. `open`: whether a person has the form open; where it is left out, nobody asks for their server. Throws what `FillIn` and `FillSweep` throw, and `database-failed`. */
export type PlanRun = (
  caller: Caller,
  notebookId: string,
  request: RunRequest,
  open?: boolean,
) => Promise<RunPlan>

/** @param parts `max` is the most runs that a sweep may have */
export function planWith(parts: {
  readonly fillIn: FillIn
  readonly fillSweep: FillSweep
  readonly max: number
  readonly storage: Storage
  readonly times: (caller: Caller, notebookId: string) => Promise<RunTimes | undefined>
  readonly server: (caller: Caller, workspace: string, open: boolean) => Promise<ServerLook | undefined>
}): PlanRun {
  const { fillIn, fillSweep, max, storage, times, server } = parts
  return async (caller, notebookId, request, open) => {
    const { first, runs, each } = isSweep(request)
      ? await fillSweep(caller, notebookId, request, max).then((sweep) => {
          const [one] = sweep.notebooks()
          return { first: one, runs: sweep.count, each: sweep.each }
        })
      : { first: await fillIn(caller, notebookId, request), runs: 1, each: [] }
    if (first === undefined) throw new Error('A sweep has a run at least')
    const { id, object, kernelName } = first.run
    const { workspace } = first.scope
    return {
      workspace,
      kernel: kernelName,
      runs,
      each,
      output: outputPathOf(storage, object).replaceAll(id, '{id}'),
      before: await times(caller, notebookId),
      limits: Object.keys(first.limits).length === 0 ? undefined : first.limits,
      server: open === undefined ? undefined : await server(caller, workspace, open),
    }
  }
}
