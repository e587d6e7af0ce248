import type { FastifyReply, FastifyRequest } from 'fastify'
import type { SessionCookie } from '../identity/sessions.ts'

/** As long as a sign-in may take. */
const SIGN_IN_SECONDS = 3600
/** Sign-ins that one browser may have under way; of more, the oldest are forgotten. */
const MAX_SIGN_INS = 20

/**
 * `__Host-` (RFC 6265bis, 4.1.3.2): sent over https, to this host, set by nobody else, such as a page of a neighbouring
 * host. Over http, which is for trying out on loopback, the name has the port: cookies know no ports.
 */
const nameOf = (request: FastifyRequest, secure: boolean): string =>
  secure ? '__Host-notebook-runner' : `notebook-runner-browser-${request.socket.localPort ?? 0}`

/** One for each sign-in: tabs that are opened at the same moment would overwrite a common one. */
const signInPrefix = (request: FastifyRequest, publicUrl: string): string =>
  `${nameOf(request, isSecure(publicUrl))}-sign-in-`

const isSecure = (publicUrl: string): boolean => publicUrl.startsWith('https:')

export function readSession(request: FastifyRequest, publicUrl: string): string | undefined {
  return request.cookies[nameOf(request, isSecure(publicUrl))]
}

/** Whether the browser holds a session, good or not: what pages offer depends on it, and nothing else may. */
export function holdsSession(request: FastifyRequest): boolean {
  return [true, false].some((secure) => request.cookies[nameOf(request, secure)] !== undefined)
}

export function writeSession(reply: FastifyReply, publicUrl: string, cookie: SessionCookie): FastifyReply {
  return write(reply, publicUrl, nameOf(reply.request, isSecure(publicUrl)), cookie)
}

export function forgetSession(reply: FastifyReply, publicUrl: string): FastifyReply {
  return writeSession(reply, publicUrl, { value: '', maxAge: 0 })
}

/** @param id of the sign-in, which is no secret */
export function readSignIn(request: FastifyRequest, publicUrl: string, id: string): string | undefined {
  return request.cookies[`${signInPrefix(request, publicUrl)}${id}`]
}

export function writeSignIn(reply: FastifyReply, publicUrl: string, id: string, value: string): FastifyReply {
  const { request } = reply
  const prefix = signInPrefix(request, publicUrl)
  // Browsers send the oldest first (RFC 6265, 5.4).
  const before = Object.keys(request.cookies).filter((name) => name.startsWith(prefix))
  for (const name of before.slice(0, Math.max(0, before.length + 1 - MAX_SIGN_INS)))
    write(reply, publicUrl, name, { value: '', maxAge: 0 })
  return write(reply, publicUrl, `${prefix}${id}`, { value, maxAge: SIGN_IN_SECONDS })
}

export function forgetSignIn(reply: FastifyReply, publicUrl: string, id: string): FastifyReply {
  return write(reply, publicUrl, `${signInPrefix(reply.request, publicUrl)}${id}`, { value: '', maxAge: 0 })
}

/** `Lax`: a link on another site is followed with it, and nothing else of another site is. */
function write(
  reply: FastifyReply,
  publicUrl: string,
  name: string,
  { value, maxAge }: SessionCookie,
): FastifyReply {
  const secure = isSecure(publicUrl)
  return reply.setCookie(name, value, { path: '/', httpOnly: true, sameSite: 'lax', secure, maxAge })
}
