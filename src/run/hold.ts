import timers from 'node:timers/promises'
import { RunnerError } from '../errors.ts'
import type { RunLease } from './lease.ts'
import type { RunSignals } from './signals.ts'

/** Why the work on a run is to end before its time. */
export type Interruption = 'cancelled' | 'lost' | 'stopping'

/** Renewed so many times in the life of a lease: two may go wrong. */
const RENEWALS = 3

/**
 * Holds a run's lease by renewing it, and hears what ends the work on it: somebody's wish to cancel it (told by the
 * database at once, and seen at each renewal), or another worker that has taken it over. `signal` aborts with an
 * `Interruption` as its reason.
 */
export class Hold implements AsyncDisposable {
  readonly #controller = new AbortController()
  readonly #lease: RunLease
  readonly #listening: Disposable
  readonly #renewing: Promise<void>
  readonly #ended = new AbortController()

  constructor(lease: RunLease, leaseSeconds: number, signals: RunSignals) {
    this.#lease = lease
    this.#listening = signals.on({
      cancel: (runId) => {
        if (runId === lease.runId) this.interrupt('cancelled')
      },
    })
    this.#renewing = this.#renew((leaseSeconds * 1_000) / RENEWALS)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** The first reason stays. */
  interrupt(interruption: Interruption): void {
    this.#controller.abort(interruption)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listening[Symbol.dispose]()
    this.#ended.abort()
    await this.#renewing
  }

  async #renew(everyMs: number): Promise<void> {
    const { signal } = this.#ended
    while (!signal.aborted) {
      await timers.setTimeout(everyMs, undefined, { signal }).catch(() => undefined)
      if (signal.aborted) return
      try {
        const { cancelRequested } = await this.#lease.renew()
        if (cancelRequested) this.interrupt('cancelled')
      } catch (error) {
        // A database that is away may come back before another can take the run over.
        if (error instanceof RunnerError && error.code === 'lease-lost') return this.interrupt('lost')
      }
    }
  }
}
