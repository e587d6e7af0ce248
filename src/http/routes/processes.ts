import type { FastifyInstance } from 'fastify'
import { authenticate } from '../authenticate.ts'
import { negotiated, representationOf } from '../negotiate.ts'
import { processSummary } from '../process-description.ts'
import type { Services } from '../services.ts'
import { sendShell } from '../shell.ts'

/** `GET /processes`: the notebooks of the catalogue, those that are broken with the reason. */
export function processesRoute(app: FastifyInstance, services: Services): void {
  app.get('/processes', async (request, reply) => {
    await authenticate(services.door, request)
    negotiated(reply)
    if (representationOf(request) === 'html') return sendShell(services.web, request, reply)
    const { entries, broken, stale } = services.catalog.list()
    const base = services.publicUrl()
    return reply.send({
      processes: entries.map((entry) => processSummary(entry, base, services.acceptRun !== undefined)),
      broken: broken.map(({ id, title, reason }) => ({ id, ...(title !== undefined && { title }), reason })),
      ...(stale !== undefined && { stale }),
      links: [{ rel: 'self', type: 'application/json', href: `${base}/processes` }],
    })
  })
}
