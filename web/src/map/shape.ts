import type { Feature, GeoJSON, Polygon } from 'geojson'
import * as v from 'valibot'

/** West, south, east, north in degrees. */
export type Box = readonly [west: number, south: number, east: number, north: number]

export interface Shape {
  readonly data: GeoJSON
  readonly bounds: Box
}

/** A west that is greater than the east crosses the antimeridian: it is drawn on beyond 180°. */
const unrolled = ([west, south, east, north]: Box): Box => [
  west,
  south,
  west > east ? east + 360 : east,
  north,
]

export function boxFeature(box: Box): Feature<Polygon> {
  const [west, south, east, north] = unrolled(box)
  const ring = [
    [west, south],
    [east, south],
    [east, north],
    [west, north],
    [west, south],
  ]
  return { type: 'Feature', properties: {}, geometry: { type: 'Polygon', coordinates: [ring] } }
}

/** A bounding box by its text; undefined where it is none yet. */
export function shapeOfBox(text: string): Shape | undefined {
  const box = boxIn(text)
  return box && { data: boxFeature(box), bounds: unrolled(box) }
}

/** An area by its text. What is no GeoJSON at all is not shown; the server says what is wrong with it. */
export function shapeOfGeoJson(text: string): Shape | undefined {
  try {
    return shapeOfData(JSON.parse(text))
  } catch {
    return undefined
  }
}

/** Undefined where it is no GeoJSON, or nothing is in it. */
export function shapeOfData(data: unknown): Shape | undefined {
  if (!v.is(geoJson, data)) return undefined
  const points = pointsIn(data)
  return points.length === 0 ? undefined : { data, bounds: boundsOf(points) }
}

const TYPES = /^(Feature|FeatureCollection|GeometryCollection|(Multi)?(Point|LineString|Polygon))$/
const geoJson = v.custom<GeoJSON>(
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    'type' in value &&
    typeof value.type === 'string' &&
    TYPES.test(value.type),
)

/** Every pair of numbers in it, however deep. */
function pointsIn(value: unknown): ReadonlyArray<readonly [number, number]> {
  if (Array.isArray(value)) {
    const [x, y]: readonly unknown[] = value
    if (typeof x === 'number' && typeof y === 'number') return [[x, y]]
    return value.flatMap(pointsIn)
  }
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) =>
    ['coordinates', 'geometry', 'geometries', 'features'].includes(name) ? pointsIn(inner) : [],
  )
}

/** The four numbers of a text such as `-4.5,53.1,-4.4,53.2` (of six, those that are no heights). */
function boxIn(text: string): Box | undefined {
  const numbers = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)))
  const [west, south, third, fourth, fifth] = numbers
  if (west === undefined || south === undefined || third === undefined || fourth === undefined)
    return undefined
  const box: Box | undefined =
    numbers.length === 4
      ? [west, south, third, fourth]
      : numbers.length === 6 && fifth !== undefined
        ? [west, south, fourth, fifth]
        : undefined
  return box?.every(Number.isFinite) && Math.abs(box[1]) <= 90 && Math.abs(box[3]) <= 90 ? box : undefined
}

export function boundsOf(points: ReadonlyArray<readonly [number, number]>): Box {
  let [west, south, east, north] = [
    Number.POSITIVE_INFINITY,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ]
  // There may be more of them than a function takes arguments.
  for (const [x, y] of points) {
    west = Math.min(west, x)
    south = Math.min(south, y)
    east = Math.max(east, x)
    north = Math.max(north, y)
  }
  return [west, south, east, north]
}

/** Within ±180°, with as many digits as can be seen at the zoom. */
export function normalBox([west, south, east, north]: Box, zoom: number): Box {
  const digits = Math.min(6, Math.max(1, Math.round(zoom / 3.3) + 1))
  const round = (degrees: number) => Number(degrees.toFixed(digits))
  const wrap = (degrees: number) => round(((((degrees + 180) % 360) + 360) % 360) - 180)
  if (east - west >= 360) return [-180, round(south), 180, round(north)]
  return [wrap(west), round(south), wrap(east), round(north)]
}
