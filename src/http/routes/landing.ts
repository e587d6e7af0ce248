import type { FastifyInstance, FastifyRequest } from 'fastify'
import { RunnerError } from '../../errors.ts'
import { cookieName } from '../authenticate.ts'
import { negotiated, queryOf, representationOf } from '../negotiate.ts'
import type { Services } from '../services.ts'

/**
 * `GET /`: the landing page. With one local user, `?token=` of the printed link is traded for a cookie and removed from
 * the address at once: no other token is ever read from a URL.
 */
export function landingRoute(app: FastifyInstance, services: Services): void {
  const { door, version } = services
  app.get('/', async (request, reply) => {
    const token = new URLSearchParams(queryOf(request)).get('token')
    if (token !== null && door.kind === 'local') {
      if (!door.session.isToken(token)) {
        throw new RunnerError(
          'invalid-token',
          'This link is not the one that was printed at the last start: open that one.',
        )
      }
      const { value, maxAge } = door.session.issue(Date.now() / 1000)
      const secure = services.publicUrl().startsWith('https:')
      reply.setCookie(cookieName(request), value, {
        path: '/',
        httpOnly: true,
        sameSite: 'lax',
        secure,
        maxAge,
      })
      return negotiated(reply).redirect(processesFrom(request), 303)
    }
    if (representationOf(request) === 'html') return negotiated(reply).redirect(processesFrom(request), 303)
    return negotiated(reply).send({
      title: 'Notebook Runner',
      description: 'A link runs a notebook with its parameters in your workspace.',
      version,
      links: [
        { rel: 'self', type: 'application/json', href: services.publicUrl() },
        { rel: 'alternate', type: 'text/html', href: `${services.publicUrl()}/?f=html` },
        {
          rel: 'service-desc',
          type: 'application/vnd.oai.openapi+json;version=3.1',
          href: `${services.publicUrl()}/api`,
        },
        {
          rel: 'service-desc',
          type: 'application/vnd.oai.openapi+json;version=3.0',
          href: `${services.publicUrl()}/api?version=3.0`,
        },
        {
          rel: 'http://www.opengis.net/def/rel/ogc/1.0/conformance',
          type: 'application/json',
          href: `${services.publicUrl()}/conformance`,
        },
        {
          rel: 'http://www.opengis.net/def/rel/ogc/1.0/processes',
          type: 'application/json',
          href: `${services.publicUrl()}/processes`,
        },
        {
          rel: 'http://www.opengis.net/def/rel/ogc/1.0/job-list',
          type: 'application/json',
          href: `${services.publicUrl()}/jobs`,
        },
      ],
    })
  })
}

/** Relative to the address that was asked for, which under a base path may end without a slash. */
function processesFrom({ originalUrl }: FastifyRequest): string {
  const [path = '/'] = originalUrl.split('?')
  return path.endsWith('/') ? 'processes' : `${path.slice(path.lastIndexOf('/') + 1)}/processes`
}
