import type { Database } from '../database/connect.ts'
import type { NumberedEvent } from './event.ts'
import { type EventRow, eventPage, numberedEvent } from './event-row.ts'
import type { RunSignals } from './signals.ts'

// Whoever follows has shown before that he may: one read serves all.
const PAGE = eventPage('run_id = $1 AND number > $2', '$3')

const NEWEST = 'SELECT id, last_event FROM run WHERE id = ANY ($1)'

const PAGE_EVENTS = 500
/** What is kept of a run in memory for those who are nearly up to date. */
const KEPT_EVENTS = 1_000
const KEPT_CHARACTERS = 4_000_000
/** The net under the notifications: a proxy that swallows them makes events late, and loses none. */
const POLL_MS = 5_000

interface Followed {
  readonly runId: string
  followers: number
  /** The newest events, without gaps, oldest first. */
  recent: NumberedEvent[]
  characters: number
  /** Number of the newest event that the run is known to have; undefined where there is no such run any more. */
  newest: number | undefined
  /** Pages that are being read, by the number they begin after: those who need the same one share it. */
  readonly reading: Map<number, Promise<readonly NumberedEvent[]>>
  /** Settled at the next change, and then a new one. */
  changed: PromiseWithResolvers<void>
}

export interface Follower extends Disposable {
  /** The run is known to have events up to `number`. */
  advance(number: number): void
  /**
   * Some events after number `after`, as soon as there are any; none when `signal` aborts. Undefined where they are
   * not kept any more. A database that does not answer is waited for.
   */
  next(after: number, signal: AbortSignal): Promise<readonly NumberedEvent[] | undefined>
}

/** The events of the runs that somebody in this process follows: each is read once, however many follow. */
export class EventFeed implements Disposable {
  readonly #database: Database
  readonly #runs = new Map<string, Followed>()
  readonly #told: Disposable
  readonly #timer: NodeJS.Timeout
  #polling = false

  constructor(database: Database, signals: RunSignals) {
    this.#database = database
    this.#told = signals.on({
      event: (runId, number) => this.#advance(runId, number),
      connected: () => void this.#poll(),
    })
    this.#timer = setInterval(() => void this.#poll(), POLL_MS).unref()
  }

  follow(runId: string): Follower {
    const run = this.#runs.get(runId) ?? newFollowed(runId)
    this.#runs.set(runId, run)
    run.followers++
    return {
      advance: (number) => this.#advance(runId, number),
      next: (after, signal) => this.#next(run, after, signal),
      [Symbol.dispose]: () => {
        run.followers--
        if (run.followers === 0 && this.#runs.get(runId) === run) this.#runs.delete(runId)
      },
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    this.#told[Symbol.dispose]()
  }

  async #next(
    run: Followed,
    after: number,
    signal: AbortSignal,
  ): Promise<readonly NumberedEvent[] | undefined> {
    while (!signal.aborted) {
      const { changed, newest } = run
      if (newest === undefined) return undefined
      if (newest > after) {
        const events = kept(run, after) ?? (await this.#page(run, after).catch(() => undefined))
        if (events !== undefined) return events.length > 0 ? events : undefined
      }
      await either(changed.promise, signal)
    }
    return []
  }

  #page(run: Followed, after: number): Promise<readonly NumberedEvent[]> {
    const reading = run.reading.get(after) ?? this.#read(run, after)
    run.reading.set(after, reading)
    return reading
  }

  async #read(run: Followed, after: number): Promise<readonly NumberedEvent[]> {
    try {
      const values = [run.runId, after, PAGE_EVENTS]
      const rows = await this.#database.query<EventRow>({ name: 'run-feed', text: PAGE, values })
      const events = rows.map(numberedEvent)
      keep(run, events)
      return events
    } finally {
      run.reading.delete(after)
    }
  }

  #advance(runId: string, number: number): void {
    const run = this.#runs.get(runId)
    if (run?.newest === undefined || number <= run.newest) return
    run.newest = number
    wake(run)
  }

  /** Everything that is followed, asked at once. Wakes everybody, so that reads that failed are made again. */
  async #poll(): Promise<void> {
    if (this.#polling || this.#runs.size === 0) return
    this.#polling = true
    const asked = [...this.#runs.values()]
    try {
      const values = [asked.map(({ runId }) => runId)]
      const rows = await this.#database.query<{ id: string; last_event: number }>({ text: NEWEST, values })
      const newest = new Map(rows.map((row) => [row.id, row.last_event]))
      for (const run of asked) {
        const number = newest.get(run.runId)
        run.newest =
          number === undefined || run.newest === undefined ? undefined : Math.max(number, run.newest)
        wake(run)
      }
    } catch {
      // Asked again in a moment.
    } finally {
      this.#polling = false
    }
  }
}

const newFollowed = (runId: string): Followed => ({
  runId,
  followers: 0,
  recent: [],
  characters: 0,
  newest: 0,
  reading: new Map(),
  changed: Promise.withResolvers(),
})

function wake(run: Followed): void {
  run.changed.resolve()
  run.changed = Promise.withResolvers()
}

/** What memory has after number `after`; undefined where that begins later. */
function kept({ recent }: Followed, after: number): readonly NumberedEvent[] | undefined {
  const [first] = recent
  if (first === undefined || first.number > after + 1) return undefined
  const events = recent.slice(after + 1 - first.number)
  return events.length > 0 ? events : undefined
}

/** Adds what comes after the newest kept one; what is older stays with who asked for it. */
function keep(run: Followed, events: readonly NumberedEvent[]): void {
  const last = run.recent.at(-1)?.number ?? 0
  const added = events.filter(({ number }) => number > last)
  const [first] = added
  if (first === undefined) return
  if (first.number > last + 1) {
    run.recent = []
    run.characters = 0
  }
  run.recent.push(...added)
  for (const { json } of added) run.characters += json.length
  let out = 0
  for (const { json } of run.recent) {
    if (run.recent.length - out <= KEPT_EVENTS && run.characters <= KEPT_CHARACTERS) break
    run.characters -= json.length
    out++
  }
  run.recent.splice(0, out)
}

/** Returns when `promise` is settled, or `signal` aborts. */
function either(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      signal.removeEventListener('abort', done)
      resolve()
    }
    signal.addEventListener('abort', done)
    promise.then(done)
  })
}
