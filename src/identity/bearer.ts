import { hash } from 'node:crypto'
import { base64url, errors, type JWTPayload, jwtVerify } from 'jose'
import { LRUCache } from 'lru-cache'
import type { Caller } from './caller.ts'
import { callerFromClaims, refuse } from './claims.ts'
import type { TokenVerifier } from './identity.ts'
import { type KeySet, KeySource, type KeySourceSettings } from './jwks.ts'
import type { RoleRules } from './roles.ts'
import { parseUniqueJson } from './unique-json.ts'

const ALGORITHMS = ['RS256', 'ES256']
const MAX_TOKEN = 16 * 1024
const MAX_KEY_ID = 256
/** Seconds that the clocks of two machines may be apart. */
export const CLOCK_SKEW_SECONDS = 30

export interface BearerSettings extends KeySourceSettings {
  /** The token must be meant for one of these. */
  readonly audiences: readonly [string, ...string[]]
  /** Undefined: roles are not told apart. */
  readonly roles?: RoleRules
  /** Milliseconds since 1970; the system's clock by default. */
  readonly now?: () => number
}

interface Verified {
  readonly caller: Caller
  readonly expires: number
  readonly notBefore: number
  readonly keys: KeySet
}

/**
 * Checks access tokens by themselves (RFC 9068, RFC 8725) with the issuer's keys.
 * @param keys closed together with it
 */
export function bearerVerifier(settings: BearerSettings, keys = new KeySource(settings)): TokenVerifier {
  return new BearerVerifier(settings, keys)
}

class BearerVerifier implements TokenVerifier {
  readonly #settings: BearerSettings
  readonly #source: KeySource
  readonly #now: () => number
  /**
   * Tokens that passed, by their SHA-256: a browser or a program sends the same one with each request, and checking
   * a signature costs twenty times the look-up. It is safe because nothing but time and keys can turn a good token
   * bad (there is no revocation of a self-contained token): time is looked at on each hit, an entry counts only
   * under the very key set that verified it, and the digest is of the whole token, signature and all. Tokens
   * themselves are not kept, and refusals are not remembered.
   */
  readonly #verified = new LRUCache<string, Verified>({
    max: 10_000,
    maxSize: 16 * 1024 * 1024,
    sizeCalculation: ({ caller }) => 300 + JSON.stringify(caller).length,
  })

  constructor(settings: BearerSettings, keys: KeySource) {
    this.#settings = settings
    this.#source = keys
    this.#now = settings.now ?? Date.now
  }

  async verify(token: string): Promise<Caller> {
    if (token.length > MAX_TOKEN) throw refuse(`it is longer than ${MAX_TOKEN} characters`)
    const digest = hash('sha256', token, 'base64')
    const known = this.#verified.get(digest)
    if (known !== undefined) {
      const now = Math.floor(this.#now() / 1000)
      if (known.keys === this.#source.current && now < known.expires && now >= known.notBefore)
        return known.caller
      this.#verified.delete(digest)
    }
    const verified = await this.#check(token)
    this.#verified.set(digest, verified)
    return verified.caller
  }

  async healthy(): Promise<boolean> {
    return this.#source.current !== undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#verified.clear()
    await this.#source.close()
  }

  async #check(token: string): Promise<Verified> {
    const keys = await this.#source.forKey(keyId(token))
    const now = this.#now()
    const claims = await this.#claims(token, keys, now)
    const { exp = 0, nbf = 0, iat = 0, typ = 'Bearer' } = claims
    if (iat > Math.floor(now / 1000) + CLOCK_SKEW_SECONDS)
      throw refuse('it claims to have been issued in the future')
    if (typ !== 'Bearer') throw refuse('it is not an access token')
    // OpenID Connect Core 3.1.3.6 and 3.3.2.11: these bind an ID token to another one; access tokens have none.
    if ('at_hash' in claims || 'c_hash' in claims) throw refuse('it is an ID token, not an access token')
    return {
      caller: { ...callerFromClaims(claims, this.#settings.roles), accessToken: () => token },
      expires: exp + CLOCK_SKEW_SECONDS,
      notBefore: Math.max(nbf, iat) - CLOCK_SKEW_SECONDS,
      keys,
    }
  }

  async #claims(token: string, keys: KeySet, now: number): Promise<JWTPayload> {
    try {
      const { payload } = await jwtVerify(token, keys.find, {
        algorithms: ALGORITHMS,
        issuer: this.#settings.issuer,
        audience: [...this.#settings.audiences],
        clockTolerance: CLOCK_SKEW_SECONDS,
        requiredClaims: ['exp'],
        currentDate: new Date(now),
      })
      return payload
    } catch (error) {
      throw refuse(reason(error))
    }
  }
}

/**
 * What must hold before any key is looked for. Returns the key's id. A key named or brought along by the token is
 * refused outright: nothing that an unverified token says is ever fetched or believed.
 */
function keyId(token: string): string {
  // Strictly RFC 7515: decoders forgive blanks and padding, and one token would have many spellings.
  const { header, payload } = /^(?<header>[\w-]+)\.(?<payload>[\w-]+)\.[\w-]+$/.exec(token)?.groups ?? {}
  if (header === undefined || payload === undefined) throw refuse('it is not a signed JSON Web Token')
  const { alg, typ, kid, ...others } = decode(header, 'header')
  decode(payload, 'payload')
  if (typeof alg !== 'string' || !ALGORITHMS.includes(alg)) {
    throw refuse(`it is not signed by ${ALGORITHMS.join(' or ')}`)
  }
  if (typ !== undefined && (typeof typ !== 'string' || !/^(application\/)?(at\+)?jwt$/i.test(typ))) {
    throw refuse('its header says that it is not an access token')
  }
  if ('crit' in others) throw refuse('it asks for an extension that is not known here')
  if (['jku', 'x5u', 'jwk', 'x5c'].some((member) => member in others)) {
    throw refuse('it brings a key of its own along')
  }
  if (typeof kid !== 'string' || kid === '' || kid.length > MAX_KEY_ID) {
    throw refuse('it does not name its key by a short text')
  }
  return kid
}

function decode(part: string, what: string): Readonly<Record<string, unknown>> {
  try {
    return parseUniqueJson(new TextDecoder('utf-8', { fatal: true }).decode(base64url.decode(part)))
  } catch {
    throw refuse(`its ${what} is not a JSON object with each key once`)
  }
}

/** In words, why jose turned the token down. */
function reason(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'it has expired. Sign in again, or ask for a new token'
  if (error instanceof errors.JWTClaimValidationFailed) {
    const { claim } = error
    if (error.reason === 'missing') return `it has no “${claim}” claim`
    if (claim === 'iss') return 'it is from another issuer'
    if (claim === 'aud') return 'it is meant for another service'
    if (claim === 'nbf' && error.reason === 'check_failed') return 'it is not valid yet'
    return `its “${claim}” claim is not valid`
  }
  if (error instanceof errors.JWKSNoMatchingKey) return 'the issuer has no key that fits it'
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'its signature is wrong'
  return 'it is not a well-formed JSON Web Token'
}
