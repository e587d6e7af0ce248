// What cells have printed and shown, made of the changes that events tell. Outputs are written by notebooks, so they are
// shown as text and as PNG pictures, and as nothing else: the rest is for JupyterLab.

/** A page with more than this is slow: of a long text its end is shown. */
const MAX_TEXT = 100_000
const ESCAPES = /\u001b\[[0-9;?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)/g
const BASE64 = /^[A-Za-z0-9+/\s]+={0,2}\s*$/

/** The outputs of one cell, in an element. */
export class CellOutputs {
  #outputs = []
  #element
  #waiting = false

  constructor(element) {
    this.#element = element
  }

  apply(change) {
    if (change.type === 'append') this.#outputs.push(withText(change.output))
    else if (change.type === 'replace') this.#outputs[change.index] = withText(change.output)
    else if (change.type === 'clear') this.#outputs = []
    else if (change.type === 'text') this.#edit(change)
    else return
    this.#show()
  }

  #edit({ drop, text }) {
    const last = this.#outputs.at(-1)
    if (last === undefined) return
    const kept = drop === 0 ? last.text : last.text.slice(0, Math.max(0, last.text.length - drop))
    last.text = (kept + text).slice(-MAX_TEXT)
  }

  // Once a frame, however much a cell prints.
  #show() {
    if (this.#waiting) return
    this.#waiting = true
    requestAnimationFrame(() => {
      this.#waiting = false
      this.#element.replaceChildren(...this.#outputs.map(shown))
    })
  }
}

function withText(output) {
  return { ...output, text: joined(output.text).slice(-MAX_TEXT) }
}

function joined(text) {
  return Array.isArray(text) ? text.join('') : typeof text === 'string' ? text : ''
}

function shown(output) {
  if (output.output_type === 'stream')
    return block(output.text, output.name === 'stderr' ? 'stderr' : 'stdout')
  if (output.output_type === 'error') {
    const trace = Array.isArray(output.traceback) ? output.traceback.join('\n') : ''
    return block(trace === '' ? `${output.ename}: ${output.evalue}` : trace, 'error')
  }
  const data = output.data ?? {}
  const png = joined(data['image/png'])
  if (BASE64.test(png)) {
    const image = document.createElement('img')
    image.src = `data:image/png;base64,${png.replace(/\s/g, '')}`
    image.alt = joined(data['text/plain']) || 'Picture'
    return image
  }
  const plain = joined(data['text/plain'])
  if (plain !== '') return block(plain, 'result')
  return block(
    `(${Object.keys(data).join(', ') || 'nothing'}: open the notebook in JupyterLab to see it)`,
    'other',
  )
}

function block(text, kind) {
  const element = document.createElement('pre')
  element.className = kind
  const plain = text.replace(ESCAPES, '')
  element.textContent = plain.length > MAX_TEXT ? `…${plain.slice(-MAX_TEXT)}` : plain
  return element
}
