import type { FastifyInstance } from 'fastify'
import { RunnerError } from '../../errors.ts'
import { isTerminal } from '../../run/run.ts'
import { authenticate } from '../authenticate.ts'
import { findRun } from '../find-run.ts'
import { negotiated } from '../negotiate.ts'
import { resultsOf } from '../results.ts'
import { sendJson } from '../send-json.ts'
import type { Services } from '../services.ts'

/** `GET /jobs/{id}/results`: what an ended run has left, as far as it came. A failed notebook is a result. */
export function jobResultsRoute(app: FastifyInstance, services: Services): void {
  app.get<{ Params: { id: string } }>('/jobs/:id/results', async (request, reply) => {
    const caller = await authenticate(services.door, request)
    const run = await findRun(services, caller, request.params.id)
    if (!isTerminal(run.state)) {
      throw new RunnerError(
        'result-not-ready',
        `The run is ${run.state}: its results are here once it has ended. Ask again, or watch its events.`,
      )
    }
    return sendJson(negotiated(reply), await resultsOf(services, caller, run))
  })
}
