import type { FastifyRequest } from 'fastify'
import { html } from 'ghtml'
import type { BrokenEntry, CatalogEntry } from '../../catalog/entry.ts'
import { page } from './layout.ts'

export interface CatalogueView {
  readonly entries: readonly CatalogEntry[]
  readonly broken: readonly BrokenEntry[]
  /** Why the list may be out of date. */
  readonly stale: string | undefined
}

/** The list of notebooks. */
export function cataloguePage(request: FastifyRequest, view: CatalogueView): string {
  const cards = view.entries.map(
    (
      entry,
    ) => html`<li class="card"><h2><a href="processes/${encodeURIComponent(entry.id)}">${entry.title}</a></h2>
<p>${entry.description}</p>
<p class="quiet">${entry.id}</p></li>`,
  )
  const broken = view.broken.map(
    (entry) => html`<li class="card broken"><h2>${entry.title ?? entry.id}</h2>
<p>This notebook cannot be offered: ${entry.reason}</p><p class="quiet">${entry.id}</p></li>`,
  )
  const stale =
    view.stale === undefined
      ? ''
      : html`<p class="notice" role="status">The list may be out of date: ${view.stale}</p>`
  const none = view.entries.length + view.broken.length === 0 ? '<p>The catalogue has no notebooks.</p>' : ''
  return page(
    request,
    'Notebooks',
    `<h1>Notebooks</h1>\n${stale}${none}<ul class="cards">\n${[...cards, ...broken].join('\n')}\n</ul>`,
  )
}
