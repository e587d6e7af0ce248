import type { FastifyRequest } from 'fastify'
import { html } from 'ghtml'
import { holdsSession } from '../session-cookie.ts'

/** The way from this page to the service's root, so that pages work under any base path, rewritten or not. */
export function rootOf(request: FastifyRequest): string {
  const [path = '/'] = request.url.split('?')
  return '../'.repeat(Math.max(0, path.split('/').length - 2)) || './'
}

/** A whole page. `body` is HTML already. */
export function page(request: FastifyRequest, title: string, body: string): string {
  const root = rootOf(request)
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Notebook Runner</title>
<link rel="icon" href="${root}assets/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="${root}assets/style.css">
</head>
<body>
<header><a href="${root}processes">Notebook Runner</a> <nav><a href="${root}jobs">Runs</a>!${holdsSession(request) ? html` <a href="${root}auth/logout">Sign out</a>` : ''}</nav></header>
<main>
!${body}
</main>
</body>
</html>
`
}
