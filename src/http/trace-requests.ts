import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { OpenSpan, Tracing } from '../tracing/tracing.ts'

/** Asked for every few seconds by machines, or nothing but a file. */
const UNTRACED = /^\/(livez|readyz|health|metrics|assets\/\*|examples\/data\/\*)$/

/** A span for each request, named by its route, in the trace that its `traceparent` names. To be added before all other hooks. */
export function traceRequests(app: FastifyInstance, tracing: Tracing): void {
  const spans = new WeakMap<FastifyRequest, OpenSpan>()
  const within = (request: FastifyRequest, done: () => void) => {
    const span = spans.get(request)
    if (span === undefined) done()
    else span.within(done)
  }
  app.addHook('onRequest', (request, _reply, done) => {
    const route = request.routeOptions.url
    if (route === undefined || !UNTRACED.test(route)) spans.set(request, startSpan(tracing, request, route))
    within(request, done)
  })
  // A body is read by events of the socket, which is in no span.
  app.addHook('preValidation', (request, _reply, done) => within(request, done))
  app.addHook('onResponse', (request, reply, done) => {
    const span = spans.get(request)
    const { statusCode } = reply
    span?.set({ 'http.response.status_code': statusCode })
    span?.end(statusCode >= 500 ? String(statusCode) : undefined)
    within(request, done)
  })
}

function startSpan(tracing: Tracing, request: FastifyRequest, route: string | undefined): OpenSpan {
  const { method } = request
  const { traceparent, tracestate } = request.headers
  return tracing.start({
    name: route === undefined ? method : `${method} ${route}`,
    kind: 'server',
    parent: { traceparent: textOf(traceparent), tracestate: textOf(tracestate) },
    // The address itself is left out: its query has the values of the inputs.
    attributes: {
      'http.request.method': method,
      'request.id': request.id,
      ...(route !== undefined && { 'http.route': route }),
    },
  })
}

const textOf = (header: string | string[] | undefined): string | undefined =>
  typeof header === 'string' ? header : undefined
