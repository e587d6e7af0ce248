import type { FastifyInstance } from 'fastify'
import type { Metrics } from '../metrics.ts'

/** `GET /metrics` in Prometheus' text format. */
export function metricsRoute(app: FastifyInstance, metrics: Metrics): void {
  app.get('/metrics', { logLevel: 'silent' }, async (_request, reply) => {
    return reply.type(metrics.registry.contentType).send(await metrics.text())
  })
}
