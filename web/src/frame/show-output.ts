import { type FramedType, isFramed, isPicture, shownTypes } from '../outputs/mime.ts'
import { textOf } from '../outputs/output.ts'
import { cleaned } from './clean.ts'
import type { HeldBack } from './held-back.ts'
import { jsonView } from './json-view.ts'

interface Bundle {
  readonly data: Readonly<Record<string, unknown>>
  readonly metadata: Readonly<Record<string, unknown>>
}

interface Surroundings {
  /** `application/vnd.jupyter.widget-state+json` of the run. */
  readonly widgets: unknown
  readonly heldBack: HeldBack
}

/** Shows an output in the best of its types of which something can be seen. */
export async function showOutput(
  element: HTMLElement,
  { data }: Bundle,
  surroundings: Surroundings,
): Promise<void> {
  const types = shownTypes(data)
  for (const type of types) {
    const last = type === types.at(-1)
    const shown = isFramed(type)
      ? await framed(type, data[type], surroundings).catch(() => undefined)
      : plain(type, data[type])
    if (shown === undefined || (!last && !isSeen(shown))) continue
    element.replaceChildren(shown)
    return
  }
}

async function framed(
  type: FramedType,
  value: unknown,
  { widgets, heldBack }: Surroundings,
): Promise<Node | undefined> {
  if (type === 'application/json' || type === 'application/geo+json') return jsonView(value)
  if (type === 'application/vnd.jupyter.widget-view+json') {
    if (widgets === undefined) return undefined
    const { widgetView } = await import('./widget-view.ts')
    return widgetView(value, widgets)
  }
  const text = textOf(value)
  if (text === undefined) return undefined
  const html = type === 'text/html' ? text : await htmlOf(type, text)
  const part = document.createElement('div')
  part.className = type === 'text/markdown' ? 'html markdown' : 'html'
  part.append(cleaned(html, heldBack))
  return part
}

async function htmlOf(type: 'text/markdown' | 'text/latex', text: string): Promise<string> {
  const { latexHtml, markdownHtml } = await import('./markdown.ts')
  return type === 'text/markdown' ? markdownHtml(text) : latexHtml(text)
}

/** What a page shows by itself stands here where the better type of the same output can't be shown. */
function plain(type: string, value: unknown): Node | undefined {
  const text = textOf(value)
  if (text === undefined) return undefined
  if (type === 'text/plain') {
    const block = document.createElement('pre')
    block.className = 'text'
    block.textContent = text
    return block
  }
  if (!isPicture(shownTypes({ [type]: value })[0])) return undefined
  const image = document.createElement('img')
  image.alt = 'Picture'
  image.src =
    type === 'image/svg+xml'
      ? `data:${type};charset=utf-8,${encodeURIComponent(text)}`
      : `data:${type};base64,${text.replace(/\s/g, '')}`
  return image
}

/** Scripts that were taken out may have left nothing. */
function isSeen(node: Node): boolean {
  if (!(node instanceof Element)) return true
  const copy = node.cloneNode(true)
  if (copy instanceof Element) for (const style of copy.querySelectorAll('style')) style.remove()
  return (
    (copy.textContent ?? '').trim() !== '' ||
    node.querySelector('img, svg, hr, progress, meter, canvas, math, input') !== null
  )
}
