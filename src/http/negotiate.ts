import type { FastifyReply, FastifyRequest } from 'fastify'
import Negotiator from 'negotiator'
import { RunnerError } from '../errors.ts'

export type Representation = 'json' | 'html'

/** Browsers send a few hundred characters; thousands of types would take a tenth of a second to weigh. */
const MAX_ACCEPT = 2000

/**
 * Page or JSON: `?f=` (on links that take inputs `_f=`) wins over `Accept`; a program that sends a wildcard gets JSON.
 * A notebook's own address has both, `f` only where no input (of `inputs`) has that name: OGC's clients use it.
 * @throws RunnerError `invalid-request` for an unknown `f`, `not-acceptable` where neither is wanted.
 */
export function representationOf(request: FastifyRequest, inputs: object = {}): Representation {
  const asked = askedOf(request, inputs)
  if (asked === 'json' || asked === 'html') return asked
  if (asked !== null) throw new RunnerError('invalid-request', 'f must be json or html.')
  const accept = new Negotiator({ headers: { accept: request.headers.accept?.slice(0, MAX_ACCEPT) } })
  const accepted = accept.mediaType(['application/json', 'text/html'])
  if (accepted === 'text/html') return 'html'
  if (accepted === 'application/json') return 'json'
  if (accept.mediaType(['application/problem+json']) !== undefined) return 'json'
  throw new RunnerError('not-acceptable', 'Ask for application/json or text/html.')
}

/** As above for an error's sake: never throws, JSON in doubt. */
export function representationOrJson(request: FastifyRequest): Representation {
  try {
    return representationOf(request)
  } catch {
    return 'json'
  }
}

/** What every negotiated answer carries: it depends on who asks and how, and is nobody else's to keep. */
export function negotiated(reply: FastifyReply): FastifyReply {
  return reply.header('vary', 'Accept, Cookie, Authorization').header('cache-control', 'private, no-store')
}

export function queryOf(request: FastifyRequest): string {
  const at = request.url.indexOf('?')
  return at < 0 ? '' : request.url.slice(at + 1)
}

function askedOf(request: FastifyRequest, inputs: object): string | null {
  const query = new URLSearchParams(queryOf(request))
  const { url = '' } = request.routeOptions
  if (url.startsWith('/run/')) return query.get('_f')
  if (!url.endsWith('/processes/:id')) return query.get('f')
  const f = query.get('f')
  const chooses = !Object.hasOwn(inputs, 'f') && (f === 'json' || f === 'html')
  return query.get('_f') ?? (chooses ? f : null)
}
