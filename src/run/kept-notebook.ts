import type { Database } from '../database/connect.ts'
import { RunnerError } from '../errors.ts'
import type { Caller } from '../identity/caller.ts'
import { grantOf } from '../identity/caller.ts'
import type { Storage } from '../storage/storage.ts'
import { isTerminal, type Run } from './run.ts'
import type { RunGrants } from './run-grants.ts'
import { RUN_COLUMNS, type RunRow, runFrom } from './run-row.ts'

/** For whoever holds the lease ($1 and $2), of a run whose workspace cannot be opened: its notebook, state, reason, message, failed cell. */
export const KEEP_NOTEBOOK = `
  WITH run AS (SELECT id FROM run WHERE id = $1 AND epoch = $2 FOR NO KEY UPDATE)
  INSERT INTO kept_notebook (run_id, notebook, state, reason, message, failed_cell) SELECT id, $3, $4, $5, $6, $7 FROM run
  ON CONFLICT (run_id) DO UPDATE SET
    notebook = excluded.notebook, state = excluded.state, reason = excluded.reason, message = excluded.message,
    failed_cell = excluded.failed_cell
  RETURNING run_id AS id`

const FIND = `
  SELECT kept_notebook.notebook FROM kept_notebook JOIN run ON run.id = run_id
  WHERE run_id = $1 AND workspace = ANY ($2)`

// The run is now what it would have been. Whoever else has stored the same meanwhile has done the same.
const STORED = `
  WITH kept AS (DELETE FROM kept_notebook WHERE run_id = $1 RETURNING state, reason, message, failed_cell), stored AS (
    UPDATE run SET
      state = kept.state, reason = kept.reason, message = kept.message, failed_cell = kept.failed_cell, last_event = last_event + 1,
      updated_at = clock_timestamp()
    FROM kept WHERE run.id = $1 AND run.workspace = ANY ($2) RETURNING run.*
  ), event AS (
    INSERT INTO run_event (run_id, number, type, data)
    SELECT id, last_event, 'state', json_strip_nulls(
      json_build_object('type', 'state', 'state', state, 'reason', reason, 'message', message)
    )::text FROM stored
  )
  SELECT ${RUN_COLUMNS} FROM stored AS run`

/** Long before keys expire: a person who looks at their run gives it new ones. */
const RENEW_MS = 300_000

/** The notebook that is kept; undefined where there is none for the caller. Throws `database-failed`. */
export async function keptNotebook(
  database: Database,
  caller: Caller,
  runId: string,
): Promise<Uint8Array | undefined> {
  const [row] = await database.query<{ notebook: Buffer }>({ text: FIND, values: [runId, caller.workspaces] })
  return row?.notebook
}

/**
 * A person who may see the run has come back to it. What could not be stored of it is stored now, with what they bring,
 * and the run is what it would have been; a run of theirs that still goes is given new keys. Returns the run as it is then.
 */
export type ComeBack = (caller: Caller, run: Run) => Promise<Run>

/** Never throws but `database-failed`: storage that refuses again is no reason not to show the run. */
export function comeBackWith(parts: {
  readonly database: Database
  readonly storage: Storage
  readonly grants: RunGrants
  readonly log: { warn(details: object, message: string): void }
}): ComeBack {
  const { database, storage, grants, log } = parts
  const renewed = new Map<string, number>()

  async function renew(caller: Caller, run: Run): Promise<void> {
    const isOwner = run.ownerIssuer === caller.issuer && run.ownerSubject === caller.subject
    const last = renewed.get(run.id)
    if (!isOwner || (last !== undefined && performance.now() - last < RENEW_MS)) return
    if (renewed.size > 10_000) renewed.clear()
    renewed.set(run.id, performance.now())
    const { issuer, subject, user } = caller
    await grants.deposit({ issuer, subject, user, workspace: run.workspace, ...grantOf(caller) }, [run.id])
  }

  async function store(caller: Caller, run: Run): Promise<Run> {
    const notebook = await keptNotebook(database, caller, run.id)
    if (notebook === undefined) return run
    const scope = { workspace: run.workspace, user: run.ownerName, ...grantOf(caller) }
    await storage.put(scope, run.object, [notebook])
    const [row] = await database.query<RunRow>({ text: STORED, values: [run.id, caller.workspaces] })
    return row === undefined ? run : runFrom(row)
  }

  return async (caller, run) => {
    try {
      if (run.reason === 'storage-failed') return await store(caller, run)
      if (storage.keys !== undefined && !isTerminal(run.state)) await renew(caller, run)
    } catch (err) {
      if (!(err instanceof RunnerError && err.code === 'storage-failed')) throw err
      log.warn({ err, run: run.id }, 'the workspace of a run could not be opened')
    }
    return run
  }
}
