import timers from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Interruption } from './hold.ts'
import type { Claim, RunQueue, WorkerIdentity } from './queue.ts'
import type { RunSignals } from './signals.ts'

/** A run that this process works on. */
export interface Work {
  /** Never rejects. The run has ended, or is left to another, who goes on with it in its kernel. */
  readonly done: Promise<void>
  /** Makes it end before its time, in good order. */
  interrupt(interruption: Interruption): void
}

export interface WorkerParts {
  readonly identity: WorkerIdentity
  readonly queue: RunQueue
  readonly signals: RunSignals
  /** Runs at a time. */
  readonly concurrency: number
  readonly begin: (claim: Claim) => Work
  readonly log: Logger
}

/** The net under the signals, which may be missed while the database is away. */
const POLL_MS = 2_000
const ANNOUNCE_MS = 5_000

/** Takes runs from the queue as long as it has room. Stopping gives them back as they are, for another to adopt. */
export class Worker implements AsyncDisposable {
  readonly #parts: WorkerParts
  readonly #works = new Set<Work>()
  readonly #stopping = new AbortController()
  #woken = Promise.withResolvers<void>()
  #looping: Promise<unknown> = Promise.resolve()

  constructor(parts: WorkerParts) {
    this.#parts = parts
  }

  /** How many runs are worked on. */
  get working(): number {
    return this.#works.size
  }

  start(): void {
    this.#looping = Promise.all([this.#announce(), this.#claimAll()])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort()
    this.#wake()
    await this.#looping
    for (const work of this.#works) work.interrupt('stopping')
    await Promise.all([...this.#works].map(({ done }) => done))
    const { queue, identity, log } = this.#parts
    await queue.retire(identity).catch((err: unknown) => log.warn({ err }, 'The worker could not sign off'))
  }

  async #announce(): Promise<void> {
    const { queue, identity, log } = this.#parts
    const { signal } = this.#stopping
    while (!signal.aborted) {
      await queue
        .announce(identity)
        .catch((err: unknown) => log.warn({ err }, 'The worker could not be announced'))
      await timers.setTimeout(ANNOUNCE_MS, undefined, { signal }).catch(() => undefined)
    }
  }

  async #claimAll(): Promise<void> {
    const { signals } = this.#parts
    const wake = () => this.#wake()
    using _heard = signals.on({ queue: wake, connected: wake })
    while (!this.#stopping.signal.aborted) {
      // What is told while we ask wakes us again.
      this.#woken = Promise.withResolvers()
      while (!this.#stopping.signal.aborted && (await this.#claimOne()));
      const poll = new AbortController()
      const { signal } = poll
      await Promise.race([
        this.#woken.promise,
        timers.setTimeout(POLL_MS, undefined, { signal }).catch(() => undefined),
      ])
      poll.abort()
    }
  }

  /** False where there is no room, or nothing to do. */
  async #claimOne(): Promise<boolean> {
    const { concurrency, queue, identity, begin, log } = this.#parts
    if (this.#works.size >= concurrency) return false
    try {
      const claim = await queue.claim(identity)
      if (claim === undefined) return false
      const work = begin(claim)
      this.#works.add(work)
      void work.done.finally(() => {
        this.#works.delete(work)
        this.#wake()
      })
      return true
    } catch (err) {
      log.warn({ err }, 'No run could be claimed')
      return false
    }
  }

  #wake(): void {
    this.#woken.resolve()
  }
}
