import type { FastifyInstance } from 'fastify'
import { RunnerError } from '../../errors.ts'
import type { EndedSession } from '../../identity/logout-token.ts'
import type { SignIn } from '../../identity/sign-in.ts'
import { acceptForms } from '../form-body.ts'

/**
 * `POST /auth/backchannel-logout`: the issuer says that somebody has signed out (OpenID Connect Back-Channel Logout 1.0).
 * What proves it is the token alone; the browser's next request finds no session.
 */
export async function backchannelLogoutRoute(
  app: FastifyInstance,
  signIn: SignIn,
  readLogoutToken: (token: string) => Promise<EndedSession>,
): Promise<void> {
  await app.register(async (scope) => {
    acceptForms(scope)
    scope.post('/auth/backchannel-logout', async (request, reply) => {
      const token = request.body instanceof URLSearchParams ? request.body.get('logout_token') : null
      if (token === null)
        throw new RunnerError('invalid-request', 'Send the logout token as logout_token of a form.')
      const { subject, sid, until } = await readLogoutToken(token)
      await signIn.sessions.endAll({ subject, sid }, until)
      return reply.header('cache-control', 'no-store').send()
    })
  })
}
