import type { Feature, GeoJSON, Polygon, Position } from 'geojson'

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
  return box !== undefined && isBoxOnEarth(box) ? box : undefined
}

/** Degrees that a map can show: a shape that crosses the antimeridian may go on beyond 180°. */
export const isOnEarth = (longitude: number, latitude: number): boolean =>
  Math.abs(longitude) <= 360 && Math.abs(latitude) <= 90

export const isBoxOnEarth = ([west, south, east, north]: Box): boolean =>
  isOnEarth(west, south) && isOnEarth(east, north)

export function boundsOf(points: readonly Position[]): Box {
  let [west, south, east, north] = [
    Number.POSITIVE_INFINITY,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ]
  // There may be more of them than a function takes arguments.
  for (const [x = Number.NaN, y = Number.NaN] of points) {
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
