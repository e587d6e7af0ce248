import type { Database } from '../database/connect.ts'
import type { Caller } from '../identity/caller.ts'
import { RunLease } from './lease.ts'
import type { Run } from './run.ts'
import { RUN_COLUMNS, type RunRow, runFrom } from './run-row.ts'

/** The same for all processes on one database. */
export interface QueueLimits {
  /** How many runs of one workspace, and of one person, are worked on at a time. */
  readonly perWorkspace: number
  readonly perPerson: number
  /** How long a claim holds without a sign of life. */
  readonly leaseSeconds: number
}

export interface WorkerIdentity {
  /** Of this process: no other, earlier or later, has it. */
  readonly id: string
  /** Which kernel host it uses: it adopts kernels of that one first. */
  readonly kernelHost: string
}

export interface Claim {
  readonly run: Run
  readonly lease: RunLease
  /** It was worked on before: `run.kernel` and the cells of the lease say how far. */
  readonly adopted: boolean
  /** Of the request that it was accepted by; undefined where that was not traced. */
  readonly traceparent: string | undefined
}

/** Why a run is not worked on yet. `position` counts from 1 and is exact as long as nothing ends or is added. */
export interface Waiting {
  readonly position: number
  readonly reason: 'workers-busy' | 'workspace-limit' | 'person-limit' | 'no-worker'
}

/** The run table is the queue: no job beside the lease that could disagree with it. All throw `database-failed`. */
export interface RunQueue {
  /** Says that a worker is there; to be said again every 5 s. */
  announce(worker: WorkerIdentity): Promise<void>
  /** Says that it is not any more. */
  retire(worker: WorkerIdentity): Promise<void>
  /**
   * A run that lost its worker, else the next of the line: of the workspace with the fewest that go, then the one
   * served longest ago; in it, likewise, of the person; then the oldest. Undefined where none may start.
   */
  claim(worker: WorkerIdentity): Promise<Claim | undefined>
  /** Undefined where the run is not queued, or not in the caller's workspaces. */
  waiting(caller: Caller, id: string): Promise<Waiting | undefined>
}

/** Any number, but always this one: claims are made one at a time, or they would exceed the limits together. */
const LOCK = 7_305_115
/** A kernel on the machine of another worker is left to that one for so long. */
const ABANDONED_SECONDS = 600
/** A worker that was not heard of for so long is gone. */
const WORKER_SECONDS = 15

const ANNOUNCE = `
  WITH gone AS (DELETE FROM run_worker WHERE seen_at < now() - interval '1 day' AND id <> $1)
  INSERT INTO run_worker (id, seen_at) VALUES ($1, now()) ON CONFLICT (id) DO UPDATE SET seen_at = now()`

const RETIRE = 'DELETE FROM run_worker WHERE id = $1'

// A worker that stops dead while it holds the lock is cut off, so that the others go on.
const SERIALISE = `
  SELECT set_config('idle_in_transaction_session_timeout', '5000', true), pg_advisory_xact_lock(${LOCK})`

// `line`: each person of each workspace with something queued, found by skipping through the index run_queue.
const LINE = `
  busy AS MATERIALIZED (
    SELECT workspace, owner_issuer, owner_subject FROM run WHERE state IN ('starting', 'running', 'saving')
  ), line AS (
    (
      SELECT workspace, owner_issuer, owner_subject FROM run WHERE state = 'queued'
      ORDER BY workspace, owner_issuer, owner_subject LIMIT 1
    )
    UNION ALL
    SELECT next.* FROM line CROSS JOIN LATERAL (
      SELECT workspace, owner_issuer, owner_subject FROM run
      WHERE state = 'queued' AND (workspace, owner_issuer, owner_subject)
        > (line.workspace, line.owner_issuer, line.owner_subject)
      ORDER BY workspace, owner_issuer, owner_subject LIMIT 1
    ) next
  ), workspace_with AS (
    SELECT workspace, count(*) AS live FROM busy GROUP BY workspace
  ), person_with AS (
    SELECT owner_issuer, owner_subject, count(*) AS live FROM busy GROUP BY owner_issuer, owner_subject
  ), turn AS MATERIALIZED (
    SELECT line.*, coalesce(workspace_with.live, 0) AS workspace_busy, coalesce(person_with.live, 0) AS person_busy,
      (SELECT max(served_at) FROM run_turn WHERE run_turn.workspace = line.workspace) AS workspace_served,
      (
        SELECT served_at FROM run_turn
        WHERE run_turn.workspace = line.workspace AND run_turn.owner_issuer = line.owner_issuer
          AND run_turn.owner_subject = line.owner_subject
      ) AS person_served
    FROM line LEFT JOIN workspace_with USING (workspace) LEFT JOIN person_with USING (owner_issuer, owner_subject)
  )`

// One statement for both kinds of runs: while one is asked for, a slot is free.
const CLAIM = `
  WITH RECURSIVE lost AS (
    UPDATE run SET
      epoch = epoch + 1, attempts = attempts + 1, worker = $1, updated_at = clock_timestamp(),
      lease_until = clock_timestamp() + make_interval(secs => $2)
    WHERE id = (
      SELECT id FROM run
      WHERE state IN ('starting', 'running', 'saving') AND lease_until < clock_timestamp() AND (
        kernel_host IS NULL OR kernel_host = $5 OR lease_until < clock_timestamp() - make_interval(secs => $6)
      )
      ORDER BY lease_until LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    RETURNING run.*
  ), ${LINE}, chosen AS (
    SELECT run.id
    FROM turn CROSS JOIN LATERAL (
      SELECT id FROM run
      WHERE state = 'queued' AND workspace = turn.workspace AND owner_issuer = turn.owner_issuer
        AND owner_subject = turn.owner_subject
      ORDER BY queued_at, id LIMIT 1
    ) head JOIN run ON run.id = head.id
    WHERE workspace_busy < $3 AND person_busy < $4 AND run.state = 'queued' AND NOT EXISTS (SELECT FROM lost)
    ORDER BY workspace_busy, workspace_served NULLS FIRST, person_busy, person_served NULLS FIRST,
      run.queued_at, run.id
    LIMIT 1 FOR UPDATE OF run SKIP LOCKED
  ), taken AS (
    UPDATE run SET
      state = 'starting', started_at = clock_timestamp(), updated_at = clock_timestamp(), last_event = last_event + 1,
      epoch = epoch + 1, attempts = attempts + 1, worker = $1,
      lease_until = clock_timestamp() + make_interval(secs => $2)
    FROM chosen WHERE run.id = chosen.id
    RETURNING run.*
  ), served AS (
    INSERT INTO run_turn (workspace, owner_issuer, owner_subject, served_at)
    SELECT workspace, owner_issuer, owner_subject, clock_timestamp() FROM taken
    ON CONFLICT (workspace, owner_issuer, owner_subject) DO UPDATE SET served_at = excluded.served_at
  ), event AS (
    INSERT INTO run_event (run_id, number, type, data)
    SELECT id, last_event, 'state', '{"type":"state","state":"starting"}' FROM taken
  )
  SELECT ${RUN_COLUMNS}, epoch, traceparent, true AS adopted, NULL FROM lost AS run
  UNION ALL
  SELECT ${RUN_COLUMNS}, epoch, traceparent, false, pg_notify('run_event', id || ' ' || last_event)::text
  FROM taken AS run`

// The order in which they would be claimed: by rounds, one of each workspace in each, and in it one of each person. In a
// round those come first who had none in the round before: they were served longest ago. Who is ahead of a run is
// counted line by line: to sort thousands of runs for the place of one would take a hundred times as long.
const WAITING = `
  WITH RECURSIVE ${LINE}, person AS MATERIALIZED (
    SELECT turn.*, head.queued_at AS since, head.id AS first, amount.queued,
      (-person_busy, coalesce(person_served, '-infinity'), head.queued_at, head.id) AS precedence
    FROM turn CROSS JOIN LATERAL (
      SELECT queued_at, id FROM run
      WHERE state = 'queued' AND workspace = turn.workspace AND owner_issuer = turn.owner_issuer
        AND owner_subject = turn.owner_subject
      ORDER BY queued_at, id LIMIT 1
    ) head CROSS JOIN LATERAL (
      SELECT count(*) AS queued FROM run
      WHERE state = 'queued' AND workspace = turn.workspace AND owner_issuer = turn.owner_issuer
        AND owner_subject = turn.owner_subject
    ) amount
  ), asked AS MATERIALIZED (
    SELECT person.*, person_busy + (
      SELECT count(*) FROM run AS ahead
      WHERE ahead.state = 'queued' AND ahead.workspace = run.workspace AND ahead.owner_issuer = run.owner_issuer
        AND ahead.owner_subject = run.owner_subject AND (ahead.queued_at, ahead.id) <= (run.queued_at, run.id)
    ) AS round
    FROM run JOIN person USING (workspace, owner_issuer, owner_subject)
    WHERE run.id = $1 AND run.workspace = ANY ($2) AND run.state = 'queued'
  ), in_workspace AS (
    SELECT asked.workspace, asked.workspace_busy + 1 + sum(
      greatest(0, least(person.queued, asked.round - 1 - person.person_busy))
      + (
        asked.round > person.person_busy AND asked.round <= person.person_busy + person.queued
        AND person.precedence < asked.precedence
      )::integer
    ) AS round
    FROM asked JOIN person USING (workspace) GROUP BY asked.workspace, asked.workspace_busy
  ), workspace_first AS (
    SELECT DISTINCT ON (workspace) workspace, workspace_busy,
      (-workspace_busy, coalesce(workspace_served, '-infinity'), since, first) AS precedence
    FROM person ORDER BY workspace, person_busy, person_served NULLS FIRST, since, first
  ), workspace_line AS (
    SELECT workspace_first.*, (
      SELECT sum(queued) FROM person WHERE person.workspace = workspace_first.workspace
    ) AS queued FROM workspace_first
  ), place AS (
    SELECT 1 + sum(
      greatest(0, least(other.queued, in_workspace.round - 1 - other.workspace_busy))
      + (
        in_workspace.round > other.workspace_busy AND in_workspace.round <= other.workspace_busy + other.queued
        AND other.precedence < own.precedence
      )::integer
    ) AS position
    FROM in_workspace JOIN workspace_line AS own USING (workspace) CROSS JOIN workspace_line AS other
  )
  SELECT position::integer,
    CASE
      WHEN NOT EXISTS (SELECT FROM run_worker WHERE seen_at > now() - make_interval(secs => $5))
        THEN 'no-worker'
      WHEN workspace_busy >= $3 THEN 'workspace-limit'
      WHEN person_busy >= $4 THEN 'person-limit'
      ELSE 'workers-busy'
    END AS reason
  FROM asked CROSS JOIN place`

interface ClaimedRow extends RunRow {
  readonly epoch: number
  readonly traceparent: string | null
  readonly adopted: boolean
}

export function runQueue(database: Database, limits: QueueLimits): RunQueue {
  const { perWorkspace, perPerson, leaseSeconds } = limits

  function claimOne(worker: WorkerIdentity): Promise<ClaimedRow | undefined> {
    const values = [worker.id, leaseSeconds, perWorkspace, perPerson, worker.kernelHost, ABANDONED_SECONDS]
    return database.transaction(async (session) => {
      const [row] = await session.query<ClaimedRow>({ name: 'run-claim', text: CLAIM, values })
      return row
    }, SERIALISE)
  }

  return {
    async announce({ id }) {
      await database.query({ name: 'worker-announce', text: ANNOUNCE, values: [id] })
    },
    async retire({ id }) {
      await database.query({ text: RETIRE, values: [id] })
    },
    async claim(worker) {
      const asked = performance.now()
      const row = await claimOne(worker)
      if (row === undefined) return undefined
      const { id, epoch, last_event: lastEvent } = row
      // The lease began after we asked: by our clock it holds at least until then.
      const validUntil = asked + leaseSeconds * 1_000
      const lease = new RunLease(database, { runId: id, epoch, lastEvent, leaseSeconds, validUntil })
      const traceparent = row.traceparent ?? undefined
      return { run: runFrom(row), lease, adopted: row.adopted, traceparent }
    },
    async waiting(caller, id) {
      const values = [id, caller.workspaces, perWorkspace, perPerson, WORKER_SECONDS]
      const [row] = await database.query<Waiting & Record<string, unknown>>({ text: WAITING, values })
      return row && { position: row.position, reason: row.reason }
    },
  }
}
