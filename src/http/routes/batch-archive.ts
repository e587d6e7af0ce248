import { create as contentDisposition } from 'content-disposition'
import type { FastifyInstance } from 'fastify'
import { authenticate } from '../authenticate.ts'
import { batchArchive } from '../batch-archive.ts'
import { findBatch } from '../find-batch.ts'
import { negotiated } from '../negotiate.ts'
import { FILE_POLICY } from '../policy.ts'
import type { Services } from '../services.ts'

/** `GET /batches/{id}/archive`: the notebooks of a sweep and the files of its runs in one zip, made as it is sent. */
export function batchArchiveRoute(app: FastifyInstance, services: Services): void {
  app.get<{ Params: { id: string } }>(
    '/batches/:id/archive',
    { exposeHeadRoute: false },
    async (request, reply) => {
      const caller = await authenticate(services.door, request)
      const batch = await findBatch(services, caller, request.params.id)
      const runs = await services.batches.runs(caller, batch.id)
      const archive = batchArchive(services, caller, batch, runs)
      archive.on('error', (err) => request.log.warn({ err, batch: batch.id }, 'the archive broke off'))
      return negotiated(reply)
        .type('application/zip')
        .header('content-security-policy', FILE_POLICY)
        .header('content-disposition', contentDisposition(`${batch.notebookId}-${batch.id}.zip`))
        .send(archive)
    },
  )
}
