import type { FastifyInstance, FastifyRequest } from 'fastify'
import { RunnerError } from '../../errors.ts'
import { authenticate } from '../authenticate.ts'
import { bodyOf } from '../json-body.ts'
import { negotiated } from '../negotiate.ts'
import { requireSameOrigin } from '../same-origin.ts'
import type { Services } from '../services.ts'

/**
 * `POST /processes/{id}/plan` with `query`, the query of a run link: what the link would do, or what is wrong with it.
 * Nothing is run or stored. `open: true` is sent by a form that a person has open: where the settings allow it, their own
 * server is started for it. A POST because areas make queries that are longer than an address may be.
 */
export function planRoute(app: FastifyInstance, services: Services): void {
  app.post('/processes/:id/plan', async (request: FastifyRequest<{ Params: { id: string } }>, reply) => {
    const caller = await authenticate(services.door, request)
    requireSameOrigin(services, request)
    const body = bodyOf(request)
    const query = body.get('query')
    if (typeof query !== 'string')
      throw new RunnerError('invalid-request', 'Send {"query": "…"}: the query of a run link.')
    const asked = { kind: 'query', pairs: new URLSearchParams(query) } as const
    return negotiated(reply).send(
      await services.planRun(caller, request.params.id, asked, body.get('open') === true),
    )
  })
}
