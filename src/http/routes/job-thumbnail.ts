import type { FastifyInstance } from 'fastify'
import { RunnerError } from '../../errors.ts'
import { authenticate } from '../authenticate.ts'
import { findRun } from '../find-run.ts'
import { negotiated } from '../negotiate.ts'
import { FILE_POLICY } from '../policy.ts'
import type { Services } from '../services.ts'

/** `GET /jobs/{id}/thumbnail`: the last picture that the run has shown, made small by us when it ended. */
export function jobThumbnailRoute(app: FastifyInstance, services: Services): void {
  app.get<{ Params: { id: string } }>('/jobs/:id/thumbnail', async (request, reply) => {
    const caller = await authenticate(services.door, request)
    const { id } = await findRun(services, caller, request.params.id)
    const thumbnail = await services.thumbnail(caller, id)
    if (thumbnail === undefined) throw new RunnerError('not-found', 'The run has shown no picture.')
    const { mediaType, image } = thumbnail
    return negotiated(reply)
      .header('content-security-policy', FILE_POLICY)
      .type(mediaType)
      .send(Buffer.from(image.buffer, image.byteOffset, image.byteLength))
  })
}
