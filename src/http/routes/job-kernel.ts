import type { FastifyInstance } from 'fastify'
import { RunnerError } from '../../errors.ts'
import { authenticate } from '../authenticate.ts'
import { findRun } from '../find-run.ts'
import { visitorOf } from '../navigation.ts'
import { negotiated } from '../negotiate.ts'
import type { Services } from '../services.ts'

/**
 * `GET /jobs/{id}/kernel`: to the executed notebook in JupyterLab, on the living kernel of a run that failed, for who owns
 * the run. It acts as a run link does: for a program, and for a person's own navigation, since it may take JupyterLab off
 * another kernel. Throws `kernel-gone` where it is not kept, or not any more.
 */
export function jobKernelRoute(app: FastifyInstance, services: Services): void {
  app.get<{ Params: { id: string } }>('/jobs/:id/kernel', async (request, reply) => {
    const caller = await authenticate(services.door, request)
    const run = await findRun(services, caller, request.params.id)
    if (visitorOf(request) === 'browser') {
      throw new RunnerError(
        'not-allowed',
        'A kernel is opened by a click of your own: open the page of the run.',
      )
    }
    const kept = await services.keptKernels.find(caller, run.id)
    const link = kept && (await services.keptKernels.open(kept, run.object))
    if (link === undefined) {
      throw new RunnerError(
        'kernel-gone',
        'The kernel of this run is not there any more. Its notebook can be opened with a new one, or run again.',
      )
    }
    return negotiated(reply).redirect(link, 302)
  })
}
