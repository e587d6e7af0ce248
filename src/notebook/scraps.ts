import type { ExecutedNotebook } from './executed.ts'
import { isObject, type JsonObject, type JsonValue } from './json.ts'

const SCRAP = /^application\/scrapbook\.scrap\.([^/]+)\+json$/

/** What is shown under a name, without being a value: the first of these that there is. Text, or base64. */
const DISPLAYS: ReadonlyArray<readonly [mediaType: string, isBinary: boolean]> = [
  ['image/png', true],
  ['image/jpeg', true],
  ['image/svg+xml', false],
  ['application/geo+json', false],
  ['application/json', false],
  ['text/html', false],
  ['text/markdown', false],
  ['text/plain', false],
]

/**
 * The values that a notebook has named by scrapbook's `glue` (https://nteract-scrapbook.readthedocs.io), by name, in the
 * order in which they were first named; the last value of a name counts. What scrapbook keeps as JSON or text is that
 * value. Other encodings (a table as Parquet in base64) and what was only shown are OGC's qualified values: `value`,
 * `mediaType`, `encoding`.
 */
export function scrapsOf({ cells, outputs }: ExecutedNotebook): ReadonlyMap<string, JsonValue> {
  const scraps = new Map<string, JsonValue>()
  for (const { index } of cells) {
    for (const output of outputs.shows(index)) {
      const data = output.get('data')
      if (!isObject(data)) continue
      const named = [...data].flatMap(([mediaType, payload]) => namedIn(mediaType, payload))
      for (const [name, value] of named) scraps.set(name, value)
      const shown = nameShown(output)
      if (shown === undefined || named.length > 0 || scraps.has(shown)) continue
      const value = shownIn(data)
      if (value !== undefined) scraps.set(shown, value)
    }
  }
  return scraps
}

function namedIn(mediaType: string, payload: JsonValue): ReadonlyArray<readonly [string, JsonValue]> {
  const encoder = SCRAP.exec(mediaType)?.[1]
  if (encoder === undefined || !isObject(payload)) return []
  const [name, value] = [payload.get('name'), payload.get('data')]
  if (typeof name !== 'string' || value === undefined) return []
  if (encoder === 'json' || encoder === 'text') return [[name, value]]
  if (encoder === 'pandas') return [[name, qualified(value, 'application/vnd.apache.parquet', true)]]
  return [[name, qualified(value, `application/vnd.scrapbook.${encoder}+json`, false)]]
}

/** The name under which an output is shown: `glue(…, display=True)`. */
function nameShown(output: JsonObject): string | undefined {
  const metadata = output.get('metadata')
  const scrap = isObject(metadata) ? metadata.get('scrapbook') : undefined
  const name = isObject(scrap) && scrap.get('display') === true ? scrap.get('name') : undefined
  return typeof name === 'string' ? name : undefined
}

function shownIn(data: JsonObject): JsonValue | undefined {
  for (const [mediaType, isBinary] of DISPLAYS) {
    const value = data.get(mediaType)
    if (value !== undefined) return qualified(value, mediaType, isBinary)
  }
  return undefined
}

const qualified = (value: JsonValue, mediaType: string, isBinary: boolean): JsonObject =>
  new Map<string, JsonValue>([
    ['value', value],
    ['mediaType', mediaType],
    ...(isBinary ? [['encoding', 'base64'] as const] : []),
  ])
