import timers from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Database, Session } from '../database/connect.ts'
import { DELETED_COLUMNS, type DeletedRow, deleteRuns } from './delete-runs.ts'

/** Seconds that things are kept, from the end of their run on; undefined: for ever. */
export interface Keep {
  readonly events: number | undefined
  /** The notebook as it was accepted: what is run again. */
  readonly snapshots: number | undefined
  /** From when they were taken out of the history. */
  readonly hiddenRuns: number | undefined
  readonly runs: number | undefined
}

const EVERY_MS = 60_000
/** Of one transaction, which is over in a moment. */
const BATCH = { runs: 50, events: 5_000 }
/** Transactions of one kind in a row; the rest is for the next time. */
const MOST_BATCHES = 200

// One server at a time: any number, that no other lock of ours has.
const TRY_LOCK = 'SELECT pg_try_advisory_xact_lock(7208131001) AS held'

const UNTRIMMED = `
  SELECT id FROM run
  WHERE finished_at < now() - make_interval(secs => $1) AND finished_at IS NOT NULL AND events_trimmed_at IS NULL
  ORDER BY finished_at LIMIT $2`

const DELETE_EVENTS = `
  DELETE FROM run_event WHERE (run_id, number) IN (
    SELECT run_id, number FROM run_event WHERE run_id = ANY ($1) LIMIT $2
  )
  RETURNING 1 AS one`

const TRIMMED = `
  UPDATE run SET events_trimmed_at = now()
  WHERE id = ANY ($1) AND NOT EXISTS (SELECT FROM run_event WHERE run_id = run.id) RETURNING id`

// What was sent to its kernel was of use to who would have gone on with it.
const ERASE_SNAPSHOTS = `
  WITH old AS (
    SELECT id FROM run
    WHERE finished_at < now() - make_interval(secs => $1) AND finished_at IS NOT NULL AND snapshot_erased_at IS NULL
    ORDER BY finished_at LIMIT $2
  ), snapshots AS (
    DELETE FROM run_snapshot USING old WHERE run_id = old.id
  ), cells AS (
    DELETE FROM run_cell USING old WHERE run_id = old.id
  )
  UPDATE run SET snapshot_erased_at = now() FROM old WHERE run.id = old.id RETURNING run.id`

const HIDDEN = `
  SELECT ${DELETED_COLUMNS} FROM run WHERE hidden_at < now() - make_interval(secs => $1)
  ORDER BY hidden_at LIMIT $2 FOR UPDATE SKIP LOCKED`

// Ids begin with the time, in milliseconds: what is old is found in their order, without an index of its own.
const OLD = `
  WITH line AS (
    SELECT lpad(to_hex((extract(epoch FROM now() - make_interval(secs => $1)) * 1000)::bigint), 12, '0') AS hex
  )
  SELECT ${DELETED_COLUMNS} FROM run
  WHERE id < (SELECT (substr(hex, 1, 8) || '-' || substr(hex, 9, 4) || '-0000-0000-000000000000')::uuid FROM line)
    AND state IN ('prepared', 'succeeded', 'failed', 'cancelled')
    AND coalesce(finished_at, created_at) < now() - make_interval(secs => $1)
  ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED`

interface RetentionParts {
  readonly database: Database
  readonly keep: Keep
  readonly log: Logger
}

/**
 * Deletes what has been kept for long enough: events, then notebooks as they were accepted, then whole rows. In small
 * transactions, at the pace of one server however many there are. What is in the workspace's storage stays: it is the
 * person's.
 */
export class Retention implements AsyncDisposable {
  readonly #parts: RetentionParts
  readonly #stopping = new AbortController()
  readonly #working: Promise<void>

  constructor(parts: RetentionParts) {
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
      await applyRetention(this.#parts, signal).catch((err: unknown) =>
        this.#parts.log.warn({ err }, 'what is old could not be deleted'),
      )
    }
  }
}

/** Once, as far as it comes in a bounded number of steps. @returns how many runs each kind of step has settled */
export async function applyRetention(
  { database, keep, log }: RetentionParts,
  signal?: AbortSignal,
): Promise<Readonly<Record<keyof Keep, number>>> {
  const steps = {
    events: (session: Session, seconds: number) => trimEvents(session, seconds),
    snapshots: async (session: Session, seconds: number) => {
      const rows = await session.query({ text: ERASE_SNAPSHOTS, values: [seconds, BATCH.runs] })
      return { settled: rows.length, more: rows.length === BATCH.runs }
    },
    hiddenRuns: (session: Session, seconds: number) => deleteOld(session, HIDDEN, seconds),
    runs: (session: Session, seconds: number) => deleteOld(session, OLD, seconds),
  }
  const counts = { events: 0, snapshots: 0, hiddenRuns: 0, runs: 0 }
  for (const kind of ['events', 'snapshots', 'hiddenRuns', 'runs'] as const) {
    const seconds = keep[kind]
    if (seconds === undefined) continue
    for (let batch = 0; batch < MOST_BATCHES && signal?.aborted !== true; batch++) {
      const done = await database.transaction(async (session) => {
        const [lock] = await session.query<{ held: boolean }>({ text: TRY_LOCK })
        return lock?.held === true ? steps[kind](session, seconds) : { settled: 0, more: false }
      })
      counts[kind] += done.settled
      if (!done.more) break
    }
  }
  if (Object.values(counts).some((count) => count > 0)) log.info(counts, 'what was old is deleted')
  return counts
}

interface Step {
  readonly settled: number
  readonly more: boolean
}

async function trimEvents(session: Session, seconds: number): Promise<Step> {
  const runs = await session.query<{ id: string }>({ text: UNTRIMMED, values: [seconds, BATCH.runs] })
  if (runs.length === 0) return { settled: 0, more: false }
  const ids = runs.map(({ id }) => id)
  const deleted = await session.query({ text: DELETE_EVENTS, values: [ids, BATCH.events] })
  const trimmed = await session.query({ text: TRIMMED, values: [ids] })
  const more = deleted.length === BATCH.events || runs.length === BATCH.runs
  return { settled: trimmed.length, more }
}

async function deleteOld(session: Session, text: string, seconds: number): Promise<Step> {
  const rows = await session.query<DeletedRow>({ text, values: [seconds, BATCH.runs] })
  if (rows.length > 0) await deleteRuns(session, rows)
  return { settled: rows.length, more: rows.length === BATCH.runs }
}
