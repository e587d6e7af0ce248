// Run: sends what the form says, once, however often it is pressed, and goes to the page of the run. What is wrong is
// shown beside its field, in the words of the server.
import { asksToSignIn } from './sign-in.js'

const button = document.getElementById('run-button')
const form = button.form
const { execution, jobs, batches, key } = button.dataset
let changes = 0

// Other inputs are another run: the same key would be refused for them.
form.addEventListener('input', () => {
  changes += 1
})

form.addEventListener('submit', async (event) => {
  if (event.submitter !== button) return
  event.preventDefault()
  button.disabled = true
  clear()
  try {
    await send()
  } catch {
    tell(['The service could not be reached. Press Run again: it will not run twice.'])
  }
  button.disabled = false
})

async function send() {
  const given = new URLSearchParams(
    [...new FormData(form)].filter(([name, value]) => value !== '' && name !== '_mode'),
  )
  const response = await fetch(execution, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'idempotency-key': `${key}-${changes}`,
      accept: 'application/json',
    },
    body: JSON.stringify({ query: given.toString() }),
  })
  const answer = await response.json()
  if (response.ok)
    location.assign(answer.jobID === undefined ? `${batches}${answer.id}` : `${jobs}${answer.jobID}`)
  else if (asksToSignIn(answer)) return
  else if (answer.errors === undefined) tell([answer.detail])
  else tell(answer.errors.filter((error) => !mark(error)).map((error) => error.message))
}

/** False where the form has no such field. */
function mark({ name, message }) {
  const control = form.elements.namedItem(name)
  if (!(control instanceof HTMLElement) || control.type === 'hidden' || control === button) return false
  const fault = document.createElement('p')
  fault.className = 'fault'
  fault.id = `${name}-fault`
  fault.textContent = message
  control.setAttribute('aria-invalid', 'true')
  control.setAttribute('aria-describedby', `${name}-help ${name}-fault`)
  control.closest('.field').append(fault)
  control.focus()
  return true
}

function clear() {
  for (const fault of document.querySelectorAll('.fault, .faults')) fault.remove()
  for (const control of form.querySelectorAll('[aria-invalid]')) control.removeAttribute('aria-invalid')
}

function tell(messages) {
  if (messages.length === 0) return
  const list = document.createElement('ul')
  list.className = 'faults'
  list.setAttribute('role', 'alert')
  list.append(
    ...messages.map((message) => {
      const item = document.createElement('li')
      item.textContent = message
      return item
    }),
  )
  form.before(list)
}
