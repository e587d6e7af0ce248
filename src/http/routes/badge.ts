import type { FastifyInstance } from 'fastify'
import { html } from 'ghtml'
import { queryOf } from '../negotiate.ts'

const MAX_LABEL = 60
/** Pixels: half of the height is what a letter of this size is wide at most. */
const LETTER = 7.2
const HEIGHT = 24

/**
 * `GET /badge.svg?label=…`: a picture for a page that links to a notebook. It is the same for all, asks for no token, and
 * may be shown by any site.
 */
export function badgeRoute(app: FastifyInstance): void {
  app.get('/badge.svg', (request, reply) => {
    const label = new URLSearchParams(queryOf(request)).get('label') || 'run notebook'
    return reply
      .header('cache-control', 'public, max-age=86400')
      .header('cross-origin-resource-policy', 'cross-origin')
      .type('image/svg+xml')
      .send(badge([...label].slice(0, MAX_LABEL).join('')))
  })
}

function badge(label: string): string {
  const width = Math.ceil([...label].length * LETTER) + 36
  return html`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${HEIGHT}" role="img" aria-label="${label}">
<rect width="${width}" height="${HEIGHT}" rx="5" fill="#087f5b"/>
<path d="M11 7v10l8-5z" fill="#fff"/>
<text x="26" y="16.5" fill="#fff" font-family="system-ui,Verdana,sans-serif" font-size="12.5" textLength="${width - 36}" lengthAdjust="spacingAndGlyphs">${label}</text>
</svg>
`
}
