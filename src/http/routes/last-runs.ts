import type { FastifyInstance } from 'fastify'
import { authenticate } from '../authenticate.ts'
import { negotiated } from '../negotiate.ts'
import type { Services } from '../services.ts'

/** `GET /last-runs`: the newest run of each notebook of the catalogue, of the caller's workspaces. JSON only. */
export function lastRunsRoute(app: FastifyInstance, services: Services): void {
  app.get('/last-runs', async (request, reply) => {
    const caller = await authenticate(services.door, request)
    const { entries } = services.catalog.list()
    const runs = await services.lastRuns(
      caller,
      entries.map(({ id }) => id),
    )
    return negotiated(reply).send({
      runs: runs.map(({ id, notebookId, state, createdAt }) => ({
        jobID: id,
        processID: notebookId,
        state,
        created: createdAt.toISOString(),
      })),
    })
  })
}
