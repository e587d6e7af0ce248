import type { FastifyInstance } from 'fastify'
import { authenticate } from '../authenticate.ts'
import { jobQuery } from '../job-query.ts'
import { negotiated, queryOf, representationOf } from '../negotiate.ts'
import { queryLink } from '../query-link.ts'
import { sendJson } from '../send-json.ts'
import type { Services } from '../services.ts'
import { sendShell } from '../shell.ts'
import { statusInfo } from '../status-info.ts'

/** `GET /jobs`: the runs of the caller's workspaces, newest first, filtered as OGC has it and by what only we know. */
export function jobsRoute(app: FastifyInstance, services: Services): void {
  app.get('/jobs', async (request, reply) => {
    const caller = await authenticate(services.door, request)
    negotiated(reply)
    // The page asks for the runs itself, and shows what is wrong with what is asked for.
    if (representationOf(request) === 'html') return sendShell(services.web, request, reply)
    const query = new URLSearchParams(queryOf(request))
    const { filter, sort, limit, cursor, none } = jobQuery(query)
    const { runs, next } = none
      ? { runs: [], next: undefined }
      : await services.history(caller, filter, { sort, limit, cursor })
    const base = services.publicUrl()
    return sendJson(reply, {
      jobs: runs.map((run) => statusInfo(run, base)),
      links: [
        { rel: 'self', type: 'application/json', href: queryLink(`${base}/jobs`, query) },
        { rel: 'alternate', type: 'text/html', href: queryLink(`${base}/jobs`, query, { f: 'html' }) },
        ...(next === undefined
          ? []
          : [
              {
                rel: 'next',
                type: 'application/json',
                href: queryLink(`${base}/jobs`, query, { cursor: next }),
              },
            ]),
      ],
    })
  })
}
