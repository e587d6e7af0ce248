import type { FastifyInstance } from 'fastify'
import { authenticate } from '../authenticate.ts'
import { negotiated } from '../negotiate.ts'
import type { Services } from '../services.ts'

/** `GET /me`: who asks, in which workspaces they are, and whether runs are executed here. JSON only. */
export function meRoute(app: FastifyInstance, services: Services): void {
  app.get('/me', async (request, reply) => {
    const { user, workspaces } = await authenticate(services.door, request)
    return negotiated(reply).send({ user, workspaces, executes: services.acceptRun !== undefined })
  })
}
