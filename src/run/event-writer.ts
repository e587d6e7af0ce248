import timers from 'node:timers/promises'
import { RunnerError } from '../errors.ts'
import type { RunEvent } from './event.ts'
import { eventBytes } from './event-bytes.ts'
import type { RunLease } from './lease.ts'

/** How long events wait for others to be written with them. */
const BATCH_MS = 100
/** Of events at a time: a cell that prints without end must not make one statement of everything. */
const BATCH_EVENTS = 500
const BATCH_BYTES = 2_000_000
const MAX_PENDING = 2_000
/** A kernel sends megabytes in one message, of which a few are as many bytes as thousands of lines. */
const MAX_PENDING_BYTES = 4_000_000
const RETRY_MS = { first: 250, most: 5_000 }

interface Pending {
  readonly event: RunEvent
  readonly bytes: number
}

/**
 * Writes the events of one run in their order, some at a time. A database that is away is waited for: what happened
 * meanwhile is kept here, bounded by the limits on outputs. Once the lease is lost nothing is written any more.
 */
export class EventWriter implements AsyncDisposable {
  readonly #lease: RunLease
  readonly #ended = new AbortController()
  readonly #pending: Pending[] = []
  #pendingBytes = 0
  /** Ends with the batch that is being written. */
  #batch = Promise.withResolvers<void>()
  /** Ends the wait for more events. */
  #hurry = new AbortController()
  #writing: Promise<void> | undefined
  #failure: unknown

  constructor(lease: RunLease) {
    this.#lease = lease
  }

  /** Never waits. After the lease is lost it does nothing. */
  push(...events: readonly RunEvent[]): void {
    if (this.#failure !== undefined) return
    for (const event of events) {
      const bytes = eventBytes(event)
      this.#pending.push({ event, bytes })
      this.#pendingBytes += bytes
    }
    this.#writing ??= this.#write()
  }

  /** Done at once, or once there is room for more: what is not written yet is not to fill the memory. */
  async room(): Promise<void> {
    while (this.#isFull && this.#writing !== undefined) await this.#batch.promise
  }

  get #isFull(): boolean {
    return this.#pending.length > MAX_PENDING || this.#pendingBytes > MAX_PENDING_BYTES
  }

  /** Returns once everything pushed so far is kept. Throws `lease-lost`. */
  async flush(): Promise<void> {
    while (this.#writing !== undefined) {
      this.#hurry.abort()
      await this.#writing
    }
    if (this.#failure !== undefined) throw this.#failure
  }

  /** Gives up what is not written. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort()
    await this.#writing
  }

  async #write(): Promise<void> {
    try {
      while (this.#pending.length > 0) {
        await this.#wait()
        const batch = this.#next()
        await this.#append(batch.map(({ event }) => event))
        this.#pending.splice(0, batch.length)
        for (const { bytes } of batch) this.#pendingBytes -= bytes
        this.#batchDone()
      }
    } catch (error) {
      this.#failure = error
      this.#pending.length = 0
      this.#pendingBytes = 0
    } finally {
      this.#writing = undefined
      this.#batchDone()
    }
  }

  /** The first in any case. */
  #next(): readonly Pending[] {
    let bytes = 0
    const end = this.#pending.findIndex((one, index) => {
      bytes += one.bytes
      return index === BATCH_EVENTS || (index > 0 && bytes > BATCH_BYTES)
    })
    return this.#pending.slice(0, end < 0 ? undefined : end)
  }

  #batchDone(): void {
    this.#batch.resolve()
    this.#batch = Promise.withResolvers()
  }

  async #wait(): Promise<void> {
    this.#ended.signal.throwIfAborted()
    if (this.#isFull) return
    const signal = AbortSignal.any([this.#hurry.signal, this.#ended.signal])
    await timers.setTimeout(BATCH_MS, undefined, { signal }).catch(() => undefined)
    this.#ended.signal.throwIfAborted()
    if (this.#hurry.signal.aborted) this.#hurry = new AbortController()
  }

  /** The same events again and again until they are kept: the lease sees to it that none is kept twice. */
  async #append(batch: readonly RunEvent[]): Promise<void> {
    for (let pause = RETRY_MS.first; ; pause = Math.min(2 * pause, RETRY_MS.most)) {
      try {
        await this.#lease.appendEvents(batch)
        return
      } catch (error) {
        if (!(error instanceof RunnerError && error.code === 'database-failed')) throw error
        await timers.setTimeout(pause, undefined, { signal: this.#ended.signal })
      }
    }
  }
}
