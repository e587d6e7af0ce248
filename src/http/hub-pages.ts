import type { FastifyInstance } from 'fastify'

/** What the section “Run a notebook by link” on the hub's pages asks for. */
const ROUTES = ['/processes', '/processes/:id']

/**
 * Lets pages of the hub read the catalogue as the person who is signed in here (CORS, by the Fetch standard), refusals
 * too: the page says which it is. It is the same for everybody who may read it, and nothing else can be read so: on the
 * hub's origin there are also the servers of people, whose pages are whatever they make them.
 * @param hub its origin
 */
export function letHubPagesRead(app: FastifyInstance, hub: string): void {
  app.addHook('onRequest', async ({ method, routeOptions, headers }, reply) => {
    if (method !== 'GET' || headers.origin !== hub || !ROUTES.includes(routeOptions.url ?? '')) return
    reply.header('access-control-allow-origin', hub).header('access-control-allow-credentials', 'true')
  })
}
