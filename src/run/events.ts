import type { Database } from '../database/connect.ts'
import { RunnerError } from '../errors.ts'
import type { Caller } from '../identity/caller.ts'
import type { NumberedEvent } from './event.ts'
import { EventFeed } from './event-feed.ts'
import { type EventRow, eventPage, numberedEvent } from './event-row.ts'
import { isTerminal, type RunState } from './run.ts'
import type { RunSignals } from './signals.ts'

const READ = eventPage(
  'run_id = (SELECT id FROM run WHERE id = $1 AND workspace = ANY ($2)) AND number > $3',
  '$4',
)

const STATE = 'SELECT state, last_event FROM run WHERE id = $1 AND workspace = ANY ($2)'

/** The events of runs, for those who watch. */
export class RunEvents implements Disposable {
  readonly #database: Database
  readonly #feed: EventFeed

  constructor(database: Database, signals: RunSignals) {
    this.#database = database
    this.#feed = new EventFeed(database, signals)
  }

  /** Those after number `after`, `limit` at most, in order. None where there is no such run for the caller. */
  async read(caller: Caller, runId: string, after: number, limit: number): Promise<readonly NumberedEvent[]> {
    const values = [runId, caller.workspaces, after, limit]
    const rows = await this.#database.query<EventRow>({ name: 'run-events', text: READ, values })
    return rows.map(numberedEvent)
  }

  /**
   * All events after number `after`, and then each as it comes, from whatever server or worker; ends after the one
   * that ends the run, or when `signal` aborts. Whoever takes them slowly holds up nobody and fills no memory. A
   * database that goes away and comes back is waited for. Throws `no-such-run`, `database-failed` at the beginning.
   */
  async *watch(
    caller: Caller,
    runId: string,
    after: number,
    signal: AbortSignal,
  ): AsyncGenerator<NumberedEvent> {
    using follower = this.#feed.follow(runId)
    const values = [runId, caller.workspaces]
    const [run] = await this.#database.query<{ state: RunState; last_event: number }>({ text: STATE, values })
    if (run === undefined) throw new RunnerError('no-such-run', `There is no run ${runId} here.`)
    if (isTerminal(run.state) && after >= run.last_event) return
    follower.advance(run.last_event)
    // One that ended otherwise than it does now has more than one end.
    const settled = isTerminal(run.state) ? run.last_event : 0
    let last = after
    while (!signal.aborted) {
      const events = await follower.next(last, signal)
      if (events === undefined) return
      for (const numbered of events) {
        if (signal.aborted) return
        yield numbered
        last = numbered.number
        const ends = numbered.event.type === 'state' && isTerminal(numbered.event.state)
        if (ends && last >= settled) return
      }
    }
  }

  [Symbol.dispose](): void {
    this.#feed[Symbol.dispose]()
  }
}
