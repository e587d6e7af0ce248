import type { FastifyInstance } from 'fastify'
import { authenticate } from '../authenticate.ts'
import { negotiated } from '../negotiate.ts'
import type { Services } from '../services.ts'

/** A Jupyter server that has just been started takes some seconds until it answers. */
const PATIENCE_MS = 20_000

/**
 * `GET /processes/{id}/kernels`: the kernels that there are, and which of them read this notebook. JSON only. None where
 * nothing is executed here.
 */
export function kernelsRoute(app: FastifyInstance, services: Services): void {
  app.get<{ Params: { id: string } }>('/processes/:id/kernels', async (request, reply) => {
    await authenticate(services.door, request)
    const { template } = await services.catalog.offer(request.params.id)
    const { kernelspecs } = (await services.kernelspecs?.(AbortSignal.timeout(PATIENCE_MS))) ?? {
      kernelspecs: [],
    }
    const kernels = kernelspecs.map(({ name, displayName, language }) => ({
      name,
      displayName,
      language,
      suits: language.toLowerCase() === template.language.toLowerCase(),
    }))
    return negotiated(reply).send({ language: template.language, own: template.kernelName, kernels })
  })
}
