import type { Database } from '../database/connect.ts'
import { RunnerError } from '../errors.ts'
import type { NumberedEvent, RunEvent } from './event.ts'
import { type EventRow, eventPage, eventText, numberedEvent } from './event-row.ts'
import { fileValues, SET_FILES } from './file-store.ts'
import { KEEP_NOTEBOOK } from './kept-notebook.ts'
import type { RunEnd, RunKernel, RunState } from './run.ts'
import type { RunFiles } from './run-file.ts'
import { storable } from './run-row.ts'
import { SET_SCRAPS } from './scrap-store.ts'
import { SET_THUMBNAIL, type Thumbnail } from './thumbnail.ts'

export interface LeaseTerms {
  readonly runId: string
  /** Of the claim: every write carries it, and changes nothing once there is a newer one. */
  readonly epoch: number
  /** Number of the run's newest event. */
  readonly lastEvent: number
  readonly leaseSeconds: number
  /** By `performance.now()`. */
  readonly validUntil: number
}

/** A cell that was, or was about to be, sent to the kernel. */
export interface SentCell {
  /** Index in the notebook. */
  readonly cell: number
  readonly messageId: string
  readonly state: 'sent' | 'completed' | 'failed'
}

// The row's lock makes the check of the epoch and the write one thing: a claim comes before both or after both.
const FENCED = 'SELECT id FROM run WHERE id = $1 AND epoch = $2 FOR NO KEY UPDATE'

const RENEW = `
  UPDATE run SET lease_until = clock_timestamp() + make_interval(secs => $3)
  WHERE id = $1 AND epoch = $2 RETURNING cancel_requested_at IS NOT NULL AS cancel`

const RELEASE = `
  WITH run AS (
    UPDATE run SET
      epoch = epoch + 1, worker = NULL, lease_until = clock_timestamp() + make_interval(secs => $3),
      updated_at = clock_timestamp()
    WHERE id = $1 AND epoch = $2 RETURNING id
  )
  SELECT pg_notify('run_queue', '') FROM run`

const SET_KERNEL = `
  UPDATE run SET kernel_host = $3, kernel_id = $4, client_id = $5, kernel_session = $6,
    kernel_folder_of = $7
  WHERE id = $1 AND epoch = $2 RETURNING id`

// In one statement, so that there is no moment in which the kernel is nobody's.
const TAKE_KERNEL = `
  WITH kept AS (
    DELETE FROM left_kernel USING run AS later
    WHERE later.id = $1 AND later.epoch = $2 AND later.from_cell IS NOT NULL AND left_kernel.run_id = later.retry_of
      AND left_kernel.kernel_host = $3 AND left_kernel.owner_issuer = later.owner_issuer
      AND left_kernel.owner_subject = later.owner_subject AND NOT left_kernel.ending
    RETURNING left_kernel.*
  ), taken AS (
    UPDATE run SET
      kernel_host = kept.kernel_host, kernel_id = kept.kernel_id, client_id = $4, kernel_session = kept.kernel_session,
      kernel_folder_of = coalesce(kept.kernel_folder_of, kept.run_id)
    FROM kept WHERE run.id = $1 AND run.epoch = $2 RETURNING run.*
  ), had AS (
    SELECT * FROM run WHERE id = $1 AND epoch = $2 AND kernel_folder_of IS NOT NULL
  )
  SELECT kernel_host AS host, kernel_id AS "kernelId", client_id AS "clientId", kernel_session AS session,
    kernel_folder_of AS "folderOf"
  FROM (SELECT * FROM taken UNION ALL SELECT * FROM had) AS run`

// Only a cell without an outcome may be sent again, once it is shown that it never arrived.
const RECORD_SENDING = `
  WITH fenced AS (${FENCED}), cells AS (
    INSERT INTO run_cell (run_id, cell, message_id)
    SELECT fenced.id, sent.cell, sent.message_id
    FROM fenced, unnest($3::integer[], $4::text[]) AS sent (cell, message_id)
    ON CONFLICT (run_id, cell) DO UPDATE SET message_id = excluded.message_id, sent_at = excluded.sent_at
      WHERE run_cell.state = 'sent'
  )
  SELECT id FROM fenced`

// What the events say is kept in the run's row and in its cells too, in the same statement.
const APPEND = `
  WITH run AS (
    UPDATE run SET
      last_event = last_event + cardinality($4::text[]), updated_at = clock_timestamp(),
      state = coalesce($6, state), cells_done = coalesce($7, cells_done), cells_total = coalesce($8, cells_total)
    WHERE id = $1 AND epoch = $2 AND last_event = $3 RETURNING id, last_event
  ), events AS (
    INSERT INTO run_event (run_id, number, type, data)
    SELECT run.id, $3 + event.place, event.type, event.data
    FROM run, unnest($4::text[], $5::text[]) WITH ORDINALITY AS event (type, data, place)
  ), cells AS (
    UPDATE run_cell SET state = finished.state, seconds = finished.seconds
    FROM run, unnest($9::integer[], $10::text[], $11::float8[]) AS finished (cell, state, seconds)
    WHERE run_cell.run_id = run.id AND run_cell.cell = finished.cell
  )
  SELECT pg_notify('run_event', id || ' ' || last_event) FROM run`

const FINISH = `
  WITH run AS (
    UPDATE run SET
      state = $3, reason = $4, message = $5, last_event = last_event + 1, epoch = epoch + 1, worker = NULL,
      lease_until = NULL, failed_cell = $7, finished_at = clock_timestamp(), updated_at = clock_timestamp()
    WHERE id = $1 AND epoch = $2 RETURNING *
  ), event AS (
    INSERT INTO run_event (run_id, number, type, data) SELECT id, last_event, 'state', $6 FROM run
  ), times AS (
    INSERT INTO cell_time (notebook_id, notebook_version, cell, seconds)
    SELECT notebook_id, coalesce(notebook_version, ''), cell, seconds
    FROM run JOIN run_cell ON run_cell.run_id = run.id AND run_cell.state = 'completed' AND seconds IS NOT NULL
    ORDER BY cell
    ON CONFLICT (notebook_id, notebook_version, cell)
      DO UPDATE SET seconds = cell_time.seconds * 0.6 + excluded.seconds * 0.4
  ), kernel AS (
    INSERT INTO left_kernel (
      run_id, kernel_host, kernel_id, kernel_session, kernel_folder_of, owner_issuer, owner_subject, until
    )
    SELECT id, kernel_host, kernel_id, kernel_session, kernel_folder_of, owner_issuer, owner_subject,
      clock_timestamp() + make_interval(secs => $8)
    FROM run WHERE kernel_id IS NOT NULL
  )
  SELECT pg_notify('run_event', id || ' ' || last_event), pg_notify('run_queue', '') FROM run`

const HOW_FAR = 'SELECT epoch, last_event, state FROM run WHERE id = $1'

const CELLS = `
  SELECT cell, message_id AS "messageId", run_cell.state FROM run_cell JOIN run ON run.id = run_id
  WHERE run_id = $1 AND epoch = $2 ORDER BY cell`

const SNAPSHOT = `
  SELECT notebook FROM run_snapshot JOIN run ON run.id = run_id WHERE run_id = $1 AND epoch = $2`

const EVENTS_BEFORE = eventPage(
  'run_id = (SELECT retry_of FROM run WHERE id = $1 AND epoch = $2) AND number > $3',
  '$4',
)

const EVENTS = eventPage('run_id = (SELECT id FROM run WHERE id = $1 AND epoch = $2) AND number > $3', '$4')

/**
 * A worker's hold on a run. Every function throws `lease-lost` once another has taken the run over (and then has
 * changed nothing), and `database-failed`: then the same call may be made again, also where it was done after all.
 */
export class RunLease {
  readonly runId: string
  readonly #database: Database
  readonly #epoch: number
  readonly #leaseSeconds: number
  #validUntil: number
  #lastEvent: number
  #kernel: RunKernel | undefined
  #turn: Promise<unknown> = Promise.resolve()

  constructor(database: Database, terms: LeaseTerms) {
    this.#database = database
    this.runId = terms.runId
    this.#epoch = terms.epoch
    this.#leaseSeconds = terms.leaseSeconds
    this.#lastEvent = terms.lastEvent
    this.#validUntil = terms.validUntil
  }

  /** By `performance.now()`: until then nobody else has the run, whatever happens. To be looked at before each send. */
  get validUntil(): number {
    return this.#validUntil
  }

  /** Number of the newest event that is known to be kept. */
  get lastEvent(): number {
    return this.#lastEvent
  }

  /** What was kept last under this lease. */
  get kernel(): RunKernel | undefined {
    return this.#kernel
  }

  /** A sign of life. Also of a lease that ran out, as long as nobody took the run over. */
  async renew(): Promise<{ readonly cancelRequested: boolean }> {
    const asked = performance.now()
    const row = await this.#one<{ cancel: boolean }>('run-renew', RENEW, [this.#leaseSeconds])
    this.#validUntil = asked + this.#leaseSeconds * 1_000
    return { cancelRequested: row.cancel }
  }

  /** Gives the run back as it is, for another to adopt at once, or not before `delaySeconds`. */
  async release(delaySeconds = 0): Promise<void> {
    this.#validUntil = 0
    await this.#one('run-release', RELEASE, [delaySeconds])
  }

  /** To be kept before anything is sent to it. Undefined where there is none any more. */
  async setKernel(kernel: RunKernel | undefined): Promise<void> {
    await this.#one('run-set-kernel', SET_KERNEL, [
      kernel?.host,
      kernel?.kernelId,
      kernel?.clientId,
      kernel?.session,
      kernel?.folderOf,
    ])
    this.#kernel = kernel
  }

  /**
   * Takes over the kernel that is kept of the run which this one repeats, with this client id, and keeps it with this
   * run; the one that it has taken over already, where it has. Undefined where there is none on this host, or it is another person's.
   */
  async takeKernel(host: string, clientId: string): Promise<RunKernel | undefined> {
    const values = [this.runId, this.#epoch, host, clientId]
    const [row] = await this.#database.query<TakenRow>({ text: TAKE_KERNEL, values })
    if (row === undefined) return undefined
    const { session, ...kernel } = row
    this.#kernel = session === null ? kernel : { ...kernel, session }
    return this.#kernel
  }

  /** To be kept before they are sent. A cell that has an outcome keeps the message that it has it from. */
  async recordSending(
    cells: ReadonlyArray<{ readonly cell: number; readonly messageId: string }>,
  ): Promise<void> {
    const values = [cells.map(({ cell }) => cell), cells.map(({ messageId }) => messageId)]
    await this.#one('run-record-sending', RECORD_SENDING, values)
  }

  /** What the run has named, as kept by `scrapTexts`; in place of what was kept before. */
  async setScraps(scraps: ReadonlyMap<string, string | undefined>): Promise<void> {
    await this.#one('run-set-scraps', SET_SCRAPS, [[...scraps.keys()].map(storable), [...scraps.values()]])
  }

  /** In place of what was kept before. */
  async setFiles(files: RunFiles): Promise<void> {
    await this.#one('run-set-files', SET_FILES, fileValues(files))
  }

  /** Of a run that cannot be stored in its workspace, in place of what was kept before. */
  async keepNotebook(notebook: Iterable<Uint8Array>, end: RunEnd): Promise<void> {
    const { reason, message, failedCell } = endColumns(end)
    const values = [Buffer.concat([...notebook]), end.state, reason, message, failedCell]
    await this.#one('run-keep-notebook', KEEP_NOTEBOOK, values)
  }

  /** In place of what was kept before. */
  async setThumbnail({ mediaType, image }: Thumbnail): Promise<void> {
    await this.#one('run-set-thumbnail', SET_THUMBNAIL, [mediaType, image])
  }

  /**
   * Adds events, all or none, in the order of the calls, and with them what they say: state, progress, outcome of
   * cells. Not for the end of the run, which is `finish`. Returns the number of the last. After `database-failed` the
   * next call must begin with the same events: those of them that were kept after all are not added twice.
   */
  appendEvents(events: readonly RunEvent[]): Promise<number> {
    return this.#inTurn(async () => {
      if (events.length > 0 && !(await this.#append(events))) {
        // Nobody else writes under this epoch: what is there already is ours, and only its answer was lost.
        const now = await this.#howFar()
        const kept = now?.epoch === this.#epoch ? now.last_event - this.#lastEvent : 0
        if (kept <= 0 || kept > events.length) throw lost(this.runId)
        this.#lastEvent += kept
        const rest = events.slice(kept)
        if (rest.length > 0 && !(await this.#append(rest))) throw lost(this.runId)
      }
      return this.#lastEvent
    })
  }

  /**
   * Ends the run, with its last event. Nothing can be written afterwards. Its kernel is left to `LeftKernels`, to be ended
   * in so many seconds.
   */
  finish(end: RunEnd, keepKernelSeconds = 0): Promise<void> {
    return this.#inTurn(async () => {
      const { reason, message, failedCell } = endColumns(end)
      const event: RunEvent = {
        type: 'state',
        state: end.state,
        ...(reason !== undefined && { reason }),
        ...(message !== undefined && { message }),
      }
      const values = [end.state, reason, message, eventText(event), failedCell, keepKernelSeconds]
      if (!(await this.#write('run-finish', FINISH, values))) {
        const now = await this.#howFar()
        if (now?.epoch !== this.#epoch + 1 || now.state !== end.state) throw lost(this.runId)
      }
      this.#validUntil = 0
    })
  }

  /** What was sent so far, by cell. */
  async cells(): Promise<readonly SentCell[]> {
    return this.#database.query<SentCell & Record<string, unknown>>({
      text: CELLS,
      values: [this.runId, this.#epoch],
    })
  }

  /** The notebook as it was accepted. */
  async snapshot(): Promise<Uint8Array> {
    const row = await this.#one<{ notebook: Buffer }>('run-lease-snapshot', SNAPSHOT, [])
    return row.notebook
  }

  /** Of the run that this one repeats: its events after number `after`, `limit` at most. */
  async eventsBefore(after: number, limit: number): Promise<readonly NumberedEvent[]> {
    const values = [this.runId, this.#epoch, after, limit]
    return (await this.#database.query<EventRow>({ text: EVENTS_BEFORE, values })).map(numberedEvent)
  }

  /** The events so far after number `after`, `limit` at most. */
  async events(after: number, limit: number): Promise<readonly NumberedEvent[]> {
    const values = [this.runId, this.#epoch, after, limit]
    return (await this.#database.query<EventRow>({ text: EVENTS, values })).map(numberedEvent)
  }

  async #one<Row extends object = object>(
    name: string,
    text: string,
    rest: readonly unknown[],
  ): Promise<Row> {
    const values = [this.runId, this.#epoch, ...rest]
    const [row] = await this.#database.query<Row & Record<string, unknown>>({ name, text, values })
    if (row === undefined) throw lost(this.runId)
    return row
  }

  async #write(name: string, text: string, rest: readonly unknown[]): Promise<boolean> {
    const values = [this.runId, this.#epoch, ...rest]
    return (await this.#database.query({ name, text, values })).length > 0
  }

  async #append(events: readonly RunEvent[]): Promise<boolean> {
    const values = [this.#lastEvent, ...eventValues(events)]
    const written = await this.#write('run-append', APPEND, values)
    if (written) this.#lastEvent += events.length
    return written
  }

  async #howFar(): Promise<HowFar | undefined> {
    const [row] = await this.#database.query<HowFar>({ text: HOW_FAR, values: [this.runId] })
    return row
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => undefined)
    return done
  }
}

/** How a run ended, as its columns have it beside the state. */
const endColumns = (end: RunEnd) => ({
  ...(end.state === 'failed' && { reason: end.reason, failedCell: end.failedCell }),
  message: end.message === undefined ? undefined : storable(end.message),
})

interface TakenRow extends Record<string, unknown> {
  readonly host: string
  readonly kernelId: string
  readonly clientId: string
  readonly session: string | null
  readonly folderOf: string
}

interface HowFar {
  readonly epoch: number
  readonly last_event: number
  readonly state: RunState
}

/** What the statement takes beside the lease: $4 to $11. */
function eventValues(events: readonly RunEvent[]): readonly unknown[] {
  const state = events.findLast((event) => event.type === 'state')?.state
  const progress = events.findLast((event) => event.type === 'progress')
  const finished = events.filter((event) => event.type === 'cell-finished')
  return [
    events.map(({ type }) => type),
    events.map(eventText),
    state,
    progress?.done,
    progress?.total,
    finished.map(({ cell }) => cell),
    finished.map(({ status }) => status),
    finished.map(({ seconds }) => seconds),
  ]
}

const lost = (runId: string) =>
  new RunnerError(
    'lease-lost',
    `Run ${runId} was taken over by another worker: nothing more is written here.`,
  )
