import { randomBytes } from 'node:crypto'
import type { Config, IdentityConfig } from '../config/config.ts'
import type { HubIdentityConfig } from '../config/hub-identity.ts'
import type { Database } from '../database/connect.ts'
import { forwardedTokens } from '../http/forwarded-token.ts'
import { LocalSession, sessionKey } from '../http/local-session.ts'
import { PersonLimits } from '../http/person-limits.ts'
import type { BrowserDoor, Door } from '../http/services.ts'
import { bearerVerifier } from '../identity/bearer.ts'
import { HubVerifier } from '../identity/hub-verifier.ts'
import type { TokenVerifier } from '../identity/identity.ts'
import { KeySource } from '../identity/jwks.ts'
import type { Tracing } from '../tracing/tracing.ts'

type OidcConfig = Extract<IdentityConfig, { kind: 'oidc' }>

/** @param publicUrl known once the server listens */
export async function makeDoor(
  config: Config,
  database: Database,
  publicUrl: () => string,
  tracing: Tracing | undefined,
  stack: AsyncDisposableStack,
): Promise<Door> {
  const { identity, dataDir, trustedProxies } = config
  const limits = new PersonLimits(config.person)
  if (identity.kind === 'local') {
    const token = identity.token ?? randomBytes(24).toString('base64url')
    return { kind: 'local', limits, tracing, session: new LocalSession(token, await sessionKey(dataDir)) }
  }
  if (identity.kind === 'hub') {
    const { url, apiUrl, service, workspaces, roles } = identity
    const verifier = stack.use(
      new HubVerifier({ issuer: `${url}/hub`, apiUrl, service, workspaces, ...(roles && { roles }) }),
    )
    return {
      kind: 'tokens',
      schemes: ['bearer', 'token'],
      limits,
      tracing,
      verifier,
      // A proxy in front knows nothing of the hub's tokens.
      forwardedToken: () => undefined,
      device: undefined,
      browser: await makeHubDoor(identity, { database, publicUrl, verifier }),
    }
  }
  const { issuer, audiences, roles } = identity
  const keys = new KeySource({ issuer })
  const verifier = stack.use(
    bearerVerifier({ issuer, audiences, ...(roles !== undefined && { roles }) }, keys),
  )
  return {
    kind: 'tokens',
    schemes: ['bearer'],
    limits,
    tracing,
    verifier,
    forwardedToken: forwardedTokens(trustedProxies),
    device: identity.device && { issuer, ...identity.device },
    browser: await makeBrowserDoor(identity, { database, publicUrl, verifier, keys }),
  }
}

interface Parts {
  readonly database: Database
  readonly publicUrl: () => string
  readonly verifier: TokenVerifier
}

/** What speaks OpenID Connect is loaded only where people sign in. */
async function makeBrowserDoor(
  { issuer, signIn }: OidcConfig,
  { database, publicUrl, verifier, keys }: Parts & { readonly keys: KeySource },
): Promise<BrowserDoor | undefined> {
  if (signIn === undefined) return undefined
  const { clientId, clientSecret, scope, secrets } = signIn
  const [{ OidcClient }, { Seal }, { Sessions }, { SignIn }, { readLogoutToken }] = await Promise.all([
    import('../identity/oidc-client.ts'),
    import('../identity/seal.ts'),
    import('../identity/sessions.ts'),
    import('../identity/sign-in.ts'),
    import('../identity/logout-token.ts'),
  ])
  const client = new OidcClient({ issuer, clientId, clientSecret, scope })
  const seal = new Seal(secrets)
  const sessions = new Sessions({ database, seal, client, verifier, issuer })
  return {
    signIn: new SignIn({ database, seal, client, sessions, publicUrl }),
    readLogoutToken: (token) => readLogoutToken({ keys, issuer, clientId }, token),
    publicUrl,
  }
}

async function makeHubDoor(
  { url, apiUrl, service, token, secrets }: HubIdentityConfig,
  { database, publicUrl, verifier }: Parts,
): Promise<BrowserDoor> {
  const [{ HubClient }, { Seal }, { Sessions }, { SignIn }] = await Promise.all([
    import('../identity/hub-client.ts'),
    import('../identity/seal.ts'),
    import('../identity/sessions.ts'),
    import('../identity/sign-in.ts'),
  ])
  const clientId = `service-${service}`
  const client = new HubClient({ url, apiUrl, clientId, clientSecret: token, verifier })
  const seal = new Seal(secrets)
  const sessions = new Sessions({ database, seal, client, verifier, issuer: `${url}/hub` })
  return {
    signIn: new SignIn({ database, seal, client, sessions, publicUrl }),
    readLogoutToken: undefined,
    publicUrl,
  }
}
