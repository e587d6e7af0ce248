import type { FastifyInstance } from 'fastify'
import type { Metrics } from './metrics.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /**
     * What the request's own line in the log says of it besides. Not a child of its logger: the engine makes a new kind of
     * object for each child of a child, which stays in memory until the next big collection.
     */
    inLog: Readonly<Record<string, string>> | undefined
  }
}

/** One line in the log for each request, when it is answered, and its figures in the metrics. */
export function recordRequests(app: FastifyInstance, metrics: Metrics): void {
  app.decorateRequest('inLog', undefined)
  app.addHook('onResponse', (request, reply, done) => {
    const endpoint = request.routeOptions.url ?? 'unmatched'
    metrics.observe(request.method, endpoint, reply.statusCode, reply.elapsedTime / 1000)
    request.log.info(
      {
        ...request.inLog,
        method: request.method,
        endpoint,
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime * 10) / 10,
      },
      'request',
    )
    done()
  })
}
