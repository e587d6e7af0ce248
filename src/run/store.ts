import { isDeepStrictEqual } from 'node:util'
import type { Database } from '../database/connect.ts'
import { RunnerError } from '../errors.ts'
import type { Caller, Scope } from '../identity/caller.ts'
import type { Tracing } from '../tracing/tracing.ts'
import { cancelRuns } from './cancel.ts'
import { insertQueued } from './insert-run.ts'
import { type NotebookCopy, PreparedRows } from './prepared-rows.ts'
import type { NewExecution, NewRun, Run } from './run.ts'
import { limitsFrom, parametersText, RUN_COLUMNS, type RunRow, runFrom } from './run-row.ts'

export interface Accepted {
  readonly run: Run
  /** False where it is the run of an earlier request with the same idempotency key. */
  readonly created: boolean
}

/** Every function takes who asks first, so that a query without does not compile. All throw `database-failed`. */
export interface RunStore {
  /** Returns once the row is on disk, and with it the copy of a notebook whose file is not flushed yet. */
  insertPrepared(scope: Scope, run: NewRun, copy?: NotebookCopy): Promise<void>
  /**
   * Row, snapshot and place in the queue, all or nothing. The same idempotency key of the same person gives the run
   * that it gave before. Throws `idempotency-conflict` where it came with another notebook, workspace, kernel,
   * other limits or parameters then.
   */
  accept(scope: Scope, run: NewExecution, given?: { readonly idempotencyKey?: string }): Promise<Accepted>
  /** What `accept` would give for a key that is known, and throw; undefined where it would be a new run. */
  earlier(
    scope: Scope,
    run: NewExecution,
    given: { readonly idempotencyKey?: string },
  ): Promise<Accepted | undefined>
  /** Undefined where there is none in the caller's workspaces. `id` is a UUID in lower case. */
  find(caller: Caller, id: string): Promise<Run | undefined>
  /** The notebook as it was accepted; undefined where there is none, or not any more. */
  snapshot(caller: Caller, id: string): Promise<Uint8Array | undefined>
  /**
   * Ends a queued run at once; tells the worker of one that goes (`cancelRequestedAt`); changes nothing on a
   * finished one. Returns the run as it is afterwards, undefined where there is none in the caller's workspaces.
   */
  cancel(caller: Caller, id: string): Promise<Run | undefined>
  /** Takes a finished run out of the history; its notebook stays. False where there is none such. */
  dismiss(caller: Caller, id: string): Promise<boolean>
}

const FIND = `SELECT ${RUN_COLUMNS} FROM run WHERE id = $1 AND workspace = ANY ($2)`

const FIND_BY_KEY = `
  SELECT ${RUN_COLUMNS} FROM run WHERE owner_issuer = $1 AND owner_subject = $2 AND idempotency_key = $3`

const SNAPSHOT = `
  SELECT notebook FROM run_snapshot JOIN run ON run.id = run_id WHERE run_id = $1 AND workspace = ANY ($2)`

// A kernel that is kept is not to be kept any more.
const DISMISS = `
  WITH kernel AS (
    UPDATE left_kernel SET until = least(until, clock_timestamp()) FROM run
    WHERE left_kernel.run_id = $1 AND run.id = $1 AND run.workspace = ANY ($2)
  )
  UPDATE run SET hidden_at = coalesce(hidden_at, now())
  WHERE id = $1 AND workspace = ANY ($2) AND state IN ('prepared', 'succeeded', 'failed', 'cancelled')
  RETURNING id`

/** Runs that are accepted go on in the trace that they are accepted in. */
export function runStore(database: Database, tracing?: Pick<Tracing, 'traceparent'>): RunStore {
  const prepared = new PreparedRows(database)
  const find = async (caller: Caller, id: string) => {
    const values = [id, caller.workspaces]
    const [row] = await database.query<RunRow>({ name: 'run-find', text: FIND, values })
    return row && runFrom(row)
  }
  const earlier: RunStore['earlier'] = async (scope, run, { idempotencyKey }) => {
    if (idempotencyKey === undefined) return undefined
    const values = [scope.issuer, scope.subject, idempotencyKey]
    const [row] = await database.query<RunRow>({ name: 'run-find-key', text: FIND_BY_KEY, values })
    if (row === undefined) return undefined
    if (!isSame(scope, run, row)) throw keyConflict()
    return { run: runFrom(row), created: false }
  }
  return {
    insertPrepared: (scope, run, copy) => prepared.insert(scope, run, copy),
    async accept(scope, run, given = {}) {
      const row = await insertQueued(database, scope, run, {
        ...(given.idempotencyKey !== undefined && { idempotencyKey: given.idempotencyKey }),
        traceparent: tracing?.traceparent(),
      })
      if (row !== undefined) return { run: runFrom(row), created: true }
      const before = await earlier(scope, run, given)
      if (before === undefined) throw keyConflict()
      return before
    },
    earlier,
    find,
    async snapshot(caller, id) {
      const values = [id, caller.workspaces]
      const [row] = await database.query<{ notebook: Buffer }>({ text: SNAPSHOT, values })
      return row?.notebook
    },
    async cancel(caller, id) {
      const [row] = await cancelRuns(database, caller, 'run', id)
      return row === undefined ? find(caller, id) : runFrom(row)
    },
    async dismiss(caller, id) {
      const rows = await database.query({ text: DISMISS, values: [id, caller.workspaces] })
      return rows.length > 0
    },
  }
}

/** Its template may have changed between a request and its repetition: that makes no other request of it. */
function isSame(scope: Scope, run: NewExecution, earlier: RunRow): boolean {
  return (
    earlier.notebook_id === run.notebookId &&
    earlier.workspace === scope.workspace &&
    earlier.kernel_name === (run.kernelName ?? null) &&
    earlier.from_cell === (run.retryOf?.fromCell ?? null) &&
    earlier.parameters === parametersText(run.parameters) &&
    isDeepStrictEqual(limitsFrom(earlier.limits), run.limits)
  )
}

export const keyConflict = (): RunnerError =>
  new RunnerError(
    'idempotency-conflict',
    'This idempotency key came with another request before. Use a new key for a new request.',
  )
