import type { FastifyInstance } from 'fastify'
import { linkInputs } from '../../run/reserved-inputs.ts'
import { authenticate } from '../authenticate.ts'
import { negotiated } from '../negotiate.ts'
import type { Services } from '../services.ts'

/**
 * `GET /api`: the OpenAPI document of the service with the notebooks of the moment. One that cannot be had is left out.
 * The schemas' library is loaded with the first request: it takes 14 MiB, and few ask.
 */
export function apiRoute(app: FastifyInstance, services: Services): void {
  app.get('/api', async (request, reply) => {
    await authenticate(services.door, request)
    const { openApi } = await import('../openapi.ts')
    const { entries } = services.catalog.list()
    const described = await Promise.allSettled(entries.map((entry) => services.catalog.describe(entry.id)))
    const notebooks = described
      .filter((one) => one.status === 'fulfilled')
      .map(({ value: { entry, inputs } }) => ({ entry, inputs: linkInputs(inputs) }))
    negotiated(reply).type('application/vnd.oai.openapi+json;version=3.1')
    return reply.send(openApi(services.publicUrl(), services.version, notebooks))
  })
}
