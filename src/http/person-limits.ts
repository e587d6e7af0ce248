import { LRUCache } from 'lru-cache'
import { RunnerError } from '../errors.ts'
import type { Caller } from '../identity/caller.ts'

export interface PersonLimitsSettings {
  /** Requests of one person a minute; undefined: as many as they like. */
  readonly requestsPerMinute: number | undefined
  /** Streams of events that one person has open at a time. */
  readonly streams: number | undefined
}

/** Persons that are kept in mind; one who is forgotten begins anew. */
const MOST_PERSONS = 10_000
/** A tenth of a minute's requests may come at once. */
const BURST = 0.1
/** When a stream that was refused may be asked for again. */
const STREAM_RETRY_SECONDS = 10

interface Bucket {
  /** Requests that may come at once. */
  left: number
  /** By `performance.now()`. */
  at: number
}

/**
 * What one person may ask of this server: so many requests a minute (a token bucket, filled steadily), and so many streams
 * of events at a time. Costs a look into a table, and nothing where there is no limit. All throw `too-many-requests`.
 */
export class PersonLimits {
  readonly #settings: PersonLimitsSettings
  readonly #buckets = new LRUCache<string, Bucket>({ max: MOST_PERSONS })
  /** Only of those who have one open. */
  readonly #streams = new Map<string, number>()

  constructor(settings: PersonLimitsSettings) {
    this.#settings = settings
  }

  request(caller: Caller, now = performance.now()): void {
    const { requestsPerMinute } = this.#settings
    if (requestsPerMinute === undefined) return
    const most = Math.max(1, requestsPerMinute * BURST)
    const perMs = requestsPerMinute / 60_000
    const key = keyOf(caller)
    let bucket = this.#buckets.get(key)
    if (bucket === undefined) {
      bucket = { left: most, at: now }
      this.#buckets.set(key, bucket)
    }
    bucket.left = Math.min(most, bucket.left + (now - bucket.at) * perMs)
    bucket.at = now
    if (bucket.left < 1) {
      const retryAfter = Math.max(1, Math.ceil((1 - bucket.left) / perMs / 1_000))
      throw new RunnerError(
        'too-many-requests',
        `You ask more than ${requestsPerMinute} times a minute: wait ${retryAfter} s, and ask less often after that.`,
        { retryAfter },
      )
    }
    bucket.left -= 1
  }

  /** A stream that is open until what is returned is disposed of. */
  stream(caller: Caller): Disposable {
    const key = keyOf(caller)
    const open = this.#streams.get(key) ?? 0
    const { streams } = this.#settings
    if (streams !== undefined && open >= streams)
      throw new RunnerError(
        'too-many-requests',
        `You watch ${open} runs already, which is the most here: close a page that shows one.`,
        { retryAfter: STREAM_RETRY_SECONDS },
      )
    this.#streams.set(key, open + 1)
    return {
      [Symbol.dispose]: () => {
        const now = this.#streams.get(key) ?? 1
        if (now > 1) this.#streams.set(key, now - 1)
        else this.#streams.delete(key)
      },
    }
  }
}

/** Issuers are addresses, and hold no space. */
const keyOf = ({ issuer, subject }: Caller): string => `${issuer} ${subject}`
