import type { FastifyInstance } from 'fastify'
import { linkInputs } from '../../run/reserved-inputs.ts'
import { authenticate } from '../authenticate.ts'
import { negotiated, queryOf, representationOf } from '../negotiate.ts'
import { formPage, modesOf } from '../pages/form.ts'
import { processDescription } from '../process-description.ts'
import type { Services } from '../services.ts'

/** `GET /processes/{id}`: what one notebook takes; as a page, the form, filled in from the query. */
export function processRoute(app: FastifyInstance, services: Services): void {
  app.get<{ Params: { id: string } }>('/processes/:id', async (request, reply) => {
    const caller = await authenticate(services.door, request)
    const { entry, inputs } = await services.catalog.describe(request.params.id)
    const open = linkInputs(inputs)
    negotiated(reply)
    if (representationOf(request) === 'json')
      return reply.send(
        processDescription(entry, open, services.publicUrl(), services.acceptRun !== undefined),
      )
    const view = {
      id: entry.id,
      title: entry.title,
      description: entry.description,
      inputs: open,
      executes: entry.mode === 'execute',
      modes: modesOf(services),
      workspaces: caller.workspaces,
      given: new URLSearchParams(queryOf(request)),
      faults: [],
      example: entry.example?.replaceAll('{PUBLIC_URL}', services.publicUrl()),
    }
    return reply.type('text/html; charset=utf-8').send(formPage(request, view))
  })
}
