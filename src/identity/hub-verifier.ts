import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { RunnerError } from '../errors.ts'
import type { Caller } from './caller.ts'
import { refuse } from './claims.ts'
import { callerOfHub, type HubPersonRules } from './hub-person.ts'
import type { TokenVerifier } from './identity.ts'
import { isRecord } from './unique-json.ts'

const PATIENCE_MS = 5_000
const MAX_TOKEN = 512
/** How long a token that was taken back at the hub goes on working at most. */
const KEPT_MS = 10_000

export interface HubVerifierSettings extends HubPersonRules {
  /** `…/hub/api`. */
  readonly apiUrl: string
  /** What we are called there: tokens must be for us. */
  readonly service: string
}

/**
 * Checks tokens of people by asking JupyterHub whose they are (`GET /user`). A token opens the service where its scopes
 * let it: `access:services` for all or for ours. So a token of a person's server is not one for here, unless the hub says so.
 */
export class HubVerifier implements TokenVerifier {
  readonly #settings: HubVerifierSettings
  /** Answers by the SHA-256 of tokens, those under way too: many requests of one person are one question. */
  readonly #asked = new LRUCache<string, Promise<Caller>>({ max: 10_000, ttl: KEPT_MS })
  readonly #end = new AbortController()
  #answered = false

  constructor(settings: HubVerifierSettings) {
    this.#settings = settings
  }

  async verify(token: string): Promise<Caller> {
    if (token.length > MAX_TOKEN || !/^[\x21-\x7e]+$/.test(token))
      throw refuse('it does not look like a token of JupyterHub')
    const digest = hash('sha256', token, 'base64')
    const known = this.#asked.get(digest)
    if (known !== undefined) return known
    const asked = this.#ask(token)
    this.#asked.set(digest, asked)
    // Refusals and failures are not remembered.
    asked.catch(() => this.#asked.delete(digest))
    return asked
  }

  async healthy(): Promise<boolean> {
    if (!this.#answered) await this.#get('/', undefined).catch(() => undefined)
    return this.#answered
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort(new Error('The service ends'))
    this.#asked.clear()
  }

  async #ask(token: string): Promise<Caller> {
    const { status, json } = await this.#get('/user', token)
    if (status === 401 || status === 403) throw refuse('JupyterHub does not know it, or it has expired')
    if (status !== 200 || !isRecord(json)) throw away(new Error(`It answered with status ${status}`))
    const { kind, name, groups, scopes } = json
    if (kind !== 'user' || typeof name !== 'string') throw refuse('it is not a token of a person')
    if (!texts(scopes).some((scope) => this.#opens(scope)))
      throw refuse(
        `it lacks the scope access:services!service=${this.#settings.service}, which a role of JupyterHub gives`,
      )
    return callerOfHub(name, texts(groups), this.#settings)
  }

  #opens(scope: string): boolean {
    return ['access:services', `access:services!service=${this.#settings.service}`].includes(scope)
  }

  async #get(
    path: string,
    token: string | undefined,
  ): Promise<{ readonly status: number; readonly json: unknown }> {
    try {
      const answer = await fetch(`${this.#settings.apiUrl}${path}`, {
        headers: {
          accept: 'application/json',
          ...(token !== undefined && { authorization: `token ${token}` }),
        },
        redirect: 'error',
        signal: AbortSignal.any([this.#end.signal, AbortSignal.timeout(PATIENCE_MS)]),
      })
      const text = await answer.text()
      if (answer.status < 500) this.#answered = true
      return { status: answer.status, json: answer.ok ? JSON.parse(text) : undefined }
    } catch (cause) {
      throw away(cause)
    }
  }
}

const texts = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []

const away = (cause: unknown): RunnerError =>
  new RunnerError(
    'identity-unavailable',
    'Who you are cannot be checked at the moment, because JupyterHub does not answer. Try again in a minute.',
    { cause },
  )
