import timers from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Database } from '../database/connect.ts'
import { UUID } from './uuid.ts'

/** The folders of runs on this machine. */
export interface RunFolders {
  /** Some thousand at most: those of all workspaces, each with the id of its run. */
  list(): Promise<ReadonlyArray<{ readonly runId: string; readonly folder: string }>>
  remove(folder: string): Promise<void>
}

const EVERY_MS = 600_000

// One whose run is deleted, or ended long ago. That of a kernel that is still kept stays.
const OLD = `
  SELECT asked.id::text FROM unnest($1::uuid[]) AS asked (id) LEFT JOIN run ON run.id = asked.id
  WHERE (run.id IS NULL OR run.finished_at < now() - make_interval(secs => $2))
    AND NOT EXISTS (SELECT FROM left_kernel WHERE run_id = asked.id)`

/**
 * Removes the folders that runs of this machine have worked in, so long after their end. What was copied of them is in
 * storage; what was not is gone then.
 */
export class OldFolders implements AsyncDisposable {
  readonly #parts: OldFoldersParts
  readonly #stopping = new AbortController()
  readonly #working: Promise<void>

  constructor(parts: OldFoldersParts) {
    this.#parts = parts
    this.#working = this.#work()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort()
    await this.#working
  }

  async #work(): Promise<void> {
    const { signal } = this.#stopping
    for (;;) {
      await timers.setTimeout(EVERY_MS, undefined, { signal, ref: false }).catch(() => undefined)
      if (signal.aborted) return
      await removeOldFolders(this.#parts, signal).catch((err: unknown) =>
        this.#parts.log.warn({ err }, 'old folders of runs could not be removed'),
      )
    }
  }
}

interface OldFoldersParts {
  readonly database: Database
  readonly folders: RunFolders
  readonly keepSeconds: number
  readonly log: Logger
}

/** Once. @returns how many */
export async function removeOldFolders(
  { database, folders, keepSeconds, log }: OldFoldersParts,
  signal?: AbortSignal,
): Promise<number> {
  // A folder that is not named by an id is nobody's to remove; that of a run of another database is old by its id.
  const before = Date.now() - keepSeconds * 1_000
  const found = (await folders.list()).filter(({ runId }) => UUID.test(runId) && madeAt(runId) < before)
  const values = [found.map(({ runId }) => runId), keepSeconds]
  const rows = await database.query<{ id: string }>({ text: OLD, values })
  const old = new Set(rows.map(({ id }) => id))
  let removed = 0
  for (const { runId, folder } of found) {
    if (signal?.aborted === true || !old.has(runId)) continue
    await folders.remove(folder)
    removed++
  }
  if (removed > 0) log.info({ removed }, 'old folders of runs are removed')
  return removed
}

/** Ids begin with the time in milliseconds (UUIDv7). */
const madeAt = (id: string): number => Number.parseInt(id.slice(0, 13).replace('-', ''), 16)
