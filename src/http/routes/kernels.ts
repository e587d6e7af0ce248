import type { FastifyInstance } from 'fastify'
import { authenticate } from '../authenticate.ts'
import { negotiated } from '../negotiate.ts'
import type { Services } from '../services.ts'

/** A Jupyter server that has just been started takes some seconds until it answers. */
const PATIENCE_MS = 20_000

interface Asked {
  Params: { id: string }
  Querystring: { workspace?: string }
}

/**
 * `GET /processes/{id}/kernels?workspace=`: the kernels that there are, and which of them read this notebook. JSON only.
 * None where nothing is executed here, or in a person's own server that is not up.
 */
export function kernelsRoute(app: FastifyInstance, services: Services): void {
  app.get<Asked>('/processes/:id/kernels', async (request, reply) => {
    const caller = await authenticate(services.door, request)
    const { template } = await services.catalog.offer(request.params.id)
    const { workspace } = request.query
    const named = typeof workspace === 'string' ? workspace : undefined
    const kernelspecs = (await services.kernelspecs?.(caller, named, AbortSignal.timeout(PATIENCE_MS))) ?? []
    const kernels = kernelspecs.map(({ name, displayName, language }) => ({
      name,
      displayName,
      language,
      suits: language.toLowerCase() === template.language.toLowerCase(),
    }))
    return negotiated(reply).send({ language: template.language, own: template.kernelName, kernels })
  })
}
