import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import Provider, { type Configuration } from 'oidc-provider'

export interface TestProvider extends AsyncDisposable {
  readonly url: string
  readonly clientId: string
  readonly clientSecret: string
  /** The claims of each person's access token, by the name they sign in with; a test changes them. */
  readonly people: Map<string, Readonly<Record<string, unknown>>>
  /** Each answer of the token endpoint: the grant asked for, and whether it was given. */
  readonly grants: { readonly type: string; readonly ok: boolean }[]
  /** Seconds that an access token lasts. */
  lifetime: number
  /** True: it answers 503 to everything, until it is false again. */
  down: boolean
  /** Begins to answer, now that it is known which services sign in here: the first is told of sign-outs. */
  serve(publicUrls: readonly string[]): Promise<void>
  /** An access token of this person, for whom nobody has to sign in. */
  tokenOf(name: string): Promise<string>
  /** It remembers nobody: no session, no refresh token. */
  forget(): Promise<void>
}

/**
 * A real OpenID Provider (npm oidc-provider) on a free port of 127.0.0.1, with its own login page: the name is the
 * person, any password will do. Access tokens are JWTs for `eodhp`; refresh tokens are good for once. Until it is told to
 * serve, it is down.
 */
export async function startProvider(): Promise<TestProvider> {
  const server = createServer()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject).listen(0, '127.0.0.1', resolve)
  await promise
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The provider has no port')
  const url = `http://127.0.0.1:${address.port}`
  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  const key = { ...(await exportJWK(privateKey)), kid: 'first', alg: 'RS256', use: 'sig' }
  const grants: { type: string; ok: boolean }[] = []
  let services: readonly string[] = []
  let answer: ReturnType<Provider['callback']> | undefined
  const test = {
    url,
    clientId: 'notebook-runner',
    clientSecret: secret(),
    people: new Map<string, Readonly<Record<string, unknown>>>(),
    grants,
    lifetime: 300,
    down: false,
    tokenOf(name: string) {
      const now = Math.floor(Date.now() / 1000)
      const claims = {
        preferred_username: name,
        iat: now,
        exp: now + test.lifetime,
        ...test.people.get(name),
      }
      return new SignJWT({ iss: url, aud: 'eodhp', sub: name, ...claims })
        .setProtectedHeader({ alg: 'RS256', kid: 'first', typ: 'at+jwt' })
        .sign(privateKey)
    },
    async forget() {
      await test.serve(services)
    },
    async serve(publicUrls: readonly string[]) {
      services = publicUrls
      const provider = new Provider(url, configurationOf(test, key, publicUrls))
      provider.on('grant.success', ({ oidc }) => grants.push({ type: grantType(oidc.body), ok: true }))
      provider.on('grant.error', ({ oidc }) => grants.push({ type: grantType(oidc.body), ok: false }))
      answer = provider.callback()
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
  server.on('request', (request, response) => {
    if (test.down || answer === undefined) return response.writeHead(503).end()
    return answer(request, response)
  })
  return test
}

function configurationOf(
  test: Pick<TestProvider, 'clientId' | 'clientSecret' | 'people' | 'lifetime'>,
  key: JWK,
  publicUrls: readonly string[],
): Configuration {
  return {
    jwks: { keys: [key] },
    cookies: { keys: [secret()] },
    clients: [
      {
        client_id: test.clientId,
        client_secret: test.clientSecret,
        grant_types: ['authorization_code', 'refresh_token'],
        redirect_uris: publicUrls.map((one) => `${one}/auth/callback`),
        post_logout_redirect_uris: publicUrls.map((one) => `${one}/auth/logout`),
        ...(publicUrls[0] !== undefined && {
          backchannel_logout_uri: `${publicUrls[0]}/auth/backchannel-logout`,
          backchannel_logout_session_required: true,
        }),
      },
      {
        client_id: 'notebook-runner-cli',
        token_endpoint_auth_method: 'none',
        grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
        redirect_uris: [],
        response_types: [],
      },
    ],
    // Or it says on the standard output that these are its own.
    ttl: {
      AccessToken: () => test.lifetime,
      RefreshToken: 3600,
      IdToken: 3600,
      Interaction: 3600,
      Session: 3600,
      Grant: 3600,
      DeviceCode: 600,
    },
    // Its own dispatcher refuses loopback addresses.
    fetch: (address, { dispatcher: _, ...options } = {}) => fetch(address, options),
    pkce: { required: () => true },
    rotateRefreshToken: true,
    issueRefreshToken: async () => true,
    scopes: ['openid', 'profile', 'workspaces', 'offline_access'],
    claims: { openid: ['sub'], profile: ['preferred_username'] },
    findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id, preferred_username: id }) }),
    extraTokenClaims: (_context, token) =>
      'accountId' in token
        ? { preferred_username: token.accountId, ...test.people.get(token.accountId) }
        : {},
    features: {
      devInteractions: { enabled: true },
      deviceFlow: { enabled: true },
      revocation: { enabled: true },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: async (context, form) => {
          context.body = `<!doctype html>${form}<button type="submit" form="op.logoutForm" name="logout" value="yes">Yes</button>`
        },
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => 'urn:eodhp',
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: 'workspaces',
          audience: 'eodhp',
          accessTokenFormat: 'jwt',
          accessTokenTTL: test.lifetime,
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
  }
}

const secret = () => randomBytes(24).toString('base64url')

function grantType(body: unknown): string {
  return typeof body === 'object' && body !== null && 'grant_type' in body ? String(body.grant_type) : ''
}
