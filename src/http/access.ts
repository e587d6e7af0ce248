import type { FastifyInstance } from 'fastify'
import type { Role } from '../identity/caller.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access
  }
}

/** Who may ask: everybody, or who has at least that role in the workspace that it is about. */
export type Access = 'everybody' | Role

/**
 * Every route and the role that it needs. `authenticate` gives a route the caller in those workspaces only in which they
 * have it; what is another person's is asked further by `requireOwner`. A route that is not here stops the start.
 */
export const ACCESS: Readonly<Record<string, Access>> = {
  'GET /': 'everybody',
  'GET /badge.svg': 'everybody',
  'GET /conformance': 'everybody',
  'GET /health': 'everybody',
  'GET /livez': 'everybody',
  'GET /readyz': 'everybody',
  'GET /metrics': 'everybody',
  'GET /assets/*': 'everybody',
  'GET /examples/data/*': 'everybody',
  'GET /outputs/frame': 'everybody',
  'GET /.well-known/oauth-protected-resource': 'everybody',
  'GET /auth/login': 'everybody',
  'GET /auth/callback': 'everybody',
  'GET /auth/signed-in': 'everybody',
  'GET /auth/logout': 'everybody',
  'POST /auth/logout': 'everybody',
  'POST /auth/backchannel-logout': 'everybody',
  'GET /me': 'viewer',
  'GET /api': 'viewer',
  'GET /processes': 'viewer',
  'GET /processes/:id': 'viewer',
  'GET /processes/:id/kernels': 'viewer',
  'POST /processes/:id/plan': 'runner',
  'GET /last-runs': 'viewer',
  'GET /preview': 'viewer',
  'GET /run/notebook/:id': 'runner',
  'GET /processes/:id/execution': 'runner',
  'POST /processes/:id/execution': 'runner',
  'GET /view-notebook/:id/:outputId': 'viewer',
  'GET /jobs': 'viewer',
  'GET /jobs/:id': 'viewer',
  'DELETE /jobs/:id': 'runner',
  'GET /jobs/:id/results': 'viewer',
  'GET /jobs/:id/cells': 'viewer',
  'GET /jobs/:id/cells/:cell/outputs': 'viewer',
  'GET /jobs/:id/widgets': 'viewer',
  'GET /jobs/:id/log': 'viewer',
  'GET /jobs/:id/kernel': 'runner',
  'GET /jobs/:id/notebook': 'viewer',
  'GET /jobs/:id/files/*': 'viewer',
  'GET /jobs/:id/thumbnail': 'viewer',
  'GET /jobs/:id/events': 'viewer',
  'POST /jobs/:id/rerun': 'runner',
  'GET /compare': 'viewer',
  'GET /batches/:id': 'viewer',
  'DELETE /batches/:id': 'runner',
  'GET /batches/:id/archive': 'viewer',
  'POST /batches/:id/retry': 'runner',
}

/** Gives each route that is added from now on what it needs. Throws where nobody has said it. */
export function declareAccess(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    for (const method of [route.method].flat()) {
      const access = ACCESS[`${method === 'HEAD' ? 'GET' : method} ${route.url}`]
      if (access === undefined)
        throw new Error(`${method} ${route.url}: say in src/http/access.ts which role it needs`)
      route.config = { ...route.config, access }
    }
  })
}
