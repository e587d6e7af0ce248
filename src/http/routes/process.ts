import type { FastifyInstance } from 'fastify'
import { linkInputs } from '../../run/reserved-inputs.ts'
import { authenticate } from '../authenticate.ts'
import { negotiated, representationOf } from '../negotiate.ts'
import { processDescription } from '../process-description.ts'
import type { Services } from '../services.ts'
import { sendShell } from '../shell.ts'

/** `GET /processes/{id}`: what one notebook takes; to a browser, the page with its form. */
export function processRoute(app: FastifyInstance, services: Services): void {
  app.get<{ Params: { id: string } }>('/processes/:id', async (request, reply) => {
    await authenticate(services.door, request)
    const { entry, inputs } = await services.catalog.describe(request.params.id)
    negotiated(reply)
    if (representationOf(request, inputs.properties) === 'html')
      return sendShell(services.web, request, reply)
    const executes = services.acceptRun !== undefined
    return reply.send(processDescription(entry, linkInputs(inputs), services.publicUrl(), executes))
  })
}
