import type { Database } from '../database/connect.ts'
import type { Caller } from '../identity/caller.ts'
import type { LeftBecause, RunFile, RunFiles } from './run-file.ts'
import { storable } from './run-row.ts'

/** Every function takes who asks first. All throw `database-failed`. */
export interface FileStore {
  /** What a run left; undefined where nobody has looked, or there is no such run for the caller. */
  list(caller: Caller, runId: string): Promise<RunFiles | undefined>
  /** Undefined where there is none of that path. */
  find(caller: Caller, runId: string, path: string): Promise<RunFile | undefined>
}

const COLUMNS = 'path, size::float8 AS size, media_type, digest, run_file.bucket, run_file.key, left_because'

const COMPLETE = 'SELECT files_complete FROM run WHERE id = $1 AND workspace = ANY ($2)'

// In the order of the bytes, as it was collected.
const LIST = `
  SELECT ${COLUMNS} FROM run_file JOIN run ON run.id = run_id WHERE run_id = $1 AND workspace = ANY ($2)
  ORDER BY path COLLATE "C"`

const FIND = `
  SELECT ${COLUMNS} FROM run_file JOIN run ON run.id = run_id
  WHERE run_id = $1 AND workspace = ANY ($2) AND path = $3`

interface FileRow {
  readonly path: string
  readonly size: number
  readonly media_type: string
  readonly digest: string | null
  readonly bucket: string | null
  readonly key: string | null
  readonly left_because: LeftBecause | null
}

export function fileStore(database: Database): FileStore {
  return {
    async list(caller, runId) {
      const values = [runId, caller.workspaces]
      const [run] = await database.query<{ files_complete: boolean | null }>({ text: COMPLETE, values })
      const complete = run?.files_complete ?? undefined
      if (complete === undefined) return undefined
      const rows = await database.query<FileRow & Record<string, unknown>>({ text: LIST, values })
      return { files: rows.map(fileFrom), complete }
    },
    async find(caller, runId, path) {
      const values = [runId, caller.workspaces, path]
      const [row] = await database.query<FileRow & Record<string, unknown>>({ text: FIND, values })
      return row && fileFrom(row)
    },
  }
}

function fileFrom({ path, size, media_type, digest, bucket, key, left_because }: FileRow): RunFile {
  const copied = digest !== null && bucket !== null && key !== null
  const copy = copied
    ? { object: { bucket, key }, digest }
    : { leftBecause: left_because ?? ('not-stored' as const) }
  return { path, size, mediaType: media_type, copy }
}

/** For whoever holds the lease ($1 and $2): what was kept before is replaced. */
export const SET_FILES = `
  WITH run AS (
    UPDATE run SET files_complete = $3 WHERE id = $1 AND epoch = $2 RETURNING id
  ), gone AS (
    DELETE FROM run_file USING run WHERE run_id = run.id AND path <> ALL ($4::text[])
  ), files AS (
    INSERT INTO run_file (run_id, path, size, media_type, digest, bucket, key, left_because)
    SELECT run.id, file.*
    FROM run, unnest($4::text[], $5::float8[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[]) AS file
    ON CONFLICT (run_id, path) DO UPDATE SET
      size = excluded.size, media_type = excluded.media_type, digest = excluded.digest, bucket = excluded.bucket,
      key = excluded.key, left_because = excluded.left_because
  )
  SELECT id FROM run`

/** What it takes beside the lease. */
export function fileValues({ files, complete }: RunFiles): readonly unknown[] {
  const copies = files.map(({ copy }) => ('object' in copy ? copy : undefined))
  return [
    complete,
    files.map(({ path }) => storable(path)),
    files.map(({ size }) => size),
    files.map(({ mediaType }) => mediaType),
    copies.map((copy) => copy?.digest),
    copies.map((copy) => copy?.object.bucket),
    copies.map((copy) => copy?.object.key),
    files.map(({ copy }) => ('leftBecause' in copy ? copy.leftBecause : undefined)),
  ]
}
