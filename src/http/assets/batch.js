// A sweep as it goes: what the page shows of it is taken from the page as the server makes it now.
import { asksToSignIn } from './sign-in.js'

const page = document.getElementById('batch-page')
const message = document.getElementById('batch-message')
const { batch } = page.dataset
const WAIT_MS = 2_000

const now = () => document.getElementById('batch-now')

async function show() {
  const response = await fetch(`${batch}?f=html`)
  if (!response.ok) return
  const fresh = new DOMParser()
    .parseFromString(await response.text(), 'text/html')
    .getElementById('batch-now')
  // What has not changed stays, and with it the focus and the selection.
  if (fresh !== null && fresh.outerHTML !== now().outerHTML) now().replaceWith(document.adoptNode(fresh))
}

async function watch() {
  if (now().dataset.ended === 'no') await show().catch(() => undefined)
  setTimeout(watch, WAIT_MS)
}

page.addEventListener('click', async ({ target }) => {
  const method = target.dataset.ask
  if (method === undefined) return
  target.disabled = true
  try {
    const response = await fetch(method === 'POST' ? `${batch}/retry` : batch, { method })
    const answer = response.ok ? {} : await response.json()
    message.textContent = asksToSignIn(answer) ? '' : (answer.detail ?? '')
    await show()
  } catch {
    message.textContent = 'The service could not be reached. Press again.'
  }
  target.disabled = false
})

setTimeout(watch, WAIT_MS)
