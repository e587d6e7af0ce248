import type { DatabaseTarget } from '../database/connect.ts'
import { listen } from '../database/listen.ts'

interface Told {
  /** A run has events up to `number` (of some server or worker, ours included). */
  event(runId: string, number: number): void
  /** Somebody asks for the end of a run that goes. */
  cancel(runId: string): void
  /** Something in the queue changed: a claim may succeed that did not before. */
  queue(): void
  /** The connection is (again) there: whatever was told in between was missed. */
  connected(): void
}

/** What the processes tell each other through the database, once committed. One connection a process. */
export class RunSignals implements AsyncDisposable {
  readonly #listeners = new Set<Partial<Told>>()
  readonly #listening: AsyncDisposable

  constructor(target: DatabaseTarget, log: Parameters<typeof listen>[3]) {
    const channels = ['run_event', 'run_cancel', 'run_queue']
    this.#listening = listen(
      target,
      channels,
      {
        notification: (channel, payload) => this.#notify(channel, payload),
        connected: () => this.#each((told) => told.connected?.()),
      },
      log,
    )
  }

  on(told: Partial<Told>): Disposable {
    this.#listeners.add(told)
    return { [Symbol.dispose]: () => void this.#listeners.delete(told) }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve(this.#listening[Symbol.asyncDispose]())
  }

  #notify(channel: string, payload: string): void {
    const [id = '', number = ''] = payload.split(' ')
    this.#each((told) => {
      if (channel === 'run_event') told.event?.(id, Number(number))
      else if (channel === 'run_cancel') told.cancel?.(id)
      else told.queue?.()
    })
  }

  #each(tell: (told: Partial<Told>) => void): void {
    for (const told of [...this.#listeners]) tell(told)
  }
}
