import { randomBytes } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { html } from 'ghtml'
import { rootOf } from '../pages/layout.ts'
import { withFramePolicy } from '../policy.ts'
import type { Services } from '../services.ts'

/**
 * `GET /outputs/frame`: the document in which a page shows outputs. The same for everybody, and nothing of anybody is in
 * it: outputs come in by messages (web/src/frame).
 */
export function outputFrameRoute(app: FastifyInstance, { web }: Services): void {
  app.get('/outputs/frame', (request, reply) => {
    const nonce = randomBytes(16).toString('base64')
    withFramePolicy(reply, nonce)
    reply.type('text/html; charset=utf-8').header('cache-control', 'private, no-store')
    return reply.send(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta property="csp-nonce" nonce="${nonce}">
<title>Outputs</title>
<script type="module" nonce="${nonce}" crossorigin="anonymous" src="${rootOf(request)}${web.frameScript}"></script>
</head>
<body></body>
</html>
`)
  })
}
