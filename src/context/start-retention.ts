import type { Logger } from 'pino'
import type { Config } from '../config/config.ts'
import type { Database } from '../database/connect.ts'
import { OldFolders, type RunFolders } from '../run/old-folders.ts'
import { Retention } from '../run/retention.ts'
import type { Run } from '../run/run.ts'
import type { Kernels } from './open-kernels.ts'

interface RetentionParts {
  readonly database: Database
  readonly runFolders: RunFolders | undefined
  readonly log: Logger
}

/** Deletes what is old from now on. */
export function startRetention(
  { runs: { keep } }: Config,
  { database, runFolders, log }: RetentionParts,
  stack: AsyncDisposableStack,
): void {
  stack.use(new Retention({ database, keep, log }))
  if (runFolders !== undefined && keep.folders !== undefined)
    stack.use(new OldFolders({ database, folders: runFolders, keepSeconds: keep.folders, log }))
}

/** Removes the folder of a run, where that is on this machine. */
export function removeFolderWith(kernels: Kernels | undefined): ((run: Run) => Promise<void>) | undefined {
  const folders = kernels?.runFolders
  if (kernels === undefined || folders === undefined) return undefined
  return (run) => folders.remove(kernels.folderOf(run))
}
