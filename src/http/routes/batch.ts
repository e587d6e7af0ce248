import type { FastifyInstance } from 'fastify'
import { RunnerError } from '../../errors.ts'
import type { Batch } from '../../run/batch.ts'
import { authenticate } from '../authenticate.ts'
import { UUID } from '../find-run.ts'
import { negotiated } from '../negotiate.ts'
import { requireSameOrigin } from '../same-origin.ts'
import { sendJson } from '../send-json.ts'
import type { Services } from '../services.ts'

interface BatchRequest {
  Params: { id: string }
}

/** `GET /batches/{id}`: how far a sweep is; its runs are those of `/jobs?batch=`. `DELETE` cancels what has not ended. */
export function batchRoute(app: FastifyInstance, services: Services): void {
  const { batches } = services

  app.get<BatchRequest>('/batches/:id', async (request, reply) => {
    const caller = await authenticate(services.door, request)
    const { id } = request.params
    const batch = found(UUID.test(id) ? await batches.find(caller, id) : undefined)
    return sendJson(negotiated(reply), batchInfo(batch, services.publicUrl()))
  })

  app.delete<BatchRequest>('/batches/:id', async (request, reply) => {
    const caller = await authenticate(services.door, request)
    requireSameOrigin(services, request)
    const { id } = request.params
    const batch = found(UUID.test(id) ? await batches.cancel(caller, id) : undefined)
    request.log.info({ workspace: batch.workspace, batch: id }, 'cancel asked for')
    return sendJson(negotiated(reply), batchInfo(batch, services.publicUrl()))
  })
}

function found(batch: Batch | undefined): Batch {
  if (batch === undefined)
    throw new RunnerError('no-such-batch', 'There is no such sweep in your workspaces.')
  return batch
}

/** @param base public URL of the service */
const batchInfo = (batch: Batch, base: string) => ({
  id: batch.id,
  processID: batch.notebookId,
  workspace: batch.workspace,
  owner: batch.ownerName,
  each: batch.each,
  total: batch.total,
  states: batch.states,
  created: batch.createdAt.toISOString(),
  links: [
    { rel: 'self', type: 'application/json', href: `${base}/batches/${batch.id}` },
    {
      rel: 'http://www.opengis.net/def/rel/ogc/1.0/job-list',
      type: 'application/json',
      href: `${base}/jobs?batch=${batch.id}`,
    },
  ],
})
