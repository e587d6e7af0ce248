import type { IdentityConfig } from '../config/config.ts'
import { bearerVerifier } from '../identity/bearer.ts'
import { KeySource } from '../identity/jwks.ts'
import { ask } from './ask.ts'
import { type Finding, fault, notConcerned, ok, reasonOf } from './finding.ts'

type Oidc = Extract<IdentityConfig, { kind: 'oidc' }>

/** Discovery (OpenID Connect Discovery 1.0, 4.3), keys, and the given token, each as the service would take it. */
export async function checkIssuer(identity: Oidc, token: string | undefined): Promise<readonly Finding[]> {
  const discovery = await checkDiscovery(identity.issuer)
  if (discovery.result !== 'ok') return [discovery, notConcerned('keys of the issuer', 'See above.')]
  const keys = new KeySource({ issuer: identity.issuer })
  const { issuer, audiences, roles } = identity
  await using verifier = bearerVerifier({ issuer, audiences, ...(roles !== undefined && { roles }) }, keys)
  try {
    await keys.forKey('doctor')
  } catch (error) {
    return [discovery, fault('keys of the issuer', 'keys-unusable', `${reasonOf(error)}.`)]
  }
  const found = [discovery, ok('keys of the issuer', `${keys.current?.ids.size ?? 0} can check tokens.`)]
  if (token === undefined) return [...found, notConcerned('token', 'None was given (--token).')]
  try {
    const { user, workspaces } = await verifier.verify(token)
    return [...found, ok('token', `It is of ${user}, in ${workspaces.join(', ') || 'no workspace'}.`)]
  } catch (error) {
    return [...found, fault('token', 'token-refused', error instanceof Error ? error.message : 'Refused.')]
  }
}

async function checkDiscovery(issuer: string): Promise<Finding> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  try {
    const { status, json } = await ask(url)
    if (status !== 200 || json === undefined)
      return fault('issuer', 'issuer-no-discovery', `${url} answered with status ${status}.`)
    const { issuer: named } = json
    return named === issuer
      ? ok('issuer', `${issuer} is who it says.`)
      : fault('issuer', 'issuer-differs', `OIDC_ISSUER is ${issuer}, and the document says ${String(named)}.`)
  } catch (error) {
    return fault('issuer', 'no-answer', `${url}: ${reasonOf(error)}.`)
  }
}
