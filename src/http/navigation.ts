import type { FastifyRequest } from 'fastify'

/**
 * Who follows a link. Only a `program` and a `person` make a GET act:
 * - `program`: an Authorization header, and nothing that a browser sends. A cookie alone never makes a GET act.
 *   (The fetch() of Node sends `Sec-Fetch-Mode: cors` and no other of its kind, which no browser does.)
 * - `person`: a navigation of the top-level page that a person's own click or typing started (Fetch Metadata,
 *   https://www.w3.org/TR/fetch-metadata/: `Sec-Fetch-User: ?1` is set by user activation only, and scripts cannot set it).
 * - `browser`: all else that comes from a browser: prefetch, HEAD, image, frame, fetch(), a script's navigation, a preview bot.
 */
export type Visitor = 'program' | 'person' | 'browser'

export function visitorOf(request: FastifyRequest): Visitor {
  const { headers, method } = request
  if (method !== 'GET') return 'browser'
  const metadata = Object.keys(headers).filter((name) => name.startsWith('sec-fetch-'))
  const nodeFetch = metadata.length === 1 && headers['sec-fetch-mode'] === 'cors'
  const fetchMetadata = metadata.length > 0 && !nodeFetch
  const speculative = isSpeculative(request)
  const browserLike =
    fetchMetadata ||
    speculative ||
    headers.cookie !== undefined ||
    (headers.accept ?? '').toLowerCase().includes('text/html')
  if (!browserLike) return headers.authorization === undefined ? 'browser' : 'program'
  const person =
    !speculative &&
    headers['sec-fetch-mode'] === 'navigate' &&
    headers['sec-fetch-dest'] === 'document' &&
    headers['sec-fetch-user'] === '?1'
  return person ? 'person' : 'browser'
}

/** Prefetched or prerendered: nobody has asked to see it yet. */
export function isSpeculative({ headers }: FastifyRequest): boolean {
  return ['sec-purpose', 'purpose', 'x-moz', 'x-purpose'].some((name) => headers[name] !== undefined)
}
