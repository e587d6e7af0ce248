import type { FastifyInstance, FastifyRequest } from 'fastify'
import { RunnerError } from '../../errors.ts'
import { linkInputs } from '../../run/reserved-inputs.ts'
import { authenticate } from '../authenticate.ts'
import { negotiated, queryOf } from '../negotiate.ts'
import { openApi30 } from '../openapi-30.ts'
import type { Services } from '../services.ts'

/**
 * `GET /api`: the OpenAPI document of the service with the notebooks of the moment, in version 3.1, or in 3.0 by
 * `?version=3.0` or `Accept`. One that cannot be had is left out.
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
    const document = openApi(services.publicUrl(), services.version, notebooks, services.limits)
    const version = versionOf(request)
    negotiated(reply).type(`application/vnd.oai.openapi+json;version=${version}`)
    return reply.send(version === '3.1' ? document : openApi30(document))
  })
}

function versionOf(request: FastifyRequest): '3.0' | '3.1' {
  const asked = new URLSearchParams(queryOf(request)).get('version')
  if (asked !== null && asked !== '3.0' && asked !== '3.1')
    throw new RunnerError('invalid-request', 'version must be 3.0 or 3.1.')
  return asked ?? (/openapi\+json\s*;\s*version="?3\.0/i.test(request.headers.accept ?? '') ? '3.0' : '3.1')
}
