import type { FastifyInstance } from 'fastify'
import { RunnerError } from '../../errors.ts'
import type { Caller } from '../../identity/caller.ts'
import { requireOwner } from '../../identity/roles.ts'
import type { Batch } from '../../run/batch.ts'
import { UUID } from '../../run/uuid.ts'
import { refuse } from '../accept-run.ts'
import { authenticate } from '../authenticate.ts'
import { sendBatch } from '../batch-info.ts'
import { refuseOnlyLook } from '../find-run.ts'
import { negotiated, representationOf } from '../negotiate.ts'
import { batchPage } from '../pages/batch.ts'
import { requireSameOrigin } from '../same-origin.ts'
import type { Services } from '../services.ts'

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
    const batch = await find(caller, request.params.id)
    negotiated(reply)
    if (representation === 'json') return sendBatch(services, caller, reply, batch)
    const runs = await batches.runs(caller, batch.id)
    return reply.type('text/html; charset=utf-8').send(batchPage(request, batch, runs))
  })

  app.delete<BatchRequest>('/batches/:id', async (request, reply) => {
    const caller = await authenticate(services.door, request)
    requireSameOrigin(services, request)
    const found = await find(caller, request.params.id)
    const { id } = found
    requireOwner(caller, found)
    const batch = (await batches.cancel(caller, id)) ?? missing()
    request.log.info({ workspace: batch.workspace, batch: id }, 'cancel asked for')
    return sendBatch(services, caller, negotiated(reply), batch)
  })

  app.post<BatchRequest>('/batches/:id/retry', async (request, reply) => {
    const caller = await authenticate(services.door, request)
    requireSameOrigin(services, request)
    const repeats = services.repeats ?? refuse()
    const batch = await find(caller, request.params.id)
    const runs = await repeats.failed(caller, batch)
    request.log.info({ workspace: batch.workspace, batch: batch.id, runs }, 'run again')
    return sendBatch(services, caller, negotiated(reply), await find(caller, batch.id))
  })

  async function find(caller: Caller, id: string): Promise<Batch> {
    if (!UUID.test(id)) missing()
    const batch = await batches.find(caller, id)
    if (batch === undefined) await refuseOnlyLook(caller, (looking) => batches.find(looking, id))
    return batch ?? missing()
  }
}

function missing(): never {
  throw new RunnerError('no-such-batch', 'There is no such sweep in your workspaces.')
}
