import { randomBytes } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { html } from 'ghtml'
import { rootOf } from './pages/layout.ts'
import { withShellPolicy } from './policy.ts'
import type { Problem } from './problem-schema.ts'
import type { WebBuild } from './web-build.ts'

/**
 * Answers with the page in which the scripts of `web` show what is at this address. The caller has looked whether there
 * is anything: a problem is written into the page, and stands there for a browser without scripts, too.
 */
export function sendShell(
  web: WebBuild,
  request: FastifyRequest,
  reply: FastifyReply,
  problem?: Problem,
): FastifyReply {
  const nonce = randomBytes(16).toString('base64')
  withShellPolicy(reply, nonce)
  return reply.type('text/html; charset=utf-8').send(shell(web, rootOf(request), nonce, problem))
}

/** What `web/src/page-start.ts` reads are the attributes of `<html>`. */
function shell(
  { script, styles }: WebBuild,
  root: string,
  nonce: string,
  problem: Problem | undefined,
): string {
  const links = styles.map((style) => html`<link rel="stylesheet" href="${root}${style}">`)
  const data = problem === undefined ? '' : html` data-problem="${JSON.stringify(problem)}"`
  const title = problem === undefined ? '' : `${problem.title} · `
  return html`<!doctype html>
<html lang="en" data-root="${root}" data-nonce="${nonce}"!${data}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}Notebook Runner</title>
<link rel="icon" href="${root}assets/icon.svg" type="image/svg+xml">
!${links.join('\n')}
<script type="module" src="${root}${script}"></script>
</head>
<body>
<div id="root">!${problem === undefined ? '' : problemText(problem)}</div>
<noscript>The pages of Notebook Runner need JavaScript. Programs get everything as JSON at the same addresses.</noscript>
</body>
</html>
`
}

function problemText({ title, detail, signIn }: Problem): string {
  const link = signIn === undefined ? '' : html`<p><a href="${signIn}">Sign in</a></p>`
  return html`<h1>${title}</h1><p>${detail}</p>!${link}`
}
