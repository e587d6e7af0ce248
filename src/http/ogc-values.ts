import { isObject, type JsonObject, type JsonValue } from '../notebook/json.ts'

const QUALIFIERS = new Set(['value', 'mediaType', 'encoding', 'schema', 'format'])
const LINK = new Set(['href', 'rel', 'type', 'hreflang', 'title'])
const BBOX = new Set(['bbox', 'crs'])
/** Longitude and latitude, with and without height: what a bounding box is in here. */
const CRS84 = /^http:\/\/www\.opengis\.net\/def\/crs\/OGC\/(1\.3\/CRS84|0\/CRS84h)$/

/**
 * The plain value of an input as OGC API – Processes, Part 1 writes it (execute.yaml): of a qualified value its `value`;
 * of an input by reference its address, which a notebook reads itself; of a bounding box its numbers. All else, and each
 * of a list, is what it is. A box in another reference system stays as it is, and is refused by the schema.
 */
export function plainValue(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(plainValue)
  if (!isObject(value)) return value
  const inner = value.get('value')
  if (inner !== undefined && hasOnly(value, QUALIFIERS)) return inner
  const href = value.get('href')
  if (typeof href === 'string' && hasOnly(value, LINK)) return href
  const bbox = value.get('bbox')
  const crs = value.get('crs')
  const known = crs === undefined || (typeof crs === 'string' && CRS84.test(crs))
  return Array.isArray(bbox) && known && hasOnly(value, BBOX) ? bbox : value
}

const hasOnly = (value: JsonObject, names: ReadonlySet<string>): boolean =>
  [...value.keys()].every((name) => names.has(name))
