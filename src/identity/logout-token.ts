import { errors, type JWTPayload, jwtVerify } from 'jose'
import { RunnerError } from '../errors.ts'
import type { KeySource } from './jwks.ts'
import { isRecord } from './unique-json.ts'

const EVENT = 'http://schemas.openid.net/event/backchannel-logout'
const MAX_TOKEN = 16 * 1024
/** Seconds: how old it may be, and how far the clocks of two machines may be apart. */
const AGE = 120
const SKEW = 30

interface LogoutTokenSettings {
  readonly keys: KeySource
  readonly issuer: string
  readonly clientId: string
}

/** What the issuer says is over: a person's sessions, or the one of that name. */
export interface EndedSession {
  readonly subject: string | undefined
  readonly sid: string | undefined
  /** Seconds since 1970: sessions that began later are others. */
  readonly until: number
}

/**
 * Reads the logout token of OpenID Connect Back-Channel Logout 1.0, section 2.6.
 * @throws RunnerError `invalid-request` (why, never the token), `identity-unavailable`
 */
export async function readLogoutToken(settings: LogoutTokenSettings, token: string): Promise<EndedSession> {
  const claims = await verified(settings, token)
  const { sub, sid, events, nonce, iat = 0 } = claims
  if (!isRecord(events) || !isRecord(events[EVENT])) throw refuse('it does not tell of a logout')
  // An ID token, which a browser may have seen, must not pass for one.
  if (nonce !== undefined) throw refuse('it has a nonce')
  if (sub === undefined && sid === undefined) throw refuse('it names neither a person nor a session')
  if (sid !== undefined && typeof sid !== 'string') throw refuse('its “sid” claim is not a text')
  return { subject: sub, sid, until: iat + SKEW }
}

async function verified({ keys, issuer, clientId }: LogoutTokenSettings, token: string): Promise<JWTPayload> {
  const kid = token.length <= MAX_TOKEN ? keyId(token) : undefined
  if (kid === undefined) throw refuse('it is not a signed JSON Web Token that names its key')
  const { find } = await keys.forKey(kid)
  try {
    const { payload } = await jwtVerify(token, find, {
      algorithms: ['RS256', 'ES256'],
      issuer,
      audience: clientId,
      clockTolerance: SKEW,
      maxTokenAge: AGE,
      requiredClaims: ['iat', 'jti'],
    })
    return payload
  } catch (error) {
    if (error instanceof errors.JOSEError) throw refuse('its signature, issuer, audience or time is wrong')
    throw error
  }
}

function keyId(token: string): string | undefined {
  const [, part = ''] = /^([\w-]+)\.[\w-]+\.[\w-]+$/.exec(token) ?? []
  try {
    const header: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
    return isRecord(header) && typeof header['kid'] === 'string' ? header['kid'] : undefined
  } catch {
    return undefined
  }
}

const refuse = (why: string): RunnerError =>
  new RunnerError('invalid-request', `The logout token is not accepted: ${why}.`)
