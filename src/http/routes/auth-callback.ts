import type { FastifyInstance } from 'fastify'
import { signInId } from '../../identity/seal.ts'
import { negotiated, queryOf } from '../negotiate.ts'
import type { BrowserDoor } from '../services.ts'
import { forgetSignIn, readSession, readSignIn, writeSession } from '../session-cookie.ts'

/** `GET /auth/callback`: back from the issuer, and on to where the person wanted to go, signed in under a new cookie. */
export function authCallbackRoute(app: FastifyInstance, { signIn, publicUrl }: BrowserDoor): void {
  app.get('/auth/callback', { exposeHeadRoute: false }, async (request, reply) => {
    const query = queryOf(request)
    const id = signInId(new URLSearchParams(query).get('state') ?? '')
    const held = readSignIn(request, publicUrl(), id)
    if (held !== undefined) forgetSignIn(reply, publicUrl(), id)
    const { cookie, target } = await signIn.finish(query, held)
    const before = readSession(request, publicUrl())
    if (before !== undefined) await signIn.sessions.end(before)
    return writeSession(negotiated(reply), publicUrl(), cookie).redirect(`${publicUrl()}${target}`, 303)
  })
}
