import * as oidc from 'openid-client'
import { RunnerError } from '../errors.ts'

const PATIENCE_SECONDS = 10
/** A token is not used in its last seconds: it has to arrive, too. */
const SPARE_SECONDS = 20

/** Where a command signs in, as the service says. */
export interface DeviceIssuer {
  readonly issuer: string
  readonly clientId: string
  readonly scope: string
}

/** What a command keeps. `expires` is seconds since 1970. */
export interface KeptTokens extends DeviceIssuer {
  readonly accessToken: string
  readonly refreshToken?: string
  readonly expires: number
}

interface Asked {
  /** What the person opens; the code is in it, where the issuer can. */
  readonly address: string
  readonly code: string
}

/**
 * Signs a person in at a terminal (RFC 8628): `tell` says what they have to open and to type, and this waits until they
 * have done so. Throws `sign-in-failed` and `identity-unavailable`.
 */
export async function signInByDevice(
  at: DeviceIssuer,
  tell: (asked: Asked) => Promise<void>,
  signal: AbortSignal,
): Promise<KeptTokens> {
  const configuration = await discovered(at)
  if (configuration.serverMetadata().device_authorization_endpoint === undefined)
    throw new RunnerError('sign-in-failed', `${at.issuer} signs nobody in at a terminal (RFC 8628).`)
  const asked = await asking(() => oidc.initiateDeviceAuthorization(configuration, { scope: at.scope }))
  await tell({
    address: asked.verification_uri_complete ?? asked.verification_uri,
    code: asked.user_code,
  })
  const tokens = await asking(() =>
    oidc.pollDeviceAuthorizationGrant(configuration, asked, undefined, { signal }),
  )
  return kept(at, tokens)
}

/** True while the access token can be used. */
export const isFresh = ({ expires }: KeptTokens): boolean => Date.now() / 1000 < expires - SPARE_SECONDS

/** New tokens for old; undefined where the issuer has ended the sign-in. Throws `identity-unavailable`. */
export async function renewedByDevice(tokens: KeptTokens): Promise<KeptTokens | undefined> {
  const { refreshToken } = tokens
  if (refreshToken === undefined) return undefined
  const configuration = await discovered(tokens)
  try {
    return kept(tokens, await oidc.refreshTokenGrant(configuration, refreshToken))
  } catch (error) {
    if (error instanceof oidc.ResponseBodyError && error.error === 'invalid_grant') return undefined
    throw failure(error)
  }
}

/** Tells the issuer that the refresh token is not needed any more, where it listens to that. */
export async function revokeByDevice(tokens: KeptTokens): Promise<void> {
  const { refreshToken } = tokens
  if (refreshToken === undefined) return
  const configuration = await discovered(tokens)
  if (configuration.serverMetadata().revocation_endpoint === undefined) return
  await asking(() => oidc.tokenRevocation(configuration, refreshToken))
}

function kept(
  { issuer, clientId, scope }: DeviceIssuer & { readonly refreshToken?: string },
  answer: oidc.TokenEndpointResponse,
): KeptTokens {
  const refreshToken = answer.refresh_token
  return {
    issuer,
    clientId,
    scope,
    accessToken: answer.access_token,
    ...(refreshToken !== undefined && { refreshToken }),
    expires: Math.floor(Date.now() / 1000) + (answer.expires_in ?? 60),
  }
}

function discovered({ issuer, clientId }: DeviceIssuer): Promise<oidc.Configuration> {
  return asking(() =>
    oidc.discovery(new URL(issuer), clientId, undefined, oidc.None(), {
      timeout: PATIENCE_SECONDS,
      execute: issuer.startsWith('http:') ? [oidc.allowInsecureRequests] : [],
    }),
  )
}

async function asking<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    throw failure(error)
  }
}

/** The library's errors hold whole answers: of them, only the code is kept. */
function failure(error: unknown): RunnerError {
  const code = error instanceof oidc.ResponseBodyError ? error.error : undefined
  if (code === 'access_denied')
    return new RunnerError('sign-in-failed', 'The sign-in was refused. Begin again to be asked once more.')
  if (code === 'expired_token')
    return new RunnerError('sign-in-failed', 'The sign-in took too long. Begin again.')
  if (code !== undefined || error instanceof oidc.WWWAuthenticateChallengeError)
    return new RunnerError(
      'sign-in-failed',
      `The sign-in service does not take this sign-in${code === undefined ? '' : ` (${code})`}. Its operator can allow the device flow for this client.`,
    )
  const cause = new Error(error instanceof Error ? `${error.name}: ${error.message}` : 'No error')
  return new RunnerError(
    'identity-unavailable',
    'The sign-in service does not answer. Try again in a minute.',
    { cause },
  )
}
