import type { KernelsConfig } from '../config/kernels.ts'
import { ask } from './ask.ts'
import { type Finding, fault, ok, reasonOf } from './finding.ts'

type Hub = Extract<KernelsConfig, { kind: 'hub' }>

/** As docs/jupyterhub.md says. */
const NEEDED = ['servers', 'tokens']

/** The hub's API, and what it gives the service: `GET /user` tells a service its own scopes. */
export async function checkHub({ apiUrl, token }: Hub): Promise<readonly Finding[]> {
  try {
    const { status, json } = await ask(`${apiUrl}/`)
    const version = json?.['version']
    if (status !== 200 || typeof version !== 'string')
      return [fault('hub', 'hub-away', `${apiUrl}/ answered with status ${status}.`)]
    return [ok('hub', `JupyterHub ${version}.`), await checkScopes(apiUrl, token)]
  } catch (error) {
    return [fault('hub', 'no-answer', `${apiUrl}: ${reasonOf(error)}.`)]
  }
}

async function checkScopes(apiUrl: string, token: string): Promise<Finding> {
  const check = 'scopes of the hub'
  const { status, json } = await ask(`${apiUrl}/user`, { authorization: `token ${token}` })
  if (status === 401 || status === 403)
    return fault(check, 'hub-token', `JupyterHub answered the token with status ${status}.`)
  const scopes = json?.['scopes']
  if (status !== 200 || !Array.isArray(scopes))
    return fault(check, 'hub-away', `${apiUrl}/user answered with status ${status}.`)
  // `servers!group=…` gives it for some people, which is for the operator of the hub to choose.
  const has = (scope: string) => scopes.some((one) => String(one).replace(/!.*/, '') === scope)
  const missing = NEEDED.filter((scope) => !has(scope))
  return missing.length === 0
    ? ok(check, `It has ${NEEDED.join(' and ')}.`)
    : fault(check, 'hub-scope', `It lacks ${missing.join(' and ')}.`)
}
