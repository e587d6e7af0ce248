import { RunnerError } from '../errors.ts'
import type { Caller } from '../identity/caller.ts'
import type { Storage, StoredObject } from '../storage/storage.ts'
import { inSpan } from '../tracing/in-span.ts'
import type { Tracing } from '../tracing/tracing.ts'
import type { FillIn, RunRequest } from './filled-notebook.ts'
import type { RunStore } from './store.ts'
import type { UnflushedNotebooks } from './unflushed-notebooks.ts'

/** Bigger ones are flushed by themselves, so that the database is not made to carry them as well. */
const MOST_COPIED = 64 * 1024

interface PreparedRun {
  /** UUIDv7; the `outputId` of the view link. */
  readonly id: string
  readonly notebookId: string
  readonly workspace: string
  readonly object: StoredObject
}

/** A link followed by a caller: the prepared notebook is stored in the workspace, and its row in the history. */
export type PrepareRun = (caller: Caller, notebookId: string, request: RunRequest) => Promise<PreparedRun>

/**
 * The notebook is stored first: a row always has its file. (A row that could not be written leaves a file that nothing
 * points to, and the caller is told.) The function throws what `FillIn` throws, `storage-failed` and `database-failed`.
 */
export function prepareWith(parts: {
  readonly fillIn: FillIn
  readonly storage: Storage
  readonly runs: RunStore
  /** Undefined where the storage makes each notebook safe by itself. */
  readonly unflushed: UnflushedNotebooks | undefined
  readonly tracing: Tracing | undefined
}): PrepareRun {
  const { fillIn, storage, runs, unflushed, tracing } = parts
  return async (caller, notebookId, request) => {
    const { scope, run, mode, notebook } = await fillIn(caller, notebookId, request)
    if (mode === 'execute') {
      throw new RunnerError(
        'no-kernels',
        'This service prepares notebooks and does not execute them: use _mode=prepare.',
      )
    }
    const size = notebook.reduce((sum, { byteLength }) => sum + byteLength, 0)
    if (unflushed !== undefined && size <= MOST_COPIED) {
      await inSpan(tracing, 'storage write', () => unflushed.put(scope, run.object, notebook))
      const copy = { place: unflushed.place, notebook }
      await inSpan(tracing, 'row', () => runs.insertPrepared(scope, run, copy))
    } else {
      await inSpan(tracing, 'storage write', () => storage.put(scope, run.object, notebook))
      await inSpan(tracing, 'row', () => runs.insertPrepared(scope, run))
    }
    return { id: run.id, notebookId, workspace: scope.workspace, object: run.object }
  }
}
