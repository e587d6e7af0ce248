import { createHash } from 'node:crypto'
import type { Database, Session } from '../database/connect.ts'
import type { Caller, Scope } from '../identity/caller.ts'
import type { Tracing } from '../tracing/tracing.ts'
import { cancelRuns } from './cancel.ts'
import { insertQueued } from './insert-run.ts'
import type { NewExecution, Run, RunLimits, RunState } from './run.ts'
import { parametersText, RUN_COLUMNS, type RunRow, runFrom } from './run-row.ts'
import { keyConflict } from './store.ts'

export interface NewBatch {
  /** UUIDv7. */
  readonly id: string
  readonly notebookId: string
  /** Names of the inputs that differ between the runs. */
  readonly each: readonly string[]
  readonly runs: readonly NewExecution[]
  /** Of their limits, what was asked for. */
  readonly chosen: RunLimits
}

/** A sweep: one notebook, its runs made together. */
export interface Batch {
  readonly id: string
  readonly notebookId: string
  readonly workspace: string
  readonly ownerIssuer: string
  readonly ownerSubject: string
  /** Only shown. */
  readonly ownerName: string
  readonly each: readonly string[]
  /** How many runs it was accepted with: one for each combination of values. */
  readonly total: number
  readonly createdAt: Date
  /** How many of the combinations are in each state, by their newest run. */
  readonly states: Readonly<Partial<Record<RunState, number>>>
}

export interface AcceptedBatch {
  readonly batch: Batch
  /** False where it is the sweep of an earlier request with the same idempotency key. */
  readonly created: boolean
}

/** Every function takes who asks first. All throw `database-failed`. Runs of a sweep are listed by the history. */
export interface BatchStore {
  /**
   * The sweep with all its runs queued, or nothing. The same idempotency key of the same person gives the sweep that
   * it gave before. Throws `idempotency-conflict` where that was of another notebook, workspace or other parameters.
   */
  create(scope: Scope, batch: NewBatch, given?: { readonly idempotencyKey?: string }): Promise<AcceptedBatch>
  /** What `create` would give for a key that is known, and throw; undefined where it would be a new sweep. */
  earlier(
    scope: Scope,
    batch: NewBatch,
    given: { readonly idempotencyKey?: string },
  ): Promise<AcceptedBatch | undefined>
  /** Undefined where there is none in the caller's workspaces. `id` is a UUID. */
  find(caller: Caller, id: string): Promise<Batch | undefined>
  /** As `RunStore.cancel`, for all its runs. Undefined where there is none in the caller's workspaces. */
  cancel(caller: Caller, id: string): Promise<Batch | undefined>
  /** The newest run of each combination, in the order in which the sweep was made. */
  runs(caller: Caller, id: string): Promise<readonly Run[]>
  /** The combinations whose newest run failed. */
  failed(caller: Caller, id: string): Promise<readonly Run[]>
  /**
   * Queues runs that repeat failed ones (`retryOf`), all or none; those that were repeated already are left out.
   * Returns how many there are to be.
   */
  again(scope: Scope, id: string, runs: readonly NewExecution[]): Promise<number>
}

interface BatchRow {
  readonly id: string
  readonly notebook_id: string
  readonly workspace: string
  readonly owner_issuer: string
  readonly owner_subject: string
  readonly owner_name: string
  readonly each: string[]
  readonly total: number
  readonly digest: Buffer
  readonly created_at: Date
}

const INSERT = `
  INSERT INTO batch (
    id, notebook_id, workspace, owner_issuer, owner_subject, owner_name, each, total, digest, idempotency_key
  ) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
  ON CONFLICT (owner_issuer, owner_subject, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING
  RETURNING *`

const FIND = 'SELECT * FROM batch WHERE id = $1 AND workspace = ANY ($2)'

const FIND_BY_KEY = `
  SELECT * FROM batch WHERE owner_issuer = $1 AND owner_subject = $2 AND idempotency_key = $3`

const NEWEST = `
  run.batch_id = $1
  AND NOT EXISTS (SELECT FROM run later WHERE later.retry_of = run.id AND later.batch_id = run.batch_id)`

const STATES = `SELECT state, count(*)::integer AS count FROM run WHERE ${NEWEST} GROUP BY state`

const FAILED = `
  SELECT ${RUN_COLUMNS} FROM run WHERE ${NEWEST} AND state = 'failed' AND workspace = ANY ($2) ORDER BY id`

// A run that repeats another has its place.
const MATRIX = `
  WITH RECURSIVE line AS (
    SELECT id, created_at AS place, id AS first FROM run
    WHERE batch_id = $1 AND workspace = ANY ($2)
      AND NOT EXISTS (SELECT FROM run AS before WHERE before.id = run.retry_of AND before.batch_id = $1)
    UNION ALL
    SELECT run.id, place, first FROM line JOIN run ON run.retry_of = line.id AND run.batch_id = $1
  )
  SELECT ${RUN_COLUMNS} FROM line JOIN run USING (id) WHERE ${NEWEST} ORDER BY place, first`

// Who repeats the same sweep at the same moment waits here.
const LOCK = 'SELECT id FROM batch WHERE id = $1 AND workspace = $2 FOR UPDATE'

/** Runs that are accepted go on in the trace that they are accepted in. */
export function batchStore(database: Database, tracing?: Pick<Tracing, 'traceparent'>): BatchStore {
  async function withStates(row: BatchRow): Promise<Batch> {
    const rows = await database.query<{ state: RunState; count: number }>({ text: STATES, values: [row.id] })
    return batchFrom(row, Object.fromEntries(rows.map(({ state, count }) => [state, count])))
  }

  const earlier: BatchStore['earlier'] = async (scope, batch, { idempotencyKey }) => {
    if (idempotencyKey === undefined) return undefined
    const values = [scope.issuer, scope.subject, idempotencyKey]
    const [row] = await database.query<BatchRow>({ text: FIND_BY_KEY, values })
    if (row === undefined) return undefined
    if (!digestOf(scope, batch).equals(row.digest)) throw keyConflict()
    return { batch: await withStates(row), created: false }
  }

  async function findRow(session: Session, caller: Caller, id: string): Promise<BatchRow | undefined> {
    const [row] = await session.query<BatchRow>({ text: FIND, values: [id, caller.workspaces] })
    return row
  }

  async function failed(
    session: Session,
    workspaces: readonly string[],
    id: string,
  ): Promise<readonly RunRow[]> {
    return session.query<RunRow>({ text: FAILED, values: [id, workspaces] })
  }

  return {
    async create(scope, batch, given = {}) {
      const { id, notebookId, each, runs } = batch
      const { workspace, issuer, subject, user } = scope
      const digest = digestOf(scope, batch)
      const created = await database.transaction(async (session) => {
        const owner = [workspace, issuer, subject, user]
        const values = [id, notebookId, ...owner, each, runs.length, digest, given.idempotencyKey]
        const [row] = await session.query<BatchRow>({ text: INSERT, values })
        if (row === undefined) return undefined
        const traceparent = tracing?.traceparent()
        for (const run of runs) await insertQueued(session, scope, run, { batchId: id, traceparent })
        return row
      })
      if (created !== undefined) return { batch: batchFrom(created, { queued: runs.length }), created: true }
      const before = await earlier(scope, batch, given)
      if (before === undefined) throw keyConflict()
      return before
    },
    earlier,
    async find(caller, id) {
      const row = await findRow(database, caller, id)
      return row && withStates(row)
    },
    async cancel(caller, id) {
      const row = await findRow(database, caller, id)
      if (row === undefined) return undefined
      await cancelRuns(database, caller, 'batch', id)
      return withStates(row)
    },
    async runs(caller, id) {
      const rows = await database.query<RunRow>({ text: MATRIX, values: [id, caller.workspaces] })
      return rows.map(runFrom)
    },
    async failed(caller, id) {
      return (await failed(database, caller.workspaces, id)).map(runFrom)
    },
    again(scope, id, runs) {
      return database.transaction(async (session) => {
        const [batch] = await session.query({ text: LOCK, values: [id, scope.workspace] })
        if (batch === undefined) return 0
        const open = new Set((await failed(session, [scope.workspace], id)).map((row) => row.id))
        const wanted = runs.filter(({ retryOf }) => retryOf !== undefined && open.has(retryOf.id))
        const traceparent = tracing?.traceparent()
        for (const run of wanted) await insertQueued(session, scope, run, { batchId: id, traceparent })
        return wanted.length
      })
    },
  }
}

function batchFrom(row: BatchRow, states: Batch['states']): Batch {
  return {
    id: row.id,
    notebookId: row.notebook_id,
    workspace: row.workspace,
    ownerIssuer: row.owner_issuer,
    ownerSubject: row.owner_subject,
    ownerName: row.owner_name,
    each: row.each,
    total: row.total,
    createdAt: row.created_at,
    states,
  }
}

/** What a repeated request has in common with the first: everything but the ids. */
function digestOf(scope: Scope, { notebookId, each, runs, chosen }: NewBatch): Buffer {
  const asked = runs.map((run) => [run.kernelName, parametersText(run.parameters)])
  return (
    createHash('sha256')
      // Without a choice it is that of the versions that had none.
      .update(JSON.stringify([scope.workspace, notebookId, each, asked, ...Object.entries(chosen)]))
      .digest()
  )
}
