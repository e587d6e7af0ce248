import type { FastifyInstance } from 'fastify'
import { acceptForms } from '../form-body.ts'
import { negotiated } from '../negotiate.ts'
import { signOutPage } from '../pages/session.ts'
import { requireSameOrigin } from '../same-origin.ts'
import type { BrowserDoor, Services } from '../services.ts'
import { forgetSession, holdsSession, readSession } from '../session-cookie.ts'

/**
 * `GET /auth/logout`: asks whether to sign out, or says that one has. `POST`: ends the session here and, by OpenID Connect
 * RP-Initiated Logout 1.0, at the issuer. A link alone signs nobody out.
 */
export async function authLogoutRoute(
  app: FastifyInstance,
  services: Services,
  { signIn, publicUrl }: BrowserDoor,
): Promise<void> {
  await app.register(async (scope) => {
    acceptForms(scope)

    scope.get('/auth/logout', async (request, reply) =>
      negotiated(reply)
        .type('text/html; charset=utf-8')
        .send(signOutPage(request, holdsSession(request))),
    )

    scope.post('/auth/logout', async (request, reply) => {
      requireSameOrigin(services, request)
      const cookie = readSession(request, publicUrl())
      const idToken = cookie === undefined ? undefined : await signIn.sessions.end(cookie)
      const afterwards = `${publicUrl()}/auth/logout`
      const url = idToken === undefined ? undefined : await signIn.endSessionUrl(idToken, afterwards)
      return forgetSession(negotiated(reply), publicUrl()).redirect(url ?? afterwards, 303)
    })
  })
}
