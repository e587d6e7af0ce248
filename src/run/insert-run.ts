import type { Session } from '../database/connect.ts'
import type { Scope } from '../identity/caller.ts'
import { parameterKeys } from './parameter-key.ts'
import type { NewExecution, NewRun } from './run.ts'
import { parametersText, RUN_COLUMNS, type RunRow } from './run-row.ts'

// Row, snapshot and first event in one statement, so in one transaction; the workers hear of it once it is committed.
// By the clock and not by the start of the transaction, so that the runs of a sweep keep their order.
const INSERT_QUEUED = `
  WITH inserted AS (
    INSERT INTO run (
      state, created_at, queued_at, last_event, id, notebook_id, notebook_version, workspace, owner_issuer, owner_subject,
      owner_name, parameters, kernel_name, bucket, key, limits, idempotency_key, batch_id, retry_of,
      from_cell, traceparent
    ) VALUES (
      'queued', clock_timestamp(), clock_timestamp(), 1, $1, $2, $3, $4, $5, $6, $7, $8, $10, $11, $12, $13, $14, $15, $16, $17, $19
    )
    ON CONFLICT (owner_issuer, owner_subject, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING
    RETURNING *
  ), snapshot AS (
    INSERT INTO run_snapshot (run_id, notebook) SELECT id, $18 FROM inserted
  ), event AS (
    INSERT INTO run_event (run_id, number, type, data)
    SELECT id, 1, 'state', '{"type":"state","state":"queued"}' FROM inserted
  ), parameters AS (
    INSERT INTO run_parameter (key, created_at, run_id)
    SELECT DISTINCT parameter.key, created_at, id FROM inserted, unnest($9::bigint[]) AS parameter (key)
  )
  SELECT ${RUN_COLUMNS}, pg_notify('run_queue', '') FROM inserted AS run`

/** What all rows of a person in a workspace have, in the order of the statements. */
function commonValues(scope: Scope, run: NewRun): readonly unknown[] {
  const { id, notebookId, notebookVersion, parameters, kernelName, object } = run
  const owner = [scope.workspace, scope.issuer, scope.subject, scope.user]
  const given = [parametersText(parameters), parameterKeys(scope.workspace, parameters)]
  return [id, notebookId, notebookVersion, ...owner, ...given, kernelName, object.bucket, object.key]
}

/** The new row; undefined where the person has used the idempotency key before. */
export async function insertQueued(
  session: Session,
  scope: Scope,
  run: NewExecution,
  given: {
    readonly idempotencyKey?: string
    readonly batchId?: string
    readonly traceparent?: string | undefined
  },
): Promise<RunRow | undefined> {
  const values = [
    ...commonValues(scope, run),
    JSON.stringify(run.limits),
    given.idempotencyKey,
    given.batchId,
    run.retryOf?.id,
    run.retryOf?.fromCell,
    Buffer.concat(run.notebook),
    given.traceparent,
  ]
  const [row] = await session.query<RunRow>({ name: 'run-insert-queued', text: INSERT_QUEUED, values })
  return row
}
