import type { FastifyRequest } from 'fastify'
import { html } from 'ghtml'
import type { Batch } from '../../run/batch.ts'
import { RUN_STATES, type Run } from '../../run/run.ts'
import { endedOf } from '../batch-info.ts'
import { page, rootOf } from './layout.ts'
import { durationText, STATE_WORDS, stateText, timeTag, valueText } from './run-words.ts'

const MAX_SHOWN = 200

/** A sweep: a row for each of its runs by the values that make it this one. Its script keeps it up to date. */
export function batchPage(request: FastifyRequest, batch: Batch, runs: readonly Run[]): string {
  const root = rootOf(request)
  const ended = endedOf(runs)
  const failed = runs.filter(({ state }) => state === 'failed').length
  const hidden = (is: boolean) => (is ? ' hidden' : '')
  const counts = RUN_STATES.flatMap((state) => {
    const count = runs.filter((run) => run.state === state).length
    return count === 0 ? [] : [`${count} ${STATE_WORDS[state].toLowerCase()}`]
  })
  const rows = runs.map((run) => {
    const values = batch.each.map((name) => {
      const text = valueText(run.parameters.get(name) ?? null)
      return html`<td class="parameters">${text.slice(0, MAX_SHOWN)}</td>`
    })
    return html`<tr>
!${values.join('')}
<td data-state="${run.state}"><a href="${root}jobs/${run.id}">${stateText(run)}</a></td>
<td>${cellsText(run)}</td>
<td>${durationText(run)}</td>
</tr>`
  })
  const heads = batch.each.map((name) => html`<th>${name}</th>`)
  return page(
    request,
    `${batch.notebookId}: ${batch.total} runs`,
    html`<div id="batch-page" data-batch="${root}batches/${batch.id}">
<h1>${batch.notebookId}</h1>
<div id="batch-now" data-ended="${ended === runs.length ? 'yes' : 'no'}">
<p role="status">${ended} of ${runs.length} runs have ended: ${counts.join(', ')}.</p>
<p><progress max="${Math.max(runs.length, 1)}" value="${ended}" aria-label="Runs that have ended"></progress></p>
<div class="buttons">
<button type="button" data-ask="DELETE"!${hidden(ended === runs.length)}>Cancel all</button>
<button type="button" class="second" data-ask="POST"!${hidden(failed === 0)}>Run what failed again</button>
</div>
<table>
<thead><tr>!${heads.join('')}<th>State</th><th>Cells</th><th>Took</th></tr></thead>
<tbody>!${rows.join('\n')}</tbody>
</table>
</div>
<p id="batch-message" role="alert"></p>
<p class="quiet">Accepted !${timeTag(batch.createdAt)} for ${batch.ownerName} in ${batch.workspace}.</p>
</div>
<script src="${root}assets/batch.js" type="module"></script>`,
  )
}

const cellsText = ({ progress }: Run): string =>
  progress === undefined ? '' : `${progress.done} of ${progress.total}`
