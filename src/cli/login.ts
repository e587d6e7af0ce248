import { configFolder } from '../config/command-line.ts'
import { RunnerError } from '../errors.ts'
import { type DeviceIssuer, revokeByDevice, signInByDevice } from '../identity/device-client.ts'
import { isRecord } from '../identity/unique-json.ts'
import { CredentialsFile } from './credentials-file.ts'
import { serviceUrl } from './kept-token.ts'
import { print } from './print.ts'

const PATIENCE_MS = 15_000
/** Issuers let a code live for some minutes; this is only for one that says nothing. */
const LONGEST_MS = 30 * 60_000

/** `notebook-runner login`: signs in to a service by a browser, on this machine or another one. */
export async function login(text: string): Promise<void> {
  const url = serviceUrl(text)
  const issuer = await issuerOf(url)
  const tokens = await signInByDevice(
    issuer,
    ({ address, code }) =>
      print(
        `Open this address in a browser, on any device:\n\n    ${address}\n\nand see that it shows the code ${code}\n`,
      ),
    AbortSignal.timeout(LONGEST_MS),
  )
  const file = new CredentialsFile(configFolder())
  await file.update(url, async () => tokens)
  await print(`You are logged in to ${url}. The token is in ${file.path}, which only you can read.\n`)
}

/** `notebook-runner logout`: forgets the token, and takes it back at the issuer. */
export async function logout(text: string): Promise<void> {
  const url = serviceUrl(text)
  const file = new CredentialsFile(configFolder())
  const kept = await file.read(url)
  if (kept === undefined) return print(`You are not logged in to ${url}.\n`)
  await file.update(url, async () => undefined)
  await revokeByDevice(kept)
  await print(`You are logged out of ${url}.\n`)
}

/** As the service says it (RFC 9728). Its tokens go to that service alone, so it is trusted with naming the issuer. */
async function issuerOf(url: string): Promise<DeviceIssuer> {
  const address = `${url}/.well-known/oauth-protected-resource`
  const answer = await fetch(address, {
    headers: { accept: 'application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(PATIENCE_MS),
  }).catch((cause: unknown) => {
    throw new RunnerError('usage', `${url} does not answer. Is the address right?`, { cause })
  })
  const value: unknown = answer.ok ? await answer.json().catch(() => undefined) : undefined
  if (isRecord(value)) {
    const { authorization_servers: servers, device_client_id: clientId, scopes_supported: scopes } = value
    const [issuer]: readonly unknown[] = Array.isArray(servers) ? servers : []
    if (typeof issuer === 'string' && isSafe(issuer) && typeof clientId === 'string' && Array.isArray(scopes))
      return { issuer, clientId, scope: scopes.filter((scope) => typeof scope === 'string').join(' ') }
  }
  throw new RunnerError(
    'usage',
    `${url} signs nobody in at a terminal. Where it has one local user, use the token of its printed link; else its operator sets OIDC_DEVICE_CLIENT_ID.`,
  )
}

const isSafe = (issuer: string): boolean => {
  const url = URL.parse(issuer)
  return (
    url?.protocol === 'https:' ||
    (url?.protocol === 'http:' && /^(127\.0\.0\.1|localhost|\[::1\])$/.test(url.hostname))
  )
}
