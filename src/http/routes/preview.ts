import type { FastifyInstance } from 'fastify'
import { RunnerError } from '../../errors.ts'
import { authenticate } from '../authenticate.ts'
import { negotiated, queryOf } from '../negotiate.ts'
import type { Services } from '../services.ts'

/** `GET /preview?url=…`: what can be seen of an image (GeoTIFF) or a STAC item, for the form. JSON only. */
export function previewRoute(app: FastifyInstance, services: Services): void {
  app.get('/preview', async (request, reply) => {
    await authenticate(services.door, request)
    const url = new URLSearchParams(queryOf(request)).get('url')
    if (url === null) throw new RunnerError('invalid-request', 'Say of what: ?url=…')
    return negotiated(reply).send(await services.previews.of(url))
  })
}
