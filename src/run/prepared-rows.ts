import type { Database } from '../database/connect.ts'
import type { Scope } from '../identity/caller.ts'
import { parameterKeys } from './parameter-key.ts'
import type { NewRun } from './run.ts'
import { parametersText } from './run-row.ts'

// One statement for any number of rows; as JSON they are one value, whatever is in them. The copies of notebooks are
// another, end to end: bytes that nobody has to read.
const INSERT = `
  WITH given AS (
    SELECT * FROM json_to_recordset($1) AS row (
      id uuid, notebook_id text, notebook_version text, workspace text, owner_issuer text, owner_subject text,
      owner_name text, parameters text, parameter_keys bigint[], kernel_name text, bucket text, key text,
      copy_place uuid, copy_start integer, copy_bytes integer
    )
  ), inserted AS (
    INSERT INTO run (
      id, state, notebook_id, notebook_version, workspace, owner_issuer, owner_subject, owner_name, parameters,
      kernel_name, bucket, key
    )
    SELECT id, 'prepared', notebook_id, notebook_version, workspace, owner_issuer, owner_subject, owner_name,
      parameters, kernel_name, bucket, key
    FROM given
    RETURNING id, created_at
  ), copied AS (
    INSERT INTO run_unflushed (run_id, place, notebook)
    SELECT id, copy_place, substring($2::bytea FROM copy_start FOR copy_bytes) FROM given WHERE copy_place IS NOT NULL
  )
  INSERT INTO run_parameter (key, created_at, run_id)
  SELECT DISTINCT parameter.key, created_at, id
  FROM inserted JOIN given USING (id) CROSS JOIN unnest(parameter_keys) AS parameter (key)`

/** The notebook itself, for as long as its file is not flushed. */
export interface NotebookCopy {
  /** Of `FlushedTogether`. */
  readonly place: string
  /** Chunks of it. */
  readonly notebook: readonly Uint8Array[]
}

interface Waiting {
  readonly row: object
  readonly copy: NotebookCopy | undefined
  readonly settle: PromiseWithResolvers<void>
}

/**
 * Writes the rows of prepared notebooks. Those that come while others are being written are written together, next:
 * under load several rows share one statement and one flush of the disk. Where that fails, each is tried by itself, so
 * that no row spoils another's.
 */
export class PreparedRows {
  readonly #database: Database
  #waiting: Waiting[] = []
  #busy = false

  constructor(database: Database) {
    this.#database = database
  }

  /** Returns once the row, and the copy with it, is on disk. Throws `database-failed`. */
  insert(scope: Scope, run: NewRun, copy?: NotebookCopy): Promise<void> {
    const settle = Promise.withResolvers<void>()
    this.#waiting.push({ row: rowOf(scope, run), copy, settle })
    if (!this.#busy) void this.#writeAll()
    return settle.promise
  }

  async #writeAll(): Promise<void> {
    this.#busy = true
    while (this.#waiting.length > 0) {
      const batch = this.#waiting
      this.#waiting = []
      await this.#write(batch)
    }
    this.#busy = false
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    try {
      let start = 1
      const rows = batch.map(({ row, copy }) => {
        if (copy === undefined) return row
        const bytes = copy.notebook.reduce((sum, { byteLength }) => sum + byteLength, 0)
        const copied = { ...row, copy_place: copy.place, copy_start: start, copy_bytes: bytes }
        start += bytes
        return copied
      })
      const copies = Buffer.concat(batch.flatMap(({ copy }) => copy?.notebook ?? []))
      const values = [JSON.stringify(rows), copies]
      await this.#database.query({ name: 'run-insert-prepared', text: INSERT, values })
      for (const { settle } of batch) settle.resolve()
    } catch (error) {
      if (batch.length === 1) batch[0]?.settle.reject(error)
      else await Promise.all(batch.map((one) => this.#write([one])))
    }
  }
}

const rowOf = (scope: Scope, run: NewRun) => ({
  id: run.id,
  notebook_id: run.notebookId,
  notebook_version: run.notebookVersion,
  workspace: scope.workspace,
  owner_issuer: scope.issuer,
  owner_subject: scope.subject,
  owner_name: scope.user,
  parameters: parametersText(run.parameters),
  parameter_keys: parameterKeys(scope.workspace, run.parameters),
  // It is what the notebook says, and PostgreSQL takes no half of a surrogate pair in JSON.
  kernel_name: run.kernelName?.toWellFormed(),
  bucket: run.object.bucket,
  key: run.object.key,
})
