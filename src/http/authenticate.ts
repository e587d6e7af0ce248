import type { FastifyRequest } from 'fastify'
import { RunnerError } from '../errors.ts'
import type { Caller } from '../identity/caller.ts'
import { LOCAL_CALLER, type LocalSession } from './local-session.ts'
import type { Door } from './services.ts'

/** Cookies know no ports, so the name carries ours: two runners on one machine don't sign each other out. */
export const cookieName = (request: FastifyRequest): string =>
  `notebook-runner-${request.socket.localPort ?? 0}`

/**
 * Who sent this request.
 * @throws RunnerError `not-signed-in`, `invalid-token` or `identity-unavailable`.
 */
export async function authenticate(door: Door, request: FastifyRequest): Promise<Caller> {
  const bearer = bearerOf(request)
  switch (door.kind) {
    case 'oidc':
      if (bearer === undefined)
        throw new RunnerError('not-signed-in', 'Send an access token as Authorization: Bearer.')
      return door.verifier.verify(bearer)
    case 'local':
      return local(door.session, bearer, request.cookies[cookieName(request)])
  }
}

function local(session: LocalSession, bearer: string | undefined, cookie: string | undefined): Caller {
  if (bearer !== undefined) {
    if (session.isToken(bearer)) return LOCAL_CALLER
    throw new RunnerError(
      'invalid-token',
      'This token is not the one of the link that was printed at the start.',
    )
  }
  if (cookie !== undefined && session.isCookie(cookie, Date.now() / 1000)) return LOCAL_CALLER
  throw new RunnerError(
    'not-signed-in',
    'Open the link with ?token= that was printed when Notebook Runner started.',
  )
}

function bearerOf(request: FastifyRequest): string | undefined {
  const header = request.headers.authorization
  if (header === undefined) return undefined
  const [, token] = /^Bearer +(\S+)$/i.exec(header) ?? []
  if (token === undefined)
    throw new RunnerError('invalid-token', 'The Authorization header must be: Bearer <token>.')
  return token
}
