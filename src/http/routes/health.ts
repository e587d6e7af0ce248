import type { FastifyInstance } from 'fastify'
import type { Services } from '../services.ts'

/**
 * `/health` for people and the first design's checks (503 where a needed part is down), `/livez` (the process answers),
 * `/readyz` (it may be sent requests: a storage that is down is down for all servers, and the pages, the history and the
 * runs that go on need none). None of them logs or asks a part: a background probe did.
 */
export function healthRoutes(
  app: FastifyInstance,
  { health, version }: Pick<Services, 'health' | 'version'>,
): void {
  const up = (leftOut?: string) =>
    Object.entries(health.checks).every(([name, check]) => check === 'up' || name === leftOut)

  app.get('/health', { logLevel: 'silent' }, async (_request, reply) => {
    const status = up() ? 'healthy' : 'unhealthy'
    reply.code(status === 'healthy' ? 200 : 503).header('cache-control', 'no-store')
    return { status, version, checks: health.checks }
  })
  app.get('/readyz', { logLevel: 'silent' }, async (_request, reply) => {
    const status = up('storage') ? 'ready' : 'not ready'
    reply.code(status === 'ready' ? 200 : 503).header('cache-control', 'no-store')
    return { status, checks: health.checks }
  })
  app.get('/livez', { logLevel: 'silent' }, async (_request, reply) => {
    reply.header('cache-control', 'no-store')
    return { status: 'alive' }
  })
}
