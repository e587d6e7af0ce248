import type { FastifyInstance } from 'fastify'
import { sendToIssuer } from '../ask-to-sign-in.ts'
import { queryOf } from '../negotiate.ts'
import { returnTarget } from '../return-target.ts'
import type { BrowserDoor } from '../services.ts'

/**
 * `GET /auth/login?return=`: to the issuer, and then to the page at that path. Pages that are opened without a session go
 * there by themselves: this address is for those that find out later.
 */
export function authLoginRoute(app: FastifyInstance, browser: BrowserDoor): void {
  // A HEAD has nowhere to go.
  app.get('/auth/login', { exposeHeadRoute: false }, async (request, reply) => {
    const target = returnTarget(new URLSearchParams(queryOf(request)).get('return') ?? '/processes')
    return sendToIssuer(browser, reply, target)
  })
}
