import type { FastifyInstance } from 'fastify'
import type { Services } from '../services.ts'

/**
 * `/health` for people and the first design's checks (503 where a needed part is down), `/livez` (the process answers),
 * `/readyz` (it may be sent requests). None of them logs or asks a part: a background probe did.
 */
export function healthRoutes(
  app: FastifyInstance,
  { health, version }: Pick<Services, 'health' | 'version'>,
): void {
  const ready = () => Object.values(health.checks).every((check) => check === 'up')

  app.get('/health', { logLevel: 'silent' }, async (_request, reply) => {
    const status = ready() ? 'healthy' : 'unhealthy'
    reply.code(status === 'healthy' ? 200 : 503).header('cache-control', 'no-store')
    return { status, version, checks: health.checks }
  })
  app.get('/readyz', { logLevel: 'silent' }, async (_request, reply) => {
    const status = ready() ? 'ready' : 'not ready'
    reply.code(status === 'ready' ? 200 : 503).header('cache-control', 'no-store')
    return { status, checks: health.checks }
  })
  app.get('/livez', { logLevel: 'silent' }, async (_request, reply) => {
    reply.header('cache-control', 'no-store')
    return { status: 'alive' }
  })
}
