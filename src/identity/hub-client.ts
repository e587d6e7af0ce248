import * as oidc from 'openid-client'
import type { TokenVerifier } from './identity.ts'
import { asking, PATIENCE_SECONDS, tokensOf } from './oidc-client.ts'
import type { Proofs, SignedIn, SignInClient } from './sign-in-client.ts'

export interface HubClientSettings {
  /** How people reach the hub, without a slash at its end. */
  readonly url: string
  /** `…/hub/api`, as the service reaches it. */
  readonly apiUrl: string
  readonly clientId: string
  /** The service's own token at the hub. */
  readonly clientSecret: string
  /** Says whose a token is. */
  readonly verifier: TokenVerifier
}

/**
 * JupyterHub at a sign-in: OAuth 2.0 with a code (RFC 6749) and PKCE, which JupyterHub 6 checks and 5 ignores. It has no ID
 * tokens, and none that renews another: with the token, the session is over.
 */
export class HubClient implements SignInClient {
  readonly #settings: HubClientSettings
  readonly #configuration: oidc.Configuration

  constructor(settings: HubClientSettings) {
    this.#settings = settings
    const { url, apiUrl, clientId, clientSecret } = settings
    this.#configuration = new oidc.Configuration(
      {
        issuer: `${url}/hub`,
        authorization_endpoint: `${url}/hub/api/oauth2/authorize`,
        token_endpoint: `${apiUrl}/oauth2/token`,
      },
      clientId,
      undefined,
      // The hub reads it in the form alone.
      oidc.ClientSecretPost(clientSecret),
    )
    this.#configuration.timeout = PATIENCE_SECONDS
    // Inside of a cluster the hub is reached over http, as its API is with KERNELS=hub.
    if ([url, apiUrl].some((one) => one.startsWith('http:'))) oidc.allowInsecureRequests(this.#configuration)
  }

  async authorizationUrl(redirectUri: string, { state, verifier }: Proofs): Promise<string> {
    const url = oidc.buildAuthorizationUrl(this.#configuration, {
      redirect_uri: redirectUri,
      state,
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    })
    return url.href
  }

  async signedIn(callback: URL, { state, verifier }: Proofs): Promise<SignedIn> {
    const answer = await asking(() =>
      oidc.authorizationCodeGrant(this.#configuration, callback, {
        expectedState: state,
        pkceCodeVerifier: verifier,
      }),
    )
    const { access_token, expires_in } = answer
    const { subject } = await this.#settings.verifier.verify(access_token)
    return { tokens: tokensOf({ access_token, expires_in }, ''), subject, sid: undefined }
  }

  async renewed(): Promise<undefined> {
    return undefined
  }

  /** It ends what the hub gave out in that browser, our token among it; nobody comes back from there. */
  async endSessionUrl(): Promise<string> {
    return `${this.#settings.url}/hub/logout`
  }
}
