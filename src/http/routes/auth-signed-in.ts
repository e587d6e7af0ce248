import type { FastifyInstance } from 'fastify'
import { negotiated } from '../negotiate.ts'
import { signedInPage } from '../pages/session.ts'

/** `GET /auth/signed-in`: where a sign-in ends that was made in a tab of its own, for a form that waits in another. */
export function authSignedInRoute(app: FastifyInstance): void {
  app.get('/auth/signed-in', async (request, reply) =>
    negotiated(reply).type('text/html; charset=utf-8').send(signedInPage(request)),
  )
}
