import type { Database } from '../database/connect.ts'
import { RunnerError } from '../errors.ts'
import { type Caller, grantOf } from '../identity/caller.ts'
import type { Storage } from '../storage/storage.ts'
import { DELETED_COLUMNS, type DeletedRow, deleteRuns } from './delete-runs.ts'
import type { FileStore } from './file-store.ts'
import { isTerminal, type Run } from './run.ts'

export interface PurgeParts {
  readonly database: Database
  readonly files: FileStore
  readonly storage: Storage
  /** The folder that its kernel worked in, where it is on this machine. */
  readonly removeFolder: ((run: Run) => Promise<void>) | undefined
}

/** Removes a run that has ended, with everything that it has left: see `purgeWith`. */
export type PurgeRun = (caller: Caller, run: Run) => Promise<void>

const FIND = `
  SELECT ${DELETED_COLUMNS} FROM run
  WHERE id = $1 AND owner_issuer = $2 AND owner_subject = $3 AND workspace = ANY ($4)
    AND state IN ('prepared', 'succeeded', 'failed', 'cancelled')
  FOR UPDATE`

/**
 * Notebook and copies of files go out of storage first, then the row: what storage does not let go is still in the
 * history, and the same request goes on with it. The function throws `not-allowed` for who is neither the owner nor a manager,
 * `invalid-request` for a run that has not ended, `storage-failed` and `database-failed`.
 */
export function purgeWith({ database, files, storage, removeFolder }: PurgeParts): PurgeRun {
  return async (caller, run) => {
    // What is gone is gone: where no roles are told apart, nobody is enough of a manager for that.
    const owner = run.ownerIssuer === caller.issuer && run.ownerSubject === caller.subject
    if (!owner && caller.roles?.get(run.workspace) !== 'manager')
      throw new RunnerError(
        'not-allowed',
        `This run is ${run.ownerName}’s: only they or a manager of ${run.workspace} can purge it.`,
      )
    if (!isTerminal(run.state))
      throw new RunnerError('invalid-request', 'The run has not ended: cancel it first, and purge it then.')
    const scope = { workspace: run.workspace, user: run.ownerName, ...grantOf(caller) }
    const left = await files.list(caller, run.id)
    const copies = (left?.files ?? []).flatMap(({ copy }) => ('object' in copy ? [copy.object] : []))
    for (const object of [...copies, run.object]) await storage.remove(scope, object)
    await removeFolder?.(run)
    await database.transaction(async (session) => {
      const values = [run.id, run.ownerIssuer, run.ownerSubject, caller.workspaces]
      const rows = await session.query<DeletedRow>({ text: FIND, values })
      await deleteRuns(session, rows)
    })
  }
}
