// One run as it goes: its state, its progress and its cells, from its events.
import { CellOutputs } from './job-outputs.js'
import { asksToSignIn } from './sign-in.js'

const page = document.getElementById('job-page')
const state = document.getElementById('job-state')
const message = document.getElementById('job-message')
const progress = document.getElementById('job-progress')
const notes = document.getElementById('job-notes')
const cells = document.getElementById('job-cells')
const view = document.getElementById('job-view')
const cancel = document.getElementById('job-cancel')
const kept = document.getElementById('job-kept')
const openKernel = document.getElementById('job-kernel')
const rerunFailed = document.getElementById('job-rerun-failed')
const { job, words } = page.dataset
const WORDS = JSON.parse(words)
const ENDED = ['prepared', 'succeeded', 'failed', 'cancelled']
const WAIT_MS = 5_000

const found = new Map()

function cellOf(index) {
  const known = found.get(index)
  if (known !== undefined) return known
  let article = cells.querySelector(`[data-cell="${Number(index)}"]`)
  if (article === null) {
    article = document.createElement('article')
    article.className = 'cell'
    article.dataset.cell = index
    cells.append(article)
  }
  const status = document.createElement('p')
  const outputs = document.createElement('div')
  status.className = 'quiet'
  outputs.className = 'outputs'
  article.append(status, outputs)
  const cell = { article, status, outputs: new CellOutputs(outputs) }
  found.set(index, cell)
  return cell
}

const told = {
  state(event) {
    page.dataset.state = event.state
    state.textContent = WORDS[event.state]
    message.textContent = event.message ?? ''
    if (event.state === 'queued') showWaiting()
    if (ENDED.includes(event.state)) end()
  },
  'cell-started'({ cell }) {
    const { article, status } = cellOf(cell)
    article.dataset.status = 'running'
    status.textContent = 'Running'
  },
  'cell-finished'({ cell, status: how, seconds }) {
    const { article, status } = cellOf(cell)
    article.dataset.status = how
    status.textContent = `${how === 'failed' ? 'Failed' : 'Done'} in ${seconds.toFixed(1)} s`
  },
  output({ cell, change }) {
    cellOf(cell).outputs.apply(change)
  },
  progress({ done, total, secondsLeft }) {
    progress.hidden = ENDED.includes(page.dataset.state)
    const bar = progress.querySelector('progress')
    bar.max = Math.max(total, 1)
    bar.value = done
    const left = secondsLeft === undefined ? '' : `, about ${Math.ceil(secondsLeft)} s left`
    progress.querySelector('span').textContent = `${done} of ${total} cells${left}`
  },
  note({ text }) {
    const item = document.createElement('li')
    item.textContent = text
    notes.append(item)
  },
}

const source = new EventSource(`${job}/events`)
for (const [type, tell] of Object.entries(told)) {
  source.addEventListener(type, ({ data }) => tell(JSON.parse(data)))
}

// Closed for good, as after an answer that is no stream of events; a connection that breaks is opened again.
source.addEventListener('error', async () => {
  if (source.readyState === EventSource.CLOSED) asksToSignIn(await (await fetch(`${job}?f=json`)).json())
})

/** The whole sentence, and whether there is a notebook to open, is the server's to say. */
async function ask() {
  const response = await fetch(`${job}?f=json`)
  if (!response.ok) throw new Error(`${response.status}`)
  return response.json()
}

async function end() {
  source.close()
  cancel.hidden = true
  progress.hidden = true
  const run = await ask()
  const has = (name) => run.links.some(({ rel }) => rel === `urn:notebook-runner:rel:${name}`)
  view.hidden = !has('view')
  rerunFailed.hidden = !has('rerun-from-failed')
  const { keptKernel } = run
  kept.hidden = keptKernel === undefined
  openKernel.hidden = keptKernel?.openUrl === undefined
  if (keptKernel !== undefined)
    kept.querySelector('span').textContent = new Date(keptKernel.until).toLocaleTimeString()
}

async function showWaiting() {
  if (page.dataset.state !== 'queued') return
  setTimeout(showWaiting, WAIT_MS)
  const { state: now, waiting } = await ask()
  if (now === 'queued' && page.dataset.state === 'queued' && waiting !== undefined) {
    state.textContent = `${WORDS.queued}: place ${waiting.position} in the queue, ${waiting.message}`
  }
}

cancel.addEventListener('click', async () => {
  cancel.disabled = true
  state.textContent = 'Cancelling'
  const response = await fetch(job, { method: 'DELETE' })
  if (response.ok) return
  cancel.disabled = false
  const answer = await response.json()
  if (!asksToSignIn(answer)) message.textContent = answer.detail
})

const rerun = document.getElementById('job-rerun')
// Made with the page, so that a click that is repeated is the same run.
const key = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16)).join('-')

for (const [button, query] of [
  [rerun, ''],
  [rerunFailed, '?from=failed'],
]) {
  button.addEventListener('click', async () => {
    button.disabled = true
    const headers = { 'idempotency-key': `${key}${query}` }
    const response = await fetch(`${job}/rerun${query}`, { method: 'POST', headers })
    const answer = await response.json()
    if (response.ok) location.assign(`${rerun.dataset.jobs}${answer.jobID}`)
    else if (!asksToSignIn(answer)) message.textContent = answer.detail
    button.disabled = false
  })
}
