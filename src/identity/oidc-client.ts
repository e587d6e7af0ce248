import * as oidc from 'openid-client'
import { RunnerError } from '../errors.ts'
import type { Proofs, SignedIn, SignInClient, Tokens } from './sign-in-client.ts'

/** Seconds for one answer of the issuer: shorter than the time in which nobody else renews the tokens. */
export const PATIENCE_SECONDS = 10

/** For so long an issuer that has answered is taken to be there. */
const PRESENT_MS = 5_000

/** Of a token that lasts long, the last minute; of a short one, the last quarter. */
const EARLY_SECONDS = 60

export interface OidcClientSettings {
  readonly issuer: string
  readonly clientId: string
  /** Undefined: a public client. */
  readonly clientSecret: string | undefined
  readonly scope: string
}

export const newProofs = (state: string): Proofs => ({
  state,
  nonce: oidc.randomNonce(),
  verifier: oidc.randomPKCECodeVerifier(),
})

/**
 * What the issuer is asked at a sign-in (OpenID Connect Core 1.0, code flow with PKCE). Its discovery document is read
 * when it is first needed, so that the service starts without it. All throw `identity-unavailable` where it does not
 * answer, and `sign-in-failed` where it refuses or its answer proves nothing. Never a token in an error.
 */
export class OidcClient implements SignInClient {
  readonly #settings: OidcClientSettings
  #configuration: Promise<oidc.Configuration> | undefined
  #reading: Promise<oidc.Configuration> | undefined
  #readAt = Number.NEGATIVE_INFINITY

  constructor(settings: OidcClientSettings) {
    this.#settings = settings
  }

  /** A browser that is sent to an issuer that is gone says nothing that helps: that it is there is looked at before. */
  async authorizationUrl(redirectUri: string, { state, nonce, verifier }: Proofs): Promise<string> {
    const url = oidc.buildAuthorizationUrl(await this.#present(), {
      redirect_uri: redirectUri,
      scope: this.#settings.scope,
      state,
      nonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    })
    return url.href
  }

  /** @param callback the address that the browser came back to, with what the issuer added */
  async signedIn(callback: URL, { state, nonce, verifier }: Proofs): Promise<SignedIn> {
    const configuration = await this.#discovered()
    const answer = await asking(() =>
      oidc.authorizationCodeGrant(configuration, callback, {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: verifier,
        idTokenExpected: true,
      }),
    )
    const claims = answer.claims()
    const sid = claims?.['sid']
    return {
      tokens: tokensOf(answer, answer.id_token ?? ''),
      subject: claims?.sub ?? '',
      sid: typeof sid === 'string' ? sid : undefined,
    }
  }

  /** New tokens for old; undefined where the issuer has ended the session. */
  async renewed({ refreshToken, idToken }: Tokens): Promise<Tokens | undefined> {
    if (refreshToken === undefined) return undefined
    const configuration = await this.#discovered()
    try {
      const answer = await oidc.refreshTokenGrant(configuration, refreshToken)
      // Not every issuer gives all of them again: what it leaves out stays as it is.
      const { access_token, expires_in, refresh_token = refreshToken, id_token = idToken } = answer
      return tokensOf({ access_token, expires_in, refresh_token }, id_token)
    } catch (error) {
      if (error instanceof oidc.ResponseBodyError && error.error === 'invalid_grant') return undefined
      throw failure(error)
    }
  }

  /** Where a browser signs out of the issuer too; undefined where the issuer has no such address. */
  async endSessionUrl(idToken: string, afterwards: string): Promise<string | undefined> {
    const configuration = await this.#discovered()
    if (configuration.serverMetadata().end_session_endpoint === undefined) return undefined
    const parameters = { id_token_hint: idToken, post_logout_redirect_uri: afterwards }
    return oidc.buildEndSessionUrl(configuration, parameters).href
  }

  /** As it is now, or was a moment ago. What is known stays in use for all else while the issuer does not answer. */
  async #present(): Promise<oidc.Configuration> {
    if (performance.now() - this.#readAt < PRESENT_MS) return this.#discovered()
    this.#reading ??= this.#discover().finally(() => {
      this.#reading = undefined
    })
    const configuration = await this.#reading
    this.#configuration = Promise.resolve(configuration)
    return configuration
  }

  #discovered(): Promise<oidc.Configuration> {
    this.#configuration ??= this.#discover().catch((error) => {
      this.#configuration = undefined
      throw error
    })
    return this.#configuration
  }

  async #discover(): Promise<oidc.Configuration> {
    const { issuer, clientId, clientSecret } = this.#settings
    const authentication = clientSecret === undefined ? oidc.None() : oidc.ClientSecretBasic(clientSecret)
    const configuration = await asking(() =>
      oidc.discovery(new URL(issuer), clientId, undefined, authentication, {
        timeout: PATIENCE_SECONDS,
        // ID tokens are checked by their signature, although they come from the issuer itself.
        execute: [
          oidc.enableNonRepudiationChecks,
          // The settings allow it on loopback only.
          ...(issuer.startsWith('http:') ? [oidc.allowInsecureRequests] : []),
        ],
      }),
    )
    this.#readAt = performance.now()
    return configuration
  }
}

interface Answer {
  readonly access_token: string
  readonly refresh_token?: string | undefined
  readonly expires_in?: number | undefined
}

/** @param idToken '' where there is none */
export function tokensOf(answer: Answer, idToken: string): Tokens {
  const now = Math.floor(Date.now() / 1000)
  const lifetime = answer.expires_in ?? EARLY_SECONDS
  const expires = now + lifetime
  return {
    accessToken: answer.access_token,
    refreshToken: answer.refresh_token,
    idToken,
    expires,
    renewAt: expires - Math.min(EARLY_SECONDS, Math.floor(lifetime / 4)),
  }
}

/** Throws `sign-in-failed` or `identity-unavailable` for what the library throws. */
export async function asking<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    throw failure(error)
  }
}

/** The library's errors hold whole answers: of them, only the message is kept. */
function failure(error: unknown): RunnerError {
  const cause = new Error(error instanceof Error ? `${error.name}: ${error.message}` : 'No error')
  if (error instanceof oidc.AuthorizationResponseError) {
    const code = /^[a-z_]{1,60}$/.test(error.error) ? error.error : 'no reason is given'
    return failed(`The sign-in service did not sign you in (${code}). Try again.`, cause)
  }
  if (error instanceof oidc.WWWAuthenticateChallengeError || isRefusal(error))
    return failed(
      'The sign-in service does not accept this sign-in. Try again; if that does not help, tell the operator of Notebook Runner.',
      cause,
    )
  if (error instanceof oidc.ClientError && !isSilence(error))
    return failed('The answer of the sign-in service does not fit this sign-in. Try again.', cause)
  return new RunnerError(
    'identity-unavailable',
    'Signing in does not work at the moment, because the sign-in service does not answer. Try again in a minute.',
    { cause },
  )
}

const failed = (message: string, cause: Error) => new RunnerError('sign-in-failed', message, { cause })

const isRefusal = (error: unknown): boolean =>
  error instanceof oidc.ResponseBodyError && error.status >= 400 && error.status < 500

/** It did not answer, or not in the words of the protocol, as a proxy in front of it does. */
const isSilence = ({ code }: oidc.ClientError): boolean =>
  code === 'OAUTH_TIMEOUT' ||
  code === 'OAUTH_RESPONSE_IS_NOT_CONFORM' ||
  code === 'OAUTH_RESPONSE_IS_NOT_JSON'
