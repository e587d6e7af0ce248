import type { SettingReader } from './setting-reader.ts'

/** Sign-in in a browser. */
export interface SignInConfig {
  readonly clientId: string
  /** Undefined: a public client, which PKCE alone protects. */
  readonly clientSecret: string | undefined
  readonly scope: string
  /** The first seals; all open. */
  readonly secrets: readonly [string, ...string[]]
}

const MIN_SECRET = 32

/** What seals the sessions of browsers. */
export function readSessionSecrets(read: SettingReader): readonly string[] {
  const secrets = read.list('SESSION_SECRET')
  if (secrets.some((one) => one.length < MIN_SECRET))
    read.fault('SESSION_SECRET', `must have at least ${MIN_SECRET} characters, each where there are several`)
  return secrets
}

/** Undefined where there is no OIDC_CLIENT_ID. */
export function readSignIn(read: SettingReader): SignInConfig | undefined {
  const clientId = read.optional('OIDC_CLIENT_ID')
  const clientSecret = read.optional('OIDC_CLIENT_SECRET')
  const [secret, ...others] = readSessionSecrets(read)
  if (clientId === undefined) {
    if (clientSecret !== undefined) read.fault('OIDC_CLIENT_ID', 'is missing beside OIDC_CLIENT_SECRET')
    return undefined
  }
  const scope = read.optional('OIDC_SCOPE') ?? ''
  if (!scope.split(' ').includes('openid')) read.fault('OIDC_SCOPE', 'must contain openid')
  if (secret === undefined) read.fault('SESSION_SECRET', 'is missing beside OIDC_CLIENT_ID')
  return { clientId, clientSecret, scope, secrets: [secret ?? '', ...others] }
}

/** Sign-in at a terminal: a client without a secret, since everybody has the program. */
export interface DeviceConfig {
  readonly clientId: string
  readonly scope: string
}

/** Undefined where there is no public client. */
export function readDevice(read: SettingReader): DeviceConfig | undefined {
  const browser =
    read.optional('OIDC_CLIENT_SECRET') === undefined ? read.optional('OIDC_CLIENT_ID') : undefined
  const clientId = read.optional('OIDC_DEVICE_CLIENT_ID') ?? browser
  return clientId === undefined ? undefined : { clientId, scope: read.optional('OIDC_SCOPE') ?? 'openid' }
}
