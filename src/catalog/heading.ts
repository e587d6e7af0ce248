import { RunnerError } from '../errors.ts'

export interface Heading {
  readonly title?: string
  readonly description?: string
}

const MAX_DESCRIPTION = 500

/**
 * What a notebook calls itself: its first Markdown heading, and the paragraph that follows before any code. Throws
 * `invalid-notebook` where the bytes are no JSON object. This is for listing only, so plain JSON will do.
 */
export function headingOf(bytes: Uint8Array): Heading {
  const notebook = parse(bytes)
  let title: string | undefined
  for (const cell of listOf(notebook.get('cells'))) {
    const fields = fieldsOf(cell)
    if (fields.get('cell_type') !== 'markdown') {
      if (title !== undefined) break
      continue
    }
    for (const block of sourceOf(fields.get('source')).split(/\n[ \t]*\n/)) {
      let rest = block.trim()
      if (title === undefined) {
        const found = /^(?:.*\n)*?#{1,6}[ \t]+(.+?)[ \t#]*(?:\n|$)/.exec(rest)
        const name = plainText(found?.[1] ?? '')
        if (found === null || name === '') continue
        title = name
        rest = rest.slice(found[0].length).trim()
      }
      // A list, table, image, HTML or another heading tells nothing as a sentence.
      if (rest === '' || /^([#>|<!]|[-*+] |\d+[.)] |```|---)/.test(rest)) continue
      return { title, description: plainText(rest).slice(0, MAX_DESCRIPTION) }
    }
  }
  return title === undefined ? {} : { title }
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

/** Without the marks of links, emphasis and code, on one line. */
function plainText(markdown: string): string {
  return markdown
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/\*+|`+|(?<!\w)_+|_+(?!\w)/g, '')
    .replace(/\s+/g, ' ')
    .trim()
}
