import type { FastifyRequest } from 'fastify'
import { html } from 'ghtml'
import type { Waiting } from '../../run/queue.ts'
import { isTerminal, type Run } from '../../run/run.ts'
import { isViewable, type KeptView, viewPath } from '../status-info.ts'
import { cellSources } from './cell-sources.ts'
import { page, rootOf } from './layout.ts'
import { durationText, STATE_WORDS, stateText, timeTag, valueText } from './run-words.ts'

interface JobView {
  readonly run: Run
  readonly waiting: Waiting | undefined
  readonly kept: KeptView | undefined
  /** The notebook as it was accepted. */
  readonly notebook: Uint8Array | undefined
}

/** One run: how it stands, live by its script, with its cells as they finish. */
export function jobPage(request: FastifyRequest, { run, waiting, kept, notebook }: JobView): string {
  const root = rootOf(request)
  const ended = isTerminal(run.state)
  const hidden = (is: boolean) => (is ? ' hidden' : '')
  const { done = 0, total = 0 } = run.progress ?? {}
  const parameters = [...run.parameters].map(
    ([name, value]) => html`<dt>${name}</dt><dd>${valueText(value).slice(0, 2000)}</dd>`,
  )
  const cells = cellSources(notebook).map(
    ({ index, source }) =>
      html`<article class="cell" data-cell="${index}"><pre class="source">${source}</pre></article>`,
  )
  return page(
    request,
    `${run.notebookId}: ${STATE_WORDS[run.state]}`,
    html`<div id="job-page" data-job="${root}jobs/${run.id}" data-state="${run.state}" data-words="${JSON.stringify(STATE_WORDS)}">
<h1>${run.notebookId}</h1>
<p id="job-state" role="status">${stateText(run, waiting)}</p>
<p id="job-message">${run.message ?? ''}</p>
!${run.hiddenAt === undefined ? '' : '<p class="notice">This run was taken out of the history.</p>'}
<p id="job-progress"!${hidden(ended || total === 0)}><progress max="${Math.max(total, 1)}" value="${done}"></progress> <span>${done} of ${total} cells</span></p>
<div class="buttons">
<a class="button" id="job-view" href="${root}${viewPath(run)}"!${hidden(!isViewable(run))}>Open in JupyterLab</a>
<a class="button second" id="job-kernel" href="${root}jobs/${run.id}/kernel"!${hidden(!kept?.canOpen)}>Open where it failed</a>
<a class="button second" href="${root}jobs/${run.id}/notebook">Download</a>
<button type="button" class="second" id="job-rerun" data-jobs="${root}jobs/"!${hidden(run.state === 'prepared')}>Run again</button>
<button type="button" class="second" id="job-rerun-failed"!${hidden(run.failedCell === undefined)}>Run again from the failed cell</button>
<a class="button second" href="${root}processes/${encodeURIComponent(run.notebookId)}?${linkQuery(run)}">Change the inputs</a>
<button class="second" id="job-cancel"!${hidden(ended)}>Cancel</button>
</div>
!${origin(root, run)}
<p id="job-kept" class="quiet"!${hidden(kept === undefined)}>Its kernel is kept until <span>!${kept === undefined ? '' : timeTag(kept.until)}</span>, to look into it or to go on in it.</p>
<ul id="job-notes"></ul>
<dl>!${parameters.join('\n')}</dl>
<p class="quiet">Accepted !${timeTag(run.createdAt)} for ${run.ownerName} in ${run.workspace}. ${durationText(run) === '' ? '' : `Took ${durationText(run)}.`}</p>
<div id="job-cells">!${cells.join('\n')}</div>
</div>
<script src="${root}assets/job.js" type="module"></script>`,
  )
}

/** What it is one of, and what it repeats. */
function origin(root: string, { batchId, retryOf }: Run): string {
  const of = batchId === undefined ? [] : [html`<a href="${root}batches/${batchId}">Its sweep</a>`]
  const before =
    retryOf === undefined ? [] : [html`<a href="${root}jobs/${retryOf}">The run that it repeats</a>`]
  const links = [...of, ...before]
  return links.length === 0 ? '' : `<p>${links.join(' · ')}</p>`
}

/** The inputs as a link has them, for the form. */
function linkQuery({ parameters, workspace }: Run): string {
  const given = [...parameters].flatMap(([name, value]) => (value === null ? [] : [[name, valueText(value)]]))
  return new URLSearchParams([...given, ['_workspace', workspace]]).toString()
}
