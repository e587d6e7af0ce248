import * as v from 'valibot'
import { type FromFrame, type ToFrame, toFrameSchema } from '../outputs/frame-messages.ts'
import styles from './frame.css?inline'
import { HeldBack } from './held-back.ts'
import { showOutput } from './show-output.ts'

// The document that shows outputs (src/http/routes/output-frame.ts). It has no origin and can load nothing but its own
// scripts. Nothing of an output is ever run: what is below is the only script here.

const nonce = location.hash.slice(1)
const page = window.parent
const root = document.createElement('div')
const heldBack = new HeldBack(({ active, hosts }) =>
  tell({ type: 'held-back', nonce, active, hosts: [...hosts] }),
)

/** Says nothing that anybody may not hear, so it is addressed to whatever the page's origin is. */
function tell(message: FromFrame): void {
  page.postMessage(message, '*')
}

function start(): void {
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(styles)
  document.adoptedStyleSheets = [sheet]
  root.className = 'outputs'
  document.body.append(root)
  new ResizeObserver(() => tell({ type: 'size', nonce, height: root.offsetHeight })).observe(root)
  document.addEventListener('securitypolicyviolation', (violation) => heldBack.violation(violation))
  document.addEventListener('click', onClick, { capture: true })
  document.addEventListener('auxclick', onClick, { capture: true })
  document.addEventListener('submit', (event) => event.preventDefault(), { capture: true })
  window.addEventListener('message', ({ source, data }) => {
    if (source !== page) return
    const parsed = v.safeParse(toFrameSchema, data)
    if (parsed.success && parsed.output.nonce === nonce) void show(parsed.output)
  })
  tell({ type: 'ready', nonce })
}

async function show({ outputs, scheme, widgets }: ToFrame): Promise<void> {
  document.documentElement.style.colorScheme = scheme
  document.documentElement.dataset['scheme'] = scheme
  const elements = outputs.map(() => document.createElement('div'))
  root.replaceChildren(...elements)
  await Promise.all(
    elements.map(async (element, index) => {
      const output = outputs[index]
      if (output !== undefined) await showOutput(element, output, { widgets, heldBack })
    }),
  )
}

/** The page says where a link leads before anybody goes there. Nothing here leads this document anywhere. */
function onClick(event: MouseEvent): void {
  const [target] = event.composedPath()
  const link = target instanceof Element ? target.closest('a, area') : null
  if (link === null) return
  const href = link.getAttribute('href') ?? link.getAttribute('xlink:href') ?? ''
  event.preventDefault()
  if (/^https?:/i.test(href)) tell({ type: 'link', nonce, href })
  else if (href.startsWith('#')) root.querySelector(`[id="${CSS.escape(href.slice(1))}"]`)?.scrollIntoView()
}

start()
