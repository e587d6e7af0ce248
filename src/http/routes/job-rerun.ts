import type { FastifyInstance } from 'fastify'
import { RunnerError } from '../../errors.ts'
import { givenIn, refuse } from '../accept-run.ts'
import { authenticate } from '../authenticate.ts'
import { findRun } from '../find-run.ts'
import { negotiated, queryOf } from '../negotiate.ts'
import { requireSameOrigin } from '../same-origin.ts'
import { sendJson } from '../send-json.ts'
import type { Services } from '../services.ts'
import { statusInfo } from '../status-info.ts'

/**
 * `POST /jobs/{id}/rerun`: the same again, as a run of its own, all cells from the first on. With `?from=failed` from the
 * cell on that failed, in the kernel of the run where that is kept.
 */
export function jobRerunRoute(app: FastifyInstance, services: Services): void {
  app.post<{ Params: { id: string } }>('/jobs/:id/rerun', async (request, reply) => {
    const caller = await authenticate(services.door, request)
    requireSameOrigin(services, request)
    const repeats = services.repeats ?? refuse()
    const query = queryOf(request)
    if (query !== '' && query !== 'from=failed')
      throw new RunnerError('invalid-request', 'A run is repeated as it was: only from=failed is understood.')
    const earlier = await findRun(services, caller, request.params.id)
    const { run, created } = await repeats.run(caller, earlier, {
      ...givenIn(request),
      fromFailed: query !== '',
    })
    request.log.info({ workspace: run.workspace, run: run.id, repeats: earlier.id, created }, 'accepted')
    const base = services.publicUrl()
    reply.code(201).header('location', `${base}/jobs/${run.id}`)
    return sendJson(negotiated(reply), statusInfo(run, base))
  })
}
