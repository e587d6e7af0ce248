import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from '../database/connect.ts'
import { RunnerError } from '../errors.ts'
import type { Caller } from './caller.ts'
import type { TokenVerifier } from './identity.ts'
import { isHeld, newHeld, rowId, type Seal } from './seal.ts'
import {
  claimRenewal,
  endSession,
  endSessions,
  findSession,
  insertSession,
  releaseRenewal,
  renewSession,
  SESSION_SECONDS,
} from './session-store.ts'
import type { SignedIn, SignInClient, Tokens } from './sign-in-client.ts'
import { isRecord } from './unique-json.ts'

/** How often, and how long, one who needs the new tokens looks whether another server has got them. */
const LOOK_MS = 150
const WAIT_MS = 25_000

interface SessionsSettings {
  readonly database: Database
  readonly seal: Seal
  readonly client: SignInClient
  readonly verifier: TokenVerifier
  readonly issuer: string
  /** Milliseconds since 1970; the system's clock by default. */
  readonly now?: () => number
}

/** A new session's cookie. */
export interface SessionCookie {
  readonly value: string
  /** Seconds. */
  readonly maxAge: number
}

/** A session as it stands: where it is, and its tokens. */
interface Held {
  readonly cookie: string
  readonly id: Buffer
  readonly subject: string
  readonly generation: number
  readonly tokens: Tokens
}

/**
 * The sessions of browsers. What a session may do is what its access token says, which is checked like any other one;
 * a session only keeps it, and renews it. Its cookie is 256 random bits, and the tokens are in the database, sealed
 * with them.
 */
export class Sessions {
  readonly #settings: SessionsSettings
  readonly #now: () => number
  /** Renewals under way in this process, by the cookie: all requests of a browser wait for one. */
  readonly #renewals = new Map<string, Promise<Held | undefined>>()

  constructor(settings: SessionsSettings) {
    this.#settings = settings
    this.#now = settings.now ?? Date.now
  }

  /**
   * Begins a session, always under a new cookie. Throws `sign-in-failed` where the tokens are not all of one person, and
   * what the check of the access token throws.
   */
  async begin({ tokens, subject, sid }: SignedIn): Promise<SessionCookie> {
    const { database, seal, verifier, issuer } = this.#settings
    const caller = await verifier.verify(tokens.accessToken)
    if (caller.subject !== subject || caller.issuer !== issuer)
      throw new RunnerError('sign-in-failed', 'The sign-in service gave the tokens of two people. Try again.')
    const cookie = newHeld()
    const sealed = seal.close(cookie, JSON.stringify(tokens))
    await insertSession(database, { id: rowId(cookie), issuer, subject, sid, sealed })
    return { value: cookie, maxAge: SESSION_SECONDS }
  }

  /**
   * Whose session it is; undefined where there is none, or none any more. One query, but when the tokens are renewed.
   * Throws `identity-unavailable` where they are over and the issuer does not answer.
   */
  async callerOf(cookie: string): Promise<Caller | undefined> {
    const held = await this.#find(cookie)
    if (held === undefined) return undefined
    const now = this.#now() / 1000
    if (now < held.tokens.renewAt) return this.#verified(held)
    const renewal = this.#renewal(held)
    if (now < held.tokens.expires) {
      // Good for some seconds yet: nobody waits for the new ones, and whether they come shows at the next request.
      renewal.catch(() => undefined)
      return this.#verified(held)
    }
    const renewed = await renewal
    return renewed && this.#caller(renewed)
  }

  /** The ID token of the session that is ended by this; undefined where there was none. */
  async end(cookie: string): Promise<string | undefined> {
    if (!isHeld(cookie)) return undefined
    const sealed = await endSession(this.#settings.database, rowId(cookie))
    return sealed && this.#open(cookie, sealed)?.idToken
  }

  /** Ends what the issuer says is ended: all sessions of a person, or one by its own name, begun until `seconds`. */
  async endAll(
    of: { readonly subject: string | undefined; readonly sid: string | undefined },
    seconds: number,
  ): Promise<void> {
    await endSessions(this.#settings.database, this.#settings.issuer, of, seconds)
  }

  /** The issuer may have taken a key back, and its tokens are then none: new ones may be. */
  async #verified(held: Held): Promise<Caller | undefined> {
    try {
      return await this.#caller(held)
    } catch (error) {
      if (!isInvalid(error)) throw error
    }
    const renewed = await this.#renewal(held)
    try {
      return renewed && (await this.#caller(renewed))
    } catch (error) {
      if (!isInvalid(error)) throw error
      await this.end(held.cookie)
      return undefined
    }
  }

  async #caller({ cookie, subject, tokens }: Held): Promise<Caller | undefined> {
    const { verifier, issuer } = this.#settings
    const caller = await verifier.verify(tokens.accessToken)
    if (caller.subject === subject && caller.issuer === issuer) return caller
    await this.end(cookie)
    return undefined
  }

  async #find(cookie: string): Promise<Held | undefined> {
    if (!isHeld(cookie)) return undefined
    const id = rowId(cookie)
    const row = await findSession(this.#settings.database, id)
    if (row === undefined) return undefined
    const tokens = this.#open(cookie, row.sealed)
    return tokens && { cookie, id, subject: row.subject, generation: row.generation, tokens }
  }

  #renewal(held: Held): Promise<Held | undefined> {
    const { cookie } = held
    const running = this.#renewals.get(cookie)
    if (running !== undefined) return running
    const renewal = this.#renew(held).finally(() => this.#renewals.delete(cookie))
    this.#renewals.set(cookie, renewal)
    return renewal
  }

  /** A refresh token is good for once, so of all servers one renews, and the others wait for what it gets. */
  async #renew(held: Held): Promise<Held | undefined> {
    const { database } = this.#settings
    const { cookie, id, generation } = held
    const until = this.#now() + WAIT_MS
    while (this.#now() < until) {
      if (await claimRenewal(database, id, generation)) return this.#renewAlone(held)
      const now = await this.#find(cookie)
      if (now === undefined || now.generation !== generation) return now
      await sleep(LOOK_MS)
    }
    throw new RunnerError(
      'identity-unavailable',
      'Your sign-in cannot be renewed at the moment, because the sign-in service does not answer. Try again in a minute.',
    )
  }

  async #renewAlone(held: Held): Promise<Held | undefined> {
    const { database, seal, client } = this.#settings
    const { cookie, id, generation } = held
    try {
      const tokens = await client.renewed(held.tokens)
      if (tokens === undefined) {
        await this.end(cookie)
        return undefined
      }
      await renewSession(database, id, generation, seal.close(cookie, JSON.stringify(tokens)))
      return { ...held, generation: generation + 1, tokens }
    } catch (error) {
      await releaseRenewal(database, id, generation)
      throw error
    }
  }

  #open(cookie: string, sealed: Uint8Array): Tokens | undefined {
    const text = this.#settings.seal.open(cookie, sealed)
    if (text === undefined) return undefined
    const value: unknown = JSON.parse(text)
    return isTokens(value) ? value : undefined
  }
}

const isInvalid = (error: unknown): boolean => error instanceof RunnerError && error.code === 'invalid-token'

/** What an earlier version sealed may look otherwise: then the person signs in again. */
function isTokens(value: unknown): value is Tokens {
  if (!isRecord(value)) return false
  const { accessToken, refreshToken = '', idToken, expires, renewAt } = value
  return (
    [accessToken, refreshToken, idToken].every((token) => typeof token === 'string') &&
    [expires, renewAt].every((time) => typeof time === 'number')
  )
}
