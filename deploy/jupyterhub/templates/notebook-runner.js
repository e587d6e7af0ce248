// The section “Run a notebook by link” on pages of JupyterHub. Titles and descriptions are written by strangers: they are
// only ever texts of elements. The hub's templates take this file in, so it has none of their braces.
;(() => {
  const section = document.getElementById('notebook-runner')
  if (section === null || !/^https?:/.test(section.dataset.url)) return
  const runner = section.dataset.url.replace(/\/+$/, '')
  const find = (name) => section.querySelector(`.nr-${name}`)
  const [status, signIn, form, inputs] = ['status', 'sign-in', 'form', 'inputs'].map(find)
  const [notebook, description, link, missing] = ['notebook', 'description', 'link', 'missing'].map(find)
  const show = (element, shown) => element.classList.toggle('d-none', !shown)
  const say = (text) => {
    status.textContent = text
    show(status, text !== '')
  }

  /** With the session that the browser has there. Throws what `sorry` knows to say. */
  async function ask(path) {
    const answer = await fetch(`${runner}${path}?f=json`, {
      credentials: 'include',
      headers: { accept: 'application/json' },
      signal: AbortSignal.timeout(20_000),
    })
    const json = await answer.json()
    if (answer.ok) return json
    throw Object.assign(new Error(), { status: answer.status, canSignIn: 'signIn' in json })
  }

  function sorry({ status: code, canSignIn }) {
    show(form, false)
    show(signIn, canSignIn === true)
    if (canSignIn) say('Sign in once to see the notebooks that can be run by a link.')
    else if (code === 401) say('Notebook Runner does not know you yet: open it once, and come back.')
    else say('Notebook Runner does not answer at the moment. Everything else works.')
  }

  function element(name, className, text = '') {
    const made = document.createElement(name)
    made.className = className
    made.textContent = text
    return made
  }

  function option(value, text) {
    const made = element('option', '', text)
    made.value = value
    return made
  }

  function control(schema) {
    const choices = schema.type === 'boolean' ? ['true', 'false'] : schema.enum
    if (!Array.isArray(choices)) {
      const field = element('input', 'form-control')
      if (schema.default !== undefined && schema.default !== null)
        field.placeholder = [schema.default].flat().join(',')
      return field
    }
    const field = element('select', 'form-select')
    field.append(option('', ''), ...choices.map((one) => option(String(one), String(one))))
    return field
  }

  function field([name, { title, description: help, minOccurs, expected, schema }], at) {
    const column = element('div', 'col-lg-4 mb-3')
    const label = element('label', 'form-label', minOccurs > 0 ? title : `${title} (optional)`)
    const made = control(schema)
    const about = element('div', 'form-text', [help, expected].filter(Boolean).join(' · '))
    label.htmlFor = made.id = `nr-input-${at}`
    about.id = `nr-help-${at}`
    made.setAttribute('aria-describedby', about.id)
    made.name = name
    made.required = minOccurs > 0
    column.append(label, made, about)
    return column
  }

  function writeLink() {
    const fields = [...inputs.querySelectorAll('input, select')]
    const query = new URLSearchParams(
      fields.filter(({ value }) => value !== '').map(({ name, value }) => [name, value]),
    ).toString()
    const empty = fields.filter(({ required, value }) => required && value === '')
    link.value = `${runner}/run/notebook/${encodeURIComponent(notebook.value)}${query === '' ? '' : `?${query}`}`
    missing.textContent = empty.length > 0 ? 'What is left out is asked for when the link is opened.' : ''
  }

  async function choose() {
    const id = notebook.value
    inputs.replaceChildren()
    description.textContent = ''
    writeLink()
    try {
      const process = await ask(`/processes/${encodeURIComponent(id)}`)
      // Meanwhile another one may have been chosen.
      if (notebook.value !== id) return
      description.textContent = process.description
      inputs.replaceChildren(...Object.entries(process.inputs).map(field))
      writeLink()
    } catch (error) {
      if (notebook.value === id) sorry(error)
    }
  }

  async function load() {
    try {
      const { processes } = await ask('/processes')
      show(signIn, false)
      show(form, processes.length > 0)
      say(processes.length > 0 ? '' : 'There are no notebooks in the catalogue.')
      if (processes.length === 0) return
      notebook.replaceChildren(...processes.map(({ id, title }) => option(id, title)))
      await choose()
    } catch (error) {
      sorry(error)
    }
  }

  async function copy({ currentTarget: button }) {
    try {
      await navigator.clipboard.writeText(link.value)
      button.textContent = 'Copied'
    } catch {
      // Over http, and where it is not allowed, there is no clipboard: it is selected for the keyboard.
      link.select()
      button.textContent = 'Press Ctrl+C'
    }
    setTimeout(() => {
      button.textContent = 'Copy'
    }, 2_000)
  }

  signIn.querySelector('a').href = `${runner}/auth/login?return=/auth/signed-in`
  // Back from the sign-in in its tab.
  window.addEventListener('focus', () => {
    if (!signIn.classList.contains('d-none')) load()
  })
  notebook.addEventListener('change', choose)
  inputs.addEventListener('input', writeLink)
  find('copy').addEventListener('click', copy)
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    window.open(link.value, '_blank', 'noopener')
  })
  load()
})()
