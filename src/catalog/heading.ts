import { RunnerError } from '../errors.ts'

export interface Heading {
  readonly title?: string
  readonly description?: string
}

const MAX_TITLE = 200
const MAX_DESCRIPTION = 500
const MAX_LINE = 1000

/**
 * What a notebook calls itself: its first Markdown heading, and the first paragraph after it and before any code.
 * Throws `invalid-notebook` where the bytes are no notebook. This is for listing only, so plain JSON will do.
 */
export function headingOf(bytes: Uint8Array): Heading {
  let title: string | undefined
  let paragraph: string[] = []
  for (const line of markdownLines(parse(bytes))) {
    if (title === undefined) {
      const [, heading = ''] = /^#{1,6}[ \t](.*)/.exec(line ?? '') ?? []
      title = plainText(heading, MAX_TITLE) || undefined
      continue
    }
    if (line === undefined) break
    if (line === '' && paragraph.length > 0) break
    // A list, table, image, HTML or another heading tells nothing as a sentence.
    if (/^([#>|<!]|[-*+] |\d+[.)] |```|---)/.test(line)) paragraph = []
    else if (line !== '') paragraph.push(line)
  }
  const description = plainText(paragraph.join(' '), MAX_DESCRIPTION)
  return { ...(title === undefined ? {} : { title }), ...(description === '' ? {} : { description }) }
}

/** The lines of Markdown cells, with an empty one after each cell; undefined stands for any other cell. */
function* markdownLines(notebook: Map<string, unknown>): Generator<string | undefined> {
  for (const cell of listOf(notebook.get('cells'))) {
    const fields = fieldsOf(cell)
    if (fields.get('cell_type') === 'markdown') {
      for (const line of `${sourceOf(fields.get('source'))}\n`.split('\n'))
        yield line.slice(0, MAX_LINE).trim()
    } else yield undefined
  }
}

function parse(bytes: Uint8Array): Map<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new RunnerError('invalid-notebook', 'It is not a notebook: it is not JSON.', { cause })
  }
  const fields = fieldsOf(value)
  if (!fields.has('nbformat'))
    throw new RunnerError('invalid-notebook', 'It is not a notebook: it has no nbformat.')
  return fields
}

function fieldsOf(value: unknown): Map<string, unknown> {
  return typeof value === 'object' && value !== null ? new Map(Object.entries(value)) : new Map()
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

function sourceOf(value: unknown): string {
  if (typeof value === 'string') return value
  return listOf(value)
    .filter((line) => typeof line === 'string')
    .join('')
}

/** Without the marks of headings, links, emphasis and code, on one line. */
function plainText(markdown: string, most: number): string {
  const plain = markdown
    // Bounds the work, which for some texts grows with the square of their length.
    .slice(0, 2 * most)
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/[*`]|(?<!\w)_|_(?!\w)/g, '')
    .replace(/\s+#*\s*$/, '')
    .replace(/\s+/g, ' ')
  return plain.trim().slice(0, most)
}
