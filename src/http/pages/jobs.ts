import type { FastifyRequest } from 'fastify'
import { html } from 'ghtml'
import { RUN_STATES, type Run } from '../../run/run.ts'
import { page } from './layout.ts'
import { durationText, STATE_WORDS, stateText, timeTag, valueText } from './run-words.ts'

interface JobsView {
  readonly runs: readonly Run[]
  readonly query: URLSearchParams
  /** Cursor of the next page. */
  readonly next: string | undefined
}

/** The history: what ran, how it ended, when, how long, with which parameters. */
export function jobsPage(request: FastifyRequest, { runs, query, next }: JobsView): string {
  const rows = runs.map(
    (run) => html`<tr>
<td><a href="jobs/${run.id}">${run.notebookId}</a></td>
<td data-state="${run.state}">${stateText(run)}</td>
<td>!${timeTag(run.createdAt)}</td>
<td>${durationText(run)}</td>
<td class="parameters">${parametersText(run)}</td>
</tr>`,
  )
  const table = html`<table>
<thead><tr><th>Notebook</th><th>State</th><th>Accepted</th><th>Took</th><th>Parameters</th></tr></thead>
<tbody>!${rows.join('\n')}</tbody>
</table>`
  const more = new URLSearchParams(query)
  if (next !== undefined) more.set('cursor', next)
  return page(
    request,
    'Runs',
    html`<h1>Runs</h1>
!${filterForm(query)}
!${runs.length === 0 ? '<p>There are no runs here.</p>' : table}
!${next === undefined ? '' : html`<p><a rel="next" href="jobs?${more.toString()}">Older runs</a></p>`}`,
  )
}

function filterForm(query: URLSearchParams): string {
  const chosen = query.get('state') ?? ''
  const options = ['', ...RUN_STATES].map((state) => {
    const words = RUN_STATES.find((known) => known === state)
    const selected = state === chosen ? ' selected' : ''
    return html`<option value="${state}"!${selected}>${words === undefined ? 'any' : STATE_WORDS[words]}</option>`
  })
  return html`<form method="get" action="jobs" class="filter">
<label>Notebook <input name="processID" value="${query.get('processID') ?? ''}" autocomplete="off"></label>
<label>State <select name="state">!${options.join('')}</select></label>
<button class="second">Filter</button>
</form>`
}

const MAX_SHOWN = 200

function parametersText({ parameters }: Run): string {
  const given = [...parameters].filter(([, value]) => value !== null)
  const text = given.map(([name, value]) => `${name}=${valueText(value).slice(0, MAX_SHOWN)}`).join('  ')
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text
}
