import { request } from 'undici'
import type { HubIdentityConfig } from '../config/hub-identity.ts'
import { HubVerifier } from '../identity/hub-verifier.ts'
import { type Finding, fault, notConcerned, ok, reasonOf } from './finding.ts'

const PATIENCE_MS = 10_000

/**
 * Whether people can sign in through the hub: it knows the service as one to sign in to, with that token; and whose the
 * given token is. Its redirect URI, the hub tells nobody.
 * @param callback where people come back to; undefined: not known before the service listens
 */
export async function checkHubSignIn(
  hub: HubIdentityConfig,
  callback: string | undefined,
  token: string | undefined,
): Promise<readonly Finding[]> {
  return [await checkService(hub, callback), await checkToken(hub, token)]
}

/** RFC 6749, 5.2: a code that is none is refused after the client, and in other words. */
async function checkService(
  { apiUrl, service, token }: HubIdentityConfig,
  callback: string | undefined,
): Promise<Finding> {
  const check = 'sign-in through the hub'
  const redirect = callback ?? 'PUBLIC_URL/auth/callback'
  try {
    const { statusCode, body } = await request(`${apiUrl}/oauth2/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        client_id: `service-${service}`,
        client_secret: token,
        code: 'none',
        redirect_uri: redirect,
      }).toString(),
      signal: AbortSignal.timeout(PATIENCE_MS),
    })
    const text = await body.text()
    return text.includes('invalid_grant')
      ? ok(check, `It knows the service ${service}; its oauth_redirect_uri has to be ${redirect}.`)
      : fault(check, 'hub-service', `JupyterHub answered ${service} with status ${statusCode}.`)
  } catch (error) {
    return fault(check, 'no-answer', `${apiUrl}: ${reasonOf(error)}.`)
  }
}

async function checkToken(hub: HubIdentityConfig, token: string | undefined): Promise<Finding> {
  if (token === undefined) return notConcerned('token', 'None was given (--token).')
  const { url, apiUrl, service, workspaces, roles } = hub
  await using verifier = new HubVerifier({
    issuer: `${url}/hub`,
    apiUrl,
    service,
    workspaces,
    ...(roles !== undefined && { roles }),
  })
  try {
    const { user, workspaces: theirs } = await verifier.verify(token)
    return ok('token', `It is of ${user}, in ${theirs.join(', ') || 'no workspace'}.`)
  } catch (error) {
    return fault('token', 'token-refused', error instanceof Error ? error.message : 'Refused.')
  }
}
