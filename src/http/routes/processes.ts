import type { FastifyInstance } from 'fastify'
import { authenticate } from '../authenticate.ts'
import { negotiated, queryOf, representationOf } from '../negotiate.ts'
import { processSummary } from '../process-description.ts'
import { queryLink } from '../query-link.ts'
import { QueryReader } from '../query-reader.ts'
import type { Services } from '../services.ts'
import { sendShell } from '../shell.ts'

/** `GET /processes`: the notebooks of the catalogue (all, or `limit` of them from `offset` on), those that are broken with the reason. */
export function processesRoute(app: FastifyInstance, services: Services): void {
  app.get('/processes', async (request, reply) => {
    await authenticate(services.door, request)
    negotiated(reply)
    if (representationOf(request) === 'html') return sendShell(services.web, request, reply)
    const { entries, broken, stale } = services.catalog.list()
    const base = services.publicUrl()
    const query = new URLSearchParams(queryOf(request))
    const { limit, offset } = pageOf(query)
    const next = offset + limit < entries.length ? offset + limit : undefined
    return reply.send({
      processes: entries
        .slice(offset, offset + limit)
        .map((entry) => processSummary(entry, base, services.acceptRun !== undefined)),
      broken: broken.map(({ id, title, reason }) => ({ id, ...(title !== undefined && { title }), reason })),
      ...(stale !== undefined && { stale }),
      links: [
        { rel: 'self', type: 'application/json', href: queryLink(`${base}/processes`, query) },
        { rel: 'alternate', type: 'text/html', href: queryLink(`${base}/processes`, query, { f: 'html' }) },
        ...(next === undefined
          ? []
          : [
              {
                rel: 'next',
                type: 'application/json',
                href: queryLink(`${base}/processes`, query, { offset: String(next) }),
              },
            ]),
      ],
    })
  })
}

/** As many as OGC's schema allows at most. */
const MAX_LIMIT = 10_000

/** @throws RunnerError `invalid-parameters` */
function pageOf(query: URLSearchParams): { readonly limit: number; readonly offset: number } {
  const read = new QueryReader(query)
  const number = (text: string) => (/^\d{1,9}$/.test(text) ? Number(text) : undefined)
  const limit = read.as('limit', `1 to ${MAX_LIMIT}`, (text) => number(text) || undefined) ?? MAX_LIMIT
  const offset = read.as('offset', 'a number from 0 on', number) ?? 0
  read.done()
  return { limit: Math.min(limit, MAX_LIMIT), offset }
}
