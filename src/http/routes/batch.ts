import type { FastifyInstance } from 'fastify'
import { requireOwner } from '../../identity/roles.ts'
import { givenIn, refuse } from '../accept-run.ts'
import { authenticate } from '../authenticate.ts'
import { sendBatch } from '../batch-info.ts'
import { findBatch } from '../find-batch.ts'
import { negotiated, representationOf } from '../negotiate.ts'
import { requireSameOrigin } from '../same-origin.ts'
import type { Services } from '../services.ts'
import { sendShell } from '../shell.ts'

interface BatchRequest {
  Params: { id: string }
}

/**
 * `GET /batches/{id}`: a sweep, run by run. `DELETE` cancels what has not ended. `POST /batches/{id}/retry` runs again
 * what failed, and nothing else.
 */
export function batchRoute(app: FastifyInstance, services: Services): void {
  const { batches } = services

  app.get<BatchRequest>('/batches/:id', async (request, reply) => {
    const caller = await authenticate(services.door, request)
    const representation = representationOf(request)
    const batch = await findBatch(services, caller, request.params.id)
    negotiated(reply)
    return representation === 'html'
      ? sendShell(services.web, request, reply)
      : sendBatch(services, caller, reply, batch)
  })

  app.delete<BatchRequest>('/batches/:id', async (request, reply) => {
    const caller = await authenticate(services.door, request)
    requireSameOrigin(services, request)
    const found = await findBatch(services, caller, request.params.id)
    const { id } = found
    requireOwner(caller, found)
    const batch = (await batches.cancel(caller, id)) ?? (await findBatch(services, caller, id))
    request.log.info({ workspace: batch.workspace, batch: id }, 'cancel asked for')
    return sendBatch(services, caller, negotiated(reply), batch)
  })

  app.post<BatchRequest>('/batches/:id/retry', async (request, reply) => {
    const caller = await authenticate(services.door, request)
    requireSameOrigin(services, request)
    const repeats = services.repeats ?? refuse()
    const batch = await findBatch(services, caller, request.params.id)
    const runs = await repeats.failed(caller, batch, givenIn(request))
    request.log.info({ workspace: batch.workspace, batch: batch.id, runs }, 'run again')
    return sendBatch(services, caller, negotiated(reply), await findBatch(services, caller, batch.id))
  })
}
