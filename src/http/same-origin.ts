import type { FastifyRequest } from 'fastify'
import { RunnerError } from '../errors.ts'
import type { Services } from './services.ts'

/**
 * A page of another site must not make a person's browser act here (CSRF). Whatever a browser sends has to come from a
 * page of ours: `Sec-Fetch-Site` says so where there is one (a page cannot set it), else `Origin`. A proxy may have put
 * a token on a browser's request, so a token alone is no sign of a program: that is a request with a token and with
 * nothing that only browsers send.
 * @throws RunnerError `not-allowed`
 */
export function requireSameOrigin(services: Services, request: FastifyRequest): void {
  const { authorization, cookie, origin, 'sec-fetch-site': site } = request.headers
  if (site === undefined && origin === undefined) {
    if (authorization !== undefined && cookie === undefined) return
  } else if (site !== undefined ? site === 'same-origin' : isOwn(services, request, origin)) return
  throw new RunnerError(
    'not-allowed',
    'This was not sent by a page of this service. Use its own page, or send Authorization: Bearer and no cookie.',
  )
}

function isOwn(services: Services, request: FastifyRequest, origin: string | undefined): boolean {
  return (
    origin === new URL(services.publicUrl()).origin ||
    origin === `${request.protocol}://${request.headers.host}`
  )
}
