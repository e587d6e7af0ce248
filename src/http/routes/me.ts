import type { FastifyInstance } from 'fastify'
import { authenticate } from '../authenticate.ts'
import { negotiated } from '../negotiate.ts'
import type { Services } from '../services.ts'
import { holdsSession } from '../session-cookie.ts'

/** `GET /me`: who asks, in which workspaces they are, whether runs are executed here and under which limits, and whether a session can be ended. JSON only. */
export function meRoute(app: FastifyInstance, services: Services): void {
  app.get('/me', async (request, reply) => {
    const { user, workspaces } = await authenticate(services.door, request)
    const executes = services.acceptRun !== undefined
    return negotiated(reply).send({
      user,
      workspaces,
      executes,
      limits: services.limits,
      session: holdsSession(request),
    })
  })
}
