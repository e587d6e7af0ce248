import type { FastifyInstance } from 'fastify'
import { RunnerError } from '../../errors.ts'
import { isTerminal } from '../../run/run.ts'
import { authenticate } from '../authenticate.ts'
import { findRun } from '../find-run.ts'
import { negotiated, representationOf } from '../negotiate.ts'
import { toProblem } from '../problem.ts'
import { resultsOf } from '../results.ts'
import { sendJson } from '../send-json.ts'
import type { Services } from '../services.ts'

/**
 * `GET /jobs/{id}/results`: what an ended run has left, as far as it came; as a page, the run. OGC wants an exception
 * for a run that failed: it is a problem document then, whose `results` are what there is all the same.
 */
export function jobResultsRoute(app: FastifyInstance, services: Services): void {
  app.get<{ Params: { id: string } }>('/jobs/:id/results', async (request, reply) => {
    const caller = await authenticate(services.door, request)
    const representation = representationOf(request)
    const run = await findRun(services, caller, request.params.id)
    if (representation === 'html') return negotiated(reply).redirect(`../${run.id}`, 303)
    if (!isTerminal(run.state)) {
      throw new RunnerError(
        'result-not-ready',
        `The run is ${run.state}: its results are here once it has ended. Ask again, or watch its events.`,
      )
    }
    const results = await resultsOf(services, caller, run)
    if (run.state !== 'failed') return sendJson(negotiated(reply), results)
    const error = new RunnerError('run-failed', run.message ?? 'The run failed.')
    const problem = { ...toProblem(error, request.id), reason: run.reason, results }
    return sendJson(negotiated(reply).code(problem.status), problem, 'application/problem+json')
  })
}
