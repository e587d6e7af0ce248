import type { Database } from '../database/connect.ts'
import { RunnerError } from '../errors.ts'
import type { FlushedTogether, Storage, StorageScope, StoredObject } from '../storage/storage.ts'

/** How long a copy is kept at least; then one flush serves all that came meanwhile. */
const EVERY_MS = 5_000

interface Copy {
  readonly run_id: string
  readonly workspace: string
  readonly owner_name: string
  readonly bucket: string
  readonly key: string
}

const SNAPSHOT = 'SELECT pg_current_snapshot()::text AS snapshot'

// The copy of a run that is not there any more is of no use.
const COPIES = `
  SELECT run_id, workspace, owner_name, bucket, key FROM run_unflushed JOIN run ON run.id = run_id
  WHERE place = $1 AND pg_visible_in_snapshot(written, $2::text::pg_snapshot)`

const NOTEBOOK = 'SELECT notebook FROM run_unflushed WHERE run_id = $1'

const FORGET = `
  DELETE FROM run_unflushed WHERE place = $1 AND pg_visible_in_snapshot(written, $2::text::pg_snapshot)`

// Thousands of rows come and go: their room is used again at once, instead of when PostgreSQL next looks.
const MAKE_ROOM = 'VACUUM (SKIP_LOCKED, TRUNCATE FALSE) run_unflushed'

interface Log {
  warn(details: object, message: string): void
}

interface UnflushedParts {
  readonly database: Database
  readonly storage: Storage
  readonly together: FlushedTogether
  readonly log: Log
}

/**
 * Prepared notebooks whose files are written and not flushed yet. Each has a copy in the database, written together with
 * its row: so one flush of the database makes row and notebook safe at once, where flushing each file would take longer
 * than all the rest of the work. The disk is flushed for many at a time, and their copies are deleted after it.
 */
export class UnflushedNotebooks {
  readonly #parts: UnflushedParts
  #timer: NodeJS.Timeout | undefined
  #settling: Promise<void> | undefined
  /** Copies may be there. */
  #some = true
  #restored = false

  constructor(parts: UnflushedParts) {
    this.#parts = parts
  }

  get place(): string {
    return this.#parts.together.place
  }

  /**
   * Stores a notebook for whose copy the caller cares: it goes into the database with the row of the run. Throws
   * `storage-failed`.
   */
  put(scope: StorageScope, object: StoredObject, notebook: readonly Uint8Array[]): Promise<void> {
    this.#some = true
    return this.#parts.together.put(scope, object, notebook)
  }

  /** Puts the files again that a loss of power has taken or broken, and begins to flush. What fails is tried again. */
  async start(): Promise<void> {
    await this.#settle()
    this.#again()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    await this.#settling
    await this.#settle()
  }

  #again(): void {
    this.#timer = setTimeout(async () => {
      this.#settling = this.#settle()
      await this.#settling
      if (this.#timer !== undefined) this.#again()
    }, EVERY_MS).unref()
  }

  /** Never throws: the copies are safe where they are. */
  async #settle(): Promise<void> {
    if (!this.#some) return
    this.#some = false
    try {
      // What is visible before the flush belongs to files that were written before it.
      const snapshot = await this.#snapshot()
      if (!this.#restored && (await this.#restoreAll(snapshot)) === 0) return
      await this.#parts.together.flush()
      await this.#forget(snapshot)
      await this.#makeRoom()
    } catch (error) {
      this.#some = true
      const why = error instanceof RunnerError ? error.message : String(error)
      this.#parts.log.warn({ error: why }, 'Prepared notebooks are not flushed yet')
    }
  }

  /** Once, before any copy is deleted. How many copies there are. Throws what the last one that could not be put threw. */
  async #restoreAll(snapshot: string): Promise<number> {
    let put = 0
    let failed: { readonly error: unknown } | undefined
    const copies = await this.#copies(snapshot)
    for (const copy of copies) {
      try {
        if (await this.#restore(copy)) put++
      } catch (error) {
        failed = { error }
      }
    }
    if (put > 0) this.#parts.log.warn({ notebooks: put }, 'Notebooks that the disk had lost are there again')
    if (failed !== undefined) throw failed.error
    this.#restored = true
    return copies.length
  }

  /** True where the file had to be put again. One that somebody has changed meanwhile is left as it is. */
  async #restore(copy: Copy): Promise<boolean> {
    const { storage } = this.#parts
    const scope = { workspace: copy.workspace, user: copy.owner_name }
    const object = { bucket: copy.bucket, key: copy.key }
    if (await isWhole(storage, scope, object)) return false
    const notebook = await this.#notebook(copy.run_id)
    if (notebook === undefined) return false
    await storage.put(scope, object, [notebook])
    return true
  }

  async #snapshot(): Promise<string> {
    const [row] = await this.#parts.database.query<{ snapshot: string }>({ text: SNAPSHOT })
    return row?.snapshot ?? ''
  }

  #copies(snapshot: string): Promise<readonly Copy[]> {
    return this.#parts.database.query<Copy>({ text: COPIES, values: [this.place, snapshot] })
  }

  async #notebook(runId: string): Promise<Uint8Array | undefined> {
    const [row] = await this.#parts.database.query<{ notebook: Buffer }>({ text: NOTEBOOK, values: [runId] })
    return row?.notebook
  }

  async #forget(snapshot: string): Promise<void> {
    await this.#parts.database.query({ text: FORGET, values: [this.place, snapshot] })
  }

  async #makeRoom(): Promise<void> {
    await this.#parts.database.query({ text: MAKE_ROOM })
  }
}

/** What a loss of power leaves of a file is nothing, a part, or zeros: no JSON. */
async function isWhole(storage: Storage, scope: StorageScope, object: StoredObject): Promise<boolean> {
  try {
    const bytes = await storage.get(scope, object)
    JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    return true
  } catch (error) {
    if (error instanceof RunnerError && error.code !== 'not-found') throw error
    return false
  }
}
