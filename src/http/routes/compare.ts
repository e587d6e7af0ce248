import type { FastifyInstance } from 'fastify'
import { RunnerError } from '../../errors.ts'
import { authenticate } from '../authenticate.ts'
import { comparedCells, comparedParameters } from '../comparison.ts'
import { findRun } from '../find-run.ts'
import { negotiated, queryOf, representationOf } from '../negotiate.ts'
import { sendJson } from '../send-json.ts'
import type { Services } from '../services.ts'
import { sendShell } from '../shell.ts'
import { statusInfo } from '../status-info.ts'

/**
 * `GET /compare?left=…&right=…`: two runs side by side.
 * @throws RunnerError `invalid-request` where one is not named, `no-such-run`
 */
export function compareRoute(app: FastifyInstance, services: Services): void {
  app.get('/compare', async (request, reply) => {
    const caller = await authenticate(services.door, request)
    const representation = representationOf(request)
    const query = new URLSearchParams(queryOf(request))
    const find = async (side: 'left' | 'right') => {
      const id = query.get(side)
      if (id === null)
        throw new RunnerError('invalid-request', `${side} is not given: name two runs, as left and right.`)
      return findRun(services, caller, id)
    }
    const [left, right] = [await find('left'), await find('right')]
    negotiated(reply)
    if (representation === 'html') return sendShell(services.web, request, reply)
    const views = [await services.cells.view(caller, left), await services.cells.view(caller, right)] as const
    const base = services.publicUrl()
    return sendJson(reply, {
      left: statusInfo(left, base),
      right: statusInfo(right, base),
      parameters: comparedParameters(left.parameters, right.parameters),
      cells: await comparedCells(...views),
    })
  })
}
