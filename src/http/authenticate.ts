import type { FastifyRequest } from 'fastify'
import { RunnerError } from '../errors.ts'
import type { Caller } from '../identity/caller.ts'
import { narrowed } from '../identity/roles.ts'
import { inSpan } from '../tracing/in-span.ts'
import { LOCAL_CALLER, type LocalSession } from './local-session.ts'
import type { Door } from './services.ts'
import { readSession } from './session-cookie.ts'

/** Cookies know no ports, so the name carries ours: two runners on one machine don't sign each other out. */
export const cookieName = (request: FastifyRequest): string =>
  `notebook-runner-${request.socket.localPort ?? 0}`

/**
 * Who sent this request: by its token, the one that a trusted proxy passes on, or its session, in that order. In those
 * workspaces only in which they have the role that the route needs.
 * @throws RunnerError `not-signed-in`, `invalid-token`, `identity-unavailable` or `too-many-requests`.
 */
export async function authenticate(door: Door, request: FastifyRequest): Promise<Caller> {
  const { access } = request.routeOptions.config
  if (access === undefined || access === 'everybody')
    throw new Error('Who asks is of no matter to this route: say in src/http/access.ts which role it needs')
  const caller = await inSpan(door.tracing, 'token check', () => callerOf(door, request))
  door.limits.request(caller)
  return narrowed(caller, access)
}

async function callerOf(door: Door, request: FastifyRequest): Promise<Caller> {
  const bearer = bearerOf(request, door.kind === 'tokens' ? door.schemes : ['bearer'])
  switch (door.kind) {
    case 'tokens': {
      const token = bearer ?? door.forwardedToken(request)
      return token === undefined ? signedIn(door, request) : door.verifier.verify(token)
    }
    case 'local':
      return local(door.session, bearer, request.cookies[cookieName(request)])
  }
}

async function signedIn(
  { browser }: Extract<Door, { kind: 'tokens' }>,
  request: FastifyRequest,
): Promise<Caller> {
  if (browser === undefined)
    throw new RunnerError('not-signed-in', 'Send an access token as Authorization: Bearer.')
  const cookie = readSession(request, browser.publicUrl())
  const caller = cookie === undefined ? undefined : await browser.signIn.sessions.callerOf(cookie)
  if (caller !== undefined) return caller
  const why = cookie === undefined ? 'You are not signed in.' : 'Your session has ended.'
  throw new RunnerError(
    'not-signed-in',
    `${why} Sign in (a program sends an access token as Authorization: Bearer).`,
    { signIn: browser.signIn.link() },
  )
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

function bearerOf(request: FastifyRequest, schemes: readonly string[]): string | undefined {
  const header = request.headers.authorization
  if (header === undefined) return undefined
  const [, scheme = '', token] = /^([a-z]+) +(\S+)$/i.exec(header) ?? []
  if (token === undefined || !schemes.includes(scheme.toLowerCase()))
    throw new RunnerError('invalid-token', 'The Authorization header must be: Bearer <token>.')
  return token
}
