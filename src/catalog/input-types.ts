import type { InputSchema } from '../notebook/inputs-schema.ts'
import { isObject, type JsonValue } from '../notebook/json.ts'

const TEXT: InputSchema = { type: 'string' }
const URL_TEXT: InputSchema = { type: 'string', format: 'uri' }

/**
 * The words that catalogues have for types, in lower case: those of the first design, of the platform's records, of
 * JSON Schema, and the names of our formats.
 */
const TYPES: ReadonlyMap<string, InputSchema> = new Map<string, InputSchema>([
  ['singleurl', URL_TEXT],
  ['urllist', { type: 'array', items: URL_TEXT, minItems: 1 }],
  ['bbox', { type: 'array', format: 'bbox', items: { type: 'number' }, minItems: 4, maxItems: 6 }],
  ['uri', URL_TEXT],
  ['url', URL_TEXT],
  ['raster', URL_TEXT],
  ['vector', URL_TEXT],
  ['netcdf', URL_TEXT],
  ['geotiff', URL_TEXT],
  ['wms', URL_TEXT],
  ['wfs', URL_TEXT],
  ['date', { type: 'string', format: 'date' }],
  ['date-time', { type: 'string', format: 'date-time' }],
  ['datetime', { type: 'string', format: 'date-time' }],
  ['interval', { type: 'string', format: 'interval' }],
  ['geojson', { type: 'string', format: 'geojson' }],
  ['stac-item', { type: 'string', format: 'stac-item' }],
  ['number', { type: 'number' }],
  ['float', { type: 'number' }],
  ['integer', { type: 'integer' }],
  ['int', { type: 'integer' }],
  ['boolean', { type: 'boolean' }],
  ['bool', { type: 'boolean' }],
  ['object', { type: 'object' }],
])

/**
 * The schema of a declared type, and of its `format` where that is a word we know; any other word is text, as the first
 * design has it. `items` are those of a list.
 */
export function schemaOfType(type: string, format?: string, items?: JsonValue): InputSchema {
  const word = type.toLowerCase()
  const formatted = format === undefined ? undefined : TYPES.get(format.toLowerCase())
  if (formatted?.format !== undefined) {
    // GeoJSON and STAC items reach the notebook as an object where the entry says so, as text otherwise.
    return formatted.type === 'string' && word === 'object' ? { ...formatted, type: 'object' } : formatted
  }
  if (word !== 'array' && word !== 'list') return TYPES.get(word) ?? TEXT
  return { type: 'array', items: items === undefined ? TEXT : schemaOfItems(items) }
}

function schemaOfItems(items: JsonValue): InputSchema {
  if (!isObject(items)) return schemaOfType(wordOf(items))
  const format = items.get('format')
  return schemaOfType(wordOf(items.get('type') ?? null), typeof format === 'string' ? format : undefined)
}

function wordOf(value: JsonValue): string {
  return typeof value === 'string' ? value : 'text'
}
