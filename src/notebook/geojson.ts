import { isObject, JsonNumber, type JsonValue } from './json.ts'

/** What is wrong with a value, or undefined. */
type Problem = string | undefined

/** How deep collections may lie in one another; RFC 7946 (3.1.8) advises against even one level. */
const MAX_NESTING = 4

/**
 * RFC 7946: a Feature, a FeatureCollection or a geometry, with its members, positions of finite numbers, lines of two
 * positions and rings that are closed. Whether rings cross is not looked at.
 */
export function geojsonProblem(value: JsonValue): Problem {
  if (!isObject(value)) return 'GeoJSON is a JSON object'
  const type = value.get('type')
  if (type === 'Feature') return featureProblem(value)
  if (type !== 'FeatureCollection') return geometryProblem(value, 0)
  const features = value.get('features')
  if (!Array.isArray(features)) return 'a FeatureCollection has a list of features'
  return firstProblem(features, (feature) =>
    isObject(feature) && feature.get('type') === 'Feature' ? featureProblem(feature) : 'is no Feature',
  )
}

/** A STAC item (1.0 and 1.1): a GeoJSON Feature with an id, a version, links and assets. */
export function stacItemProblem(value: JsonValue): Problem {
  if (!isObject(value) || value.get('type') !== 'Feature') return 'a STAC item is a GeoJSON Feature'
  for (const name of ['id', 'stac_version']) {
    if (typeof value.get(name) !== 'string') return `a STAC item has a text "${name}"`
  }
  if (!isObject(value.get('properties') ?? null)) return 'a STAC item has an object "properties"'
  if (!Array.isArray(value.get('links'))) return 'a STAC item has a list "links"'
  if (!isObject(value.get('assets') ?? null)) return 'a STAC item has an object "assets"'
  return featureProblem(value)
}

function featureProblem(feature: ReadonlyMap<string, JsonValue>): Problem {
  const geometry = feature.get('geometry')
  const properties = feature.get('properties')
  if (geometry === undefined) return 'a Feature has a "geometry"'
  if (properties !== null && !isObject(properties)) return 'a Feature has "properties", an object or null'
  return geometry === null ? undefined : geometryProblem(geometry, 0)
}

const GEOMETRIES: ReadonlyMap<JsonValue | undefined, (coordinates: JsonValue) => Problem> = new Map([
  ['Point', positionProblem],
  ['MultiPoint', listOf(positionProblem)],
  ['LineString', lineProblem],
  ['MultiLineString', listOf(lineProblem)],
  ['Polygon', polygonProblem],
  ['MultiPolygon', listOf(polygonProblem)],
])

function geometryProblem(value: JsonValue, nesting: number): Problem {
  if (!isObject(value)) return 'a geometry is a JSON object'
  const type = value.get('type')
  if (type === 'GeometryCollection') {
    const geometries = value.get('geometries')
    if (!Array.isArray(geometries)) return 'a GeometryCollection has a list of geometries'
    if (nesting === MAX_NESTING)
      return `geometry collections lie more than ${MAX_NESTING} deep in one another`
    return firstProblem(geometries, (geometry) => geometryProblem(geometry, nesting + 1))
  }
  const check = GEOMETRIES.get(type)
  if (check === undefined)
    return `its type is ${typeof type === 'string' ? `"${type.slice(0, 40)}"` : 'missing'}`
  const coordinates = value.get('coordinates')
  return coordinates === undefined ? `a ${type} has "coordinates"` : check(coordinates)
}

function listOf(check: (value: JsonValue) => Problem): (value: JsonValue) => Problem {
  return (value) => (Array.isArray(value) ? firstProblem(value, check) : 'its coordinates are no list')
}

function firstProblem(values: readonly JsonValue[], check: (value: JsonValue) => Problem): Problem {
  for (const [index, value] of values.entries()) {
    const problem = check(value)
    if (problem !== undefined) return `${problem} (member ${index + 1} of a list)`
  }
  return undefined
}

function polygonProblem(value: JsonValue): Problem {
  if (!Array.isArray(value) || value.length === 0) return 'a polygon has a list of rings'
  return firstProblem(value, ringProblem)
}

function lineProblem(value: JsonValue): Problem {
  if (!Array.isArray(value) || value.length < 2) return 'a line has at least 2 positions'
  return firstProblem(value, positionProblem)
}

function ringProblem(value: JsonValue): Problem {
  if (!Array.isArray(value) || value.length < 4) return 'a ring has at least 4 positions'
  return firstProblem(value, positionProblem) ?? (isClosed(value) ? undefined : 'a ring ends where it starts')
}

function isClosed(ring: readonly JsonValue[]): boolean {
  const [first, last] = [numbers(ring[0]), numbers(ring.at(-1))]
  return first.length === last.length && first.every((number, index) => number === last[index])
}

function positionProblem(value: JsonValue): Problem {
  const position = numbers(value)
  return position.length >= 2 && position.every(Number.isFinite)
    ? undefined
    : 'a position is a list of at least 2 numbers'
}

/** NaN stands for what is no number. */
function numbers(value: JsonValue | undefined): number[] {
  if (!Array.isArray(value)) return []
  return value.map((item) => (item instanceof JsonNumber ? Number(item.raw) : Number.NaN))
}
