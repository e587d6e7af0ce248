import timers from 'node:timers/promises'
import type { Logger } from 'pino'
import { RunnerError } from '../errors.ts'
import type { ExecutedNotebook } from '../notebook/executed.ts'
import type { Storage, StorageScope, StoredObject } from '../storage/storage.ts'
import { codeOf } from './execute-parts.ts'
import type { RunLease } from './lease.ts'
import { throughOutages } from './through-outages.ts'

/** At least so long between checkpoints, and ten times as long as the last one took: a tenth of the time at most. */
const CHECKPOINT_MS = 5_000
const SHARE = 10
/** How long storage that refuses is tried again at the end. */
const PATIENCE_MS = 120_000
const RETRY_MS = { first: 500, most: 15_000 }

/** Puts the notebook into the workspace: now and then while it runs, and at the end once, whole. */
export class Saving implements AsyncDisposable {
  readonly #parts: SavingParts
  readonly #stopping = new AbortController()
  #checkpoints: Promise<void> | undefined
  #refusal: RunnerError | undefined

  constructor(parts: SavingParts) {
    this.#parts = parts
  }

  /** Why storage did not take it the last time, in words for the person. */
  get refusal(): RunnerError | undefined {
    return this.#refusal
  }

  /** Begins with the checkpoints; again is no harm. */
  start(): void {
    this.#checkpoints ??= this.#checkpoint()
  }

  /**
   * The whole notebook. False where storage did not take it in time. A cancelled run is stored as well. Throws `lease-lost`
   * where another worker has the run: its notebook is newer.
   */
  async finish(signal: AbortSignal): Promise<boolean> {
    await this[Symbol.asyncDispose]()
    const end = performance.now() + PATIENCE_MS
    for (let pause = RETRY_MS.first; ; pause = Math.min(2 * pause, RETRY_MS.most)) {
      if (signal.aborted && signal.reason !== 'cancelled') signal.throwIfAborted()
      try {
        await this.#put()
        return true
      } catch (err) {
        if (codeOf(err) === 'lease-lost') throw err
        this.#parts.log.warn({ err }, 'the notebook could not be stored')
        this.#refusal = err instanceof RunnerError ? err : undefined
        if (performance.now() + pause > end || (await this.#isShut())) return false
        await timers.setTimeout(pause)
      }
    }
  }

  /** Whoever opened the workspace has gone, and waiting brings nobody back. */
  async #isShut(): Promise<boolean> {
    const { storage, scope } = this.#parts
    return storage.keys !== undefined && (await scope()).grant === undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort()
    await this.#checkpoints
  }

  async #checkpoint(): Promise<void> {
    const { signal } = this.#stopping
    let took = 0
    while (!signal.aborted) {
      const pause = Math.max(CHECKPOINT_MS, SHARE * took)
      await timers.setTimeout(pause, undefined, { signal }).catch(() => undefined)
      if (signal.aborted) return
      const begun = performance.now()
      try {
        await this.#put()
      } catch (err) {
        if (codeOf(err) === 'lease-lost') return
        this.#parts.log.warn({ err }, 'a checkpoint could not be stored')
      }
      took = performance.now() - begun
    }
  }

  /** Storage knows nothing of leases: a process that was paused finds here that another has had the run meanwhile. */
  async #put(): Promise<void> {
    const { storage, scope, object, notebook, lease } = this.#parts
    const isOurs = () => performance.now() < lease.validUntil
    const place = await scope()
    if (!isOurs()) await throughOutages(() => lease.renew(), AbortSignal.timeout(PATIENCE_MS))
    await storage.put(place, object, notebook.chunks(), undefined, isOurs)
  }
}

interface SavingParts {
  readonly storage: Storage
  /** As it is now: what opens the workspace may be renewed meanwhile. */
  readonly scope: () => Promise<StorageScope>
  readonly object: StoredObject
  readonly notebook: ExecutedNotebook
  readonly lease: Pick<RunLease, 'validUntil' | 'renew'>
  readonly log: Logger
}
