import type { FastifyInstance } from 'fastify'
import { html } from 'ghtml'
import { CONFORMS_TO } from '../conformance.ts'
import { negotiated, representationOf } from '../negotiate.ts'
import { page } from '../pages/layout.ts'

/** `GET /conformance`: which classes of OGC API – Processes this is. Says nothing of anybody, so it is for everybody. */
export function conformanceRoute(app: FastifyInstance): void {
  app.get('/conformance', async (request, reply) => {
    negotiated(reply)
    if (representationOf(request) === 'json') return reply.send({ conformsTo: CONFORMS_TO })
    const items = CONFORMS_TO.map((uri) => html`<li><code>${uri}</code></li>`)
    const body = html`<h1>Conformance</h1>
<p>This service is an OGC API – Processes, Part 1: a notebook is a process, a run is a job.</p>
<ul>!${items.join('')}</ul>`
    return reply.type('text/html; charset=utf-8').send(page(request, 'Conformance', body))
  })
}
