import { RunnerError } from '../errors.ts'
import { isObject, type JsonObject, type JsonValue, parseJson } from '../notebook/json.ts'
import type { BrokenEntry, CatalogEntry } from './entry.ts'
import { flatEntry } from './flat-entry.ts'
import { recordEntry } from './records.ts'
import type { CatalogueBase } from './template-location.ts'

export type { CatalogueBase } from './template-location.ts'

/** An entry's id is a segment of a URL and of storage keys, and it has to stay readable in both. */
const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/

/** Reads one entry; undefined where it is no notebook. Throws `broken-entry`. */
type ReadEntry = (entry: JsonObject, base: CatalogueBase) => Omit<CatalogEntry, 'id'> | undefined

/**
 * A catalogue document: a flat list of entries, `{"notebooks": […]}`, or OGC API Records (`{"features": […]}`). An entry
 * that is wrong is told in `broken`, and the others work. Throws `catalogue-unavailable` where the text is no catalogue.
 */
export function readCatalogue(
  text: string,
  base: CatalogueBase,
): { entries: CatalogEntry[]; broken: BrokenEntry[] } {
  const { list, read } = listOf(documentOf(text))
  const entries: CatalogEntry[] = []
  const broken: BrokenEntry[] = []
  const ids = new Set<string>()
  for (const [index, value] of list.entries()) {
    const id = idOf(value)
    try {
      if (!isObject(value)) fail('It is not a JSON object.')
      const entry = read(value, base)
      if (entry === undefined) continue
      if (id === undefined) fail('It has no id.')
      if (!ID.test(id))
        fail('Its id must be 1 to 128 letters, digits, ".", "_" or "-", and start with a letter or digit.')
      if (ids.has(id)) fail('An entry before it has the same id.')
      ids.add(id)
      entries.push({ id, ...entry })
    } catch (error) {
      if (!(error instanceof RunnerError)) throw error
      const title = titleOf(value)
      const name = id === undefined || id === '' ? `entry ${index + 1}` : id.slice(0, 128)
      broken.push({ id: name, ...(title !== undefined && { title }), reason: error.message })
    }
  }
  return { entries, broken }
}

function fail(reason: string): never {
  throw new RunnerError('broken-entry', reason)
}

function documentOf(text: string): JsonValue {
  const body = text.replace(/^\ufeff/, '').trim()
  if (body === '') throw unavailable('The catalogue is empty.')
  if (body.startsWith('<')) {
    throw unavailable(
      'The catalogue is a web page or XML where JSON is expected: is its address right, and is it public?',
    )
  }
  try {
    return parseJson(body)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw unavailable(`The catalogue is not complete JSON: ${error.message}.`)
  }
}

function listOf(document: JsonValue): { list: readonly JsonValue[]; read: ReadEntry } {
  if (Array.isArray(document)) return { list: document, read: flatEntry }
  if (isObject(document)) {
    const notebooks = document.get('notebooks')
    if (Array.isArray(notebooks)) return { list: notebooks, read: flatEntry }
    const features = document.get('features')
    if (Array.isArray(features)) return { list: features, read: recordEntry }
  }
  throw unavailable(
    'The catalogue is JSON, but neither a list of notebooks, nor {"notebooks": […]}, nor OGC API Records {"features": […]}.',
  )
}

function unavailable(message: string): RunnerError {
  return new RunnerError('catalogue-unavailable', message)
}

function idOf(value: JsonValue): string | undefined {
  const id = isObject(value) ? value.get('id') : undefined
  return typeof id === 'string' ? id : undefined
}

function titleOf(value: JsonValue): string | undefined {
  if (!isObject(value)) return undefined
  const properties = value.get('properties')
  const title =
    value.get('title') ??
    value.get('label') ??
    (isObject(properties ?? null) ? titleOf(properties ?? null) : undefined)
  return typeof title === 'string' ? title : undefined
}
