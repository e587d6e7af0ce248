import type { Database } from '../database/connect.ts'
import type { Caller, Scope } from '../identity/caller.ts'
import { isObject, JsonNumber, type JsonValue, parseJson } from '../notebook/json.ts'
import type { NewRun, Run, RunState } from './run.ts'

/** Every function takes who asks first, so that a query without does not compile. All throw `database-failed`. */
export interface RunStore {
  /** Returns once the row is on disk. */
  insertPrepared(scope: Scope, run: NewRun): Promise<void>
  /** Undefined where there is none in the caller's workspaces. `id` is a UUID in lower case. */
  find(caller: Caller, id: string): Promise<Run | undefined>
  /** The newest of the caller's workspaces, newest first, `limit` at most. */
  recent(caller: Caller, limit: number): Promise<readonly Run[]>
}

interface RunRow {
  readonly id: string
  readonly state: RunState
  readonly notebook_id: string
  readonly notebook_version: string | null
  readonly workspace: string
  readonly owner_issuer: string
  readonly owner_subject: string
  readonly owner_name: string
  readonly parameters: string
  readonly kernel_name: string | null
  readonly bucket: string
  readonly key: string
  readonly created_at: Date
}

const INSERT_PREPARED = `
  INSERT INTO run (
    id, state, notebook_id, notebook_version, workspace, owner_issuer, owner_subject, owner_name, parameters,
    kernel_name, bucket, key
  ) VALUES ($1, 'prepared', $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`

const COLUMNS = `
  id, state, notebook_id, notebook_version, workspace, owner_issuer, owner_subject, owner_name, parameters,
  kernel_name, bucket, key, created_at`

const FIND = `SELECT ${COLUMNS} FROM run WHERE id = $1 AND workspace = ANY ($2)`

const RECENT = `
  SELECT ${COLUMNS} FROM run WHERE workspace = ANY ($1) ORDER BY created_at DESC, id DESC LIMIT $2`

export function runStore(database: Database): RunStore {
  return {
    async insertPrepared(scope, run) {
      const { id, notebookId, notebookVersion, parameters, kernelName, object } = run
      const owner = [scope.workspace, scope.issuer, scope.subject, scope.user]
      const given = [jsonText(new Map(parameters)), kernelName, object.bucket, object.key]
      const values = [id, notebookId, notebookVersion, ...owner, ...given]
      await database.query({ name: 'run-insert-prepared', text: INSERT_PREPARED, values })
    },
    async find(caller, id) {
      const values = [id, caller.workspaces]
      const [row] = await database.query<RunRow>({ name: 'run-find', text: FIND, values })
      return row && runFrom(row)
    },
    async recent(caller, limit) {
      const values = [caller.workspaces, limit]
      return (await database.query<RunRow>({ name: 'run-recent', text: RECENT, values })).map(runFrom)
    },
  }
}

function runFrom(row: RunRow): Run {
  const parameters = parseJson(row.parameters)
  return {
    id: row.id,
    state: row.state,
    notebookId: row.notebook_id,
    notebookVersion: row.notebook_version ?? undefined,
    workspace: row.workspace,
    ownerIssuer: row.owner_issuer,
    ownerSubject: row.owner_subject,
    ownerName: row.owner_name,
    parameters: isObject(parameters) ? parameters : new Map(),
    kernelName: row.kernel_name ?? undefined,
    object: { bucket: row.bucket, key: row.key },
    createdAt: row.created_at,
  }
}

/** On one line, numbers as they were written. */
function jsonText(value: JsonValue): string {
  if (value instanceof JsonNumber) return value.raw
  if (Array.isArray(value)) return `[${value.map(jsonText).join(',')}]`
  if (!isObject(value)) return JSON.stringify(value)
  return `{${[...value].map(([name, member]) => `${JSON.stringify(name)}:${jsonText(member)}`).join(',')}}`
}
