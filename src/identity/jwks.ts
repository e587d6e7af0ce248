import { createLocalJWKSet, type JWTVerifyGetKey } from 'jose'
import { RunnerError } from '../errors.ts'
import { isRecord, parseUniqueJson } from './unique-json.ts'

const MAX_BYTES = 256 * 1024

export interface KeySourceSettings {
  /** Exactly as tokens name it. */
  readonly issuer: string
  /** Where the keys are; by default the issuer's discovery document says so, on the issuer's own origin. */
  readonly jwksUri?: string
  /** Seconds between background refreshes: how long a removed key goes on working at most. */
  readonly refreshSeconds?: number
  /** Seconds between fetches that a token with an unknown key may cause. */
  readonly coolDownSeconds?: number
  /** Seconds for one answer of the issuer. */
  readonly timeoutSeconds?: number
}

/** One set of keys. Each change of the set makes a new object: what was verified by an older one is not known good. */
export interface KeySet {
  readonly find: JWTVerifyGetKey
  readonly ids: ReadonlySet<string>
  readonly text: string
}

/**
 * The issuer's signing keys: fetched at once and then in the background; the last good ones go on working while the
 * issuer is down, slow, or answers nonsense (an empty set too). Only the issuer's configured address is ever asked.
 */
export class KeySource {
  readonly #settings: Required<Omit<KeySourceSettings, 'jwksUri'>> & { readonly jwksUri: string | undefined }
  #keys: KeySet | undefined
  #failure: unknown
  #running: Promise<void> | undefined
  #askedAt = Number.NEGATIVE_INFINITY
  #timer: NodeJS.Timeout | undefined
  readonly #end = new AbortController()

  constructor(settings: KeySourceSettings) {
    this.#settings = {
      issuer: settings.issuer,
      jwksUri: settings.jwksUri,
      refreshSeconds: settings.refreshSeconds ?? 300,
      coolDownSeconds: settings.coolDownSeconds ?? 30,
      timeoutSeconds: settings.timeoutSeconds ?? 5,
    }
    void this.#refresh()
  }

  /** The keys now in force, without asking anyone. */
  get current(): KeySet | undefined {
    return this.#keys
  }

  /**
   * A set of keys, holding that key if the issuer has it: an unknown one makes the issuer be asked, all callers
   * together, at most once in `coolDownSeconds`. Throws `identity-unavailable` where the answer can't be known.
   */
  async forKey(id: string): Promise<KeySet> {
    if (this.#keys === undefined || !this.#keys.ids.has(id)) await this.#ask()
    if (this.#keys !== undefined && (this.#failure === undefined || this.#keys.ids.has(id))) return this.#keys
    throw new RunnerError(
      'identity-unavailable',
      'Access tokens cannot be checked at the moment, because the sign-in service does not answer with its keys. Try again in a minute.',
      { cause: this.#failure },
    )
  }

  async close(): Promise<void> {
    this.#end.abort(new Error('The key source is closed'))
    clearTimeout(this.#timer)
    await this.#running
  }

  async #ask(): Promise<void> {
    if (this.#running !== undefined) return this.#running
    const now = performance.now()
    // Before the first keys a short pause: everyone is waiting for the issuer to come up.
    const pause = this.#keys === undefined ? 1000 : this.#settings.coolDownSeconds * 1000
    if (now - this.#askedAt < pause) return
    this.#askedAt = now
    await this.#refresh()
  }

  #refresh(): Promise<void> {
    this.#running ??= this.#load().finally(() => {
      this.#running = undefined
      if (this.#end.signal.aborted) return
      const { refreshSeconds, coolDownSeconds } = this.#settings
      const seconds =
        this.#keys === undefined ? 2 : this.#failure === undefined ? refreshSeconds : coolDownSeconds
      clearTimeout(this.#timer)
      this.#timer = setTimeout(() => void this.#refresh(), seconds * 1000).unref()
    })
    return this.#running
  }

  async #load(): Promise<void> {
    try {
      const uri = this.#settings.jwksUri ?? (await this.#discover())
      const keys = signingKeys(await this.#fetch(uri))
      const text = JSON.stringify(keys)
      if (text !== this.#keys?.text) {
        this.#keys = { text, find: createLocalJWKSet({ keys }), ids: new Set(keys.map(({ kid }) => kid)) }
      }
      this.#failure = undefined
    } catch (error) {
      this.#failure = error
    }
  }

  /** OpenID Connect Discovery 1.0, 4.3: the document must speak for the very issuer it was asked of. */
  async #discover(): Promise<string> {
    const { issuer } = this.#settings
    const document = await this.#fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)
    const { issuer: named, jwks_uri: uri } = document
    if (named !== issuer) throw new Error('The discovery document is of another issuer')
    if (typeof uri !== 'string' || new URL(uri).origin !== new URL(issuer).origin) {
      throw new Error('The discovery document has no jwks_uri on the origin of the issuer')
    }
    return uri
  }

  async #fetch(url: string): Promise<Readonly<Record<string, unknown>>> {
    const signal = AbortSignal.any([
      this.#end.signal,
      AbortSignal.timeout(this.#settings.timeoutSeconds * 1000),
    ])
    const answer = await fetch(url, { signal, redirect: 'error', headers: { accept: 'application/json' } })
    if (!answer.ok) {
      await answer.body?.cancel()
      throw new Error(`${url} answered ${answer.status}`)
    }
    const chunks: Uint8Array[] = []
    let size = 0
    for await (const chunk of answer.body ?? []) {
      size += chunk.byteLength
      if (size > MAX_BYTES) throw new Error(`${url} answered more than ${MAX_BYTES} bytes`)
      chunks.push(chunk)
    }
    return parseUniqueJson(Buffer.concat(chunks).toString('utf8'))
  }
}

interface SigningKey {
  readonly kty: 'RSA' | 'EC'
  readonly kid: string
  readonly [member: string]: unknown
}

/** Public RSA and EC keys with an id. All else (symmetric keys above all) is as if it were not there. */
function signingKeys({ keys }: Readonly<Record<string, unknown>>): SigningKey[] {
  const usable = Array.isArray(keys) ? keys.filter(isSigningKey) : []
  if (usable.length === 0) throw new Error('The issuer answered with no key that can check a token')
  return usable
}

function isSigningKey(key: unknown): key is SigningKey {
  if (!isRecord(key)) return false
  const { kty, kid, use = 'sig', d } = key
  return (kty === 'RSA' || kty === 'EC') && typeof kid === 'string' && use === 'sig' && d === undefined
}
