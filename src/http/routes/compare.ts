import type { FastifyInstance } from 'fastify'
import { RunnerError } from '../../errors.ts'
import { authenticate } from '../authenticate.ts'
import { findRun } from '../find-run.ts'
import { negotiated, queryOf } from '../negotiate.ts'
import type { Services } from '../services.ts'
import { sendShell } from '../shell.ts'

/**
 * `GET /compare?left=…&right=…`: two runs side by side. A page only: a program has all of it from the two runs.
 * @throws RunnerError `invalid-request` where one is not named, `no-such-run`
 */
export function compareRoute(app: FastifyInstance, services: Services): void {
  app.get('/compare', async (request, reply) => {
    const caller = await authenticate(services.door, request)
    const query = new URLSearchParams(queryOf(request))
    for (const name of ['left', 'right']) {
      const id = query.get(name)
      if (id === null)
        throw new RunnerError('invalid-request', `${name} is not given: name two runs, as left and right.`)
      await findRun(services, caller, id)
    }
    return sendShell(services.web, request, negotiated(reply))
  })
}
