import { randomUUIDv7 } from 'node:crypto'
import { RunnerError } from '../errors.ts'
import { type Caller, grantOf, type Scope } from '../identity/caller.ts'
import { withOutputPath } from '../notebook/output-path.ts'
import type { Storage } from '../storage/storage.ts'
import type { Given } from './accept.ts'
import type { Admit } from './admission.ts'
import type { Batch, BatchStore } from './batch.ts'
import { outputPathOf } from './filled-notebook.ts'
import { namesPerson } from './reserved-inputs.ts'
import type { NewExecution, Run } from './run.ts'
import type { Accepted, RunStore } from './store.ts'

/** Running again what was accepted before: the same notebook, parameters, kernel and limits, stored beside the first. */
export interface Repeats {
  /**
   * A new run, whatever became of `run`; `fromFailed`: it begins at the cell that failed, where the kernel is kept. The
   * same idempotency key gives the run that it gave before.
   */
  run(caller: Caller, run: Run, given: Given & { readonly fromFailed: boolean }): Promise<Accepted>
  /** Queues again what failed of a sweep, all or none. Returns how many runs there are to be. */
  failed(caller: Caller, batch: Batch, given: Pick<Given, 'stopServer'>): Promise<number>
}

/**
 * The functions throw `not-repeatable` where nothing was executed or the run is bound to another person,
 * what `Admit` throws, and `database-failed`.
 */
export function repeatsWith(parts: {
  readonly runs: RunStore
  readonly batches: BatchStore
  readonly storage: Storage
  readonly admit: Admit
}): Repeats {
  const { runs, batches, storage, admit } = parts

  async function again(caller: Caller, run: Run): Promise<NewExecution> {
    if (run.ownerName !== caller.user && namesPerson(run.parameters)) {
      throw new RunnerError(
        'not-repeatable',
        `This run was given the name and the folder of ${run.ownerName}. Fill in its form to run the notebook as yourself.`,
      )
    }
    const snapshot = await runs.snapshot(caller, run.id)
    if (snapshot === undefined) {
      throw new RunnerError(
        'not-repeatable',
        'What was accepted for this run is not kept: open the form of its notebook to run it.',
      )
    }
    const { notebookId, notebookVersion, parameters, kernelName, limits } = run
    const id = randomUUIDv7()
    const object = storage.locate({ workspace: run.workspace, user: caller.user }, notebookId, id)
    const notebook = [withOutputPath(snapshot, outputPathOf(storage, object))]
    const retryOf = { id: run.id }
    return { id, notebookId, notebookVersion, parameters, kernelName, object, notebook, limits, retryOf }
  }

  return {
    async run(caller, run, given) {
      const scope = scopeIn(run.workspace, caller)
      const repeated = await again(caller, run)
      const fromCell = given.fromFailed ? failedCellOf(run) : undefined
      const wanted = { ...repeated, retryOf: { id: run.id, ...(fromCell !== undefined && { fromCell }) } }
      const earlier = await runs.earlier(scope, wanted, given)
      if (earlier !== undefined) return earlier
      await admit(scope, [wanted.id], given.stopServer)
      return runs.accept(scope, wanted, given)
    },
    async failed(caller, batch, { stopServer }) {
      const wanted: NewExecution[] = []
      for (const run of await batches.failed(caller, batch.id)) wanted.push(await again(caller, run))
      const scope = scopeIn(batch.workspace, caller)
      await admit(
        scope,
        wanted.map(({ id }) => id),
        stopServer,
      )
      return batches.again(scope, batch.id, wanted)
    },
  }
}

function failedCellOf({ failedCell }: Run): number {
  if (failedCell !== undefined) return failedCell
  const message = 'No cell of this run has failed, so there is none to go on from: run it again as a whole.'
  throw new RunnerError('not-repeatable', message)
}

const scopeIn = (workspace: string, caller: Caller): Scope => ({
  issuer: caller.issuer,
  subject: caller.subject,
  user: caller.user,
  workspace,
  ...grantOf(caller),
})
