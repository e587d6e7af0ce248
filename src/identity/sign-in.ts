import type { Database } from '../database/connect.ts'
import { RunnerError } from '../errors.ts'
import { newProofs } from './oidc-client.ts'
import { isHeld, newHeld, rowId, type Seal, signInId } from './seal.ts'
import type { SessionCookie, Sessions } from './sessions.ts'
import type { Proofs, SignInClient } from './sign-in-client.ts'
import { beginSignIn, takeSignIn } from './sign-in-store.ts'

interface SignInSettings {
  readonly database: Database
  readonly seal: Seal
  readonly client: SignInClient
  readonly sessions: Sessions
  /** Without a trailing slash. */
  readonly publicUrl: () => string
}

/** What is kept of a sign-in under way. */
interface Begun extends Omit<Proofs, 'state'> {
  /** Where the person wanted to go: path and query below the service's root, of any length. */
  readonly target: string
}

/** Sign-in in a browser. Many may be under way in one browser, each in a tab of its own. */
export class SignIn {
  readonly #settings: SignInSettings

  constructor(settings: SignInSettings) {
    this.#settings = settings
  }

  get sessions(): Sessions {
    return this.#settings.sessions
  }

  /** Where to send the browser, and what it must hold when it comes back. Throws `identity-unavailable`. */
  async begin(target: string): Promise<{ readonly url: string; readonly id: string; readonly held: string }> {
    const { database, seal, client } = this.#settings
    const proofs = newProofs(newHeld())
    const { state, nonce, verifier } = proofs
    const url = await client.authorizationUrl(this.#callback().href, proofs)
    const held = newHeld()
    const sealed = seal.close(state, JSON.stringify({ nonce, verifier, target } satisfies Begun))
    await beginSignIn(database, { id: rowId(state), browser: rowId(held), sealed })
    return { url, id: signInId(state), held }
  }

  /**
   * Ends the sign-in that the query of the callback is the answer to, in the browser that began it.
   * @param browser what it holds
   * Throws `sign-in-failed` and `identity-unavailable`, from where the person may go on by `signIn`.
   */
  async finish(
    query: string,
    browser: string | undefined,
  ): Promise<{ readonly cookie: SessionCookie; readonly target: string }> {
    const { client, sessions } = this.#settings
    const state = new URLSearchParams(query).get('state') ?? ''
    const { target, ...proofs } = await this.#take(state, browser)
    try {
      const signedIn = await client.signedIn(this.#callback(query), { state, ...proofs })
      return { cookie: await sessions.begin(signedIn), target }
    } catch (error) {
      if (!(error instanceof RunnerError)) throw error
      const { code, message, cause } = error
      // A token that is not accepted is none that the person sent: it is the operator's to put right.
      throw new RunnerError(code === 'invalid-token' ? 'sign-in-failed' : code, message, {
        cause,
        signIn: this.link(target),
      })
    }
  }

  /** The address at which a browser signs in, to come back to `target`. */
  link(target?: string): string {
    const login = `${this.#settings.publicUrl()}/auth/login`
    return target === undefined ? login : `${login}?return=${encodeURIComponent(target)}`
  }

  /** Where a browser signs out of the issuer too, to come back to `afterwards`; undefined where it can't. */
  async endSessionUrl(idToken: string, afterwards: string): Promise<string | undefined> {
    try {
      return await this.#settings.client.endSessionUrl(idToken, afterwards)
    } catch (error) {
      // Signed out of here all the same.
      if (error instanceof RunnerError && error.code === 'identity-unavailable') return undefined
      throw error
    }
  }

  async #take(state: string, browser: string | undefined): Promise<Begun> {
    const { database, seal } = this.#settings
    if (isHeld(state) && browser !== undefined && isHeld(browser)) {
      const sealed = await takeSignIn(database, rowId(state), rowId(browser))
      const text = sealed && seal.open(state, sealed)
      if (text !== undefined) return JSON.parse(text)
    }
    throw new RunnerError(
      'sign-in-failed',
      'This sign-in was used already, took more than an hour, or was begun in another browser (or this one keeps no cookies). Sign in again.',
      { signIn: this.link('/processes') },
    )
  }

  #callback(query = ''): URL {
    const url = new URL(`${this.#settings.publicUrl()}/auth/callback`)
    url.search = query
    return url
  }
}
