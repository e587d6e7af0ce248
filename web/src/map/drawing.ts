import type { Geometry, Position } from 'geojson'
import { boundsOf, isOnEarth, type Shape } from './shape.ts'

/** What a map shows of GeoJSON, and in words what it does not. */
export interface Drawing {
  /** Undefined where nothing of it can be drawn. */
  readonly shape: Shape | undefined
  /** A sentence each. Empty where all of it is drawn. */
  readonly notes: readonly string[]
}

/** A map with more of them than this is slow to come and slow to move. */
const MAX_POSITIONS = 100_000

/** What came together so far. Lines and polygons are drawn whole or not at all: a part of one would be another one. */
interface Found {
  readonly points: Position[]
  readonly lines: Position[][]
  readonly polygons: Position[][][]
  positions: number
  /** Shapes that are left out. */
  tooMany: number
  notDegrees: number
  unreadable: number
}

/**
 * Reads GeoJSON (RFC 7946) that a stranger wrote. Only coordinates in degrees come through: what is handed to the map is
 * made anew here, and has no properties, no `crs` and nothing else of theirs. However deep collections lie in one another,
 * and however much there is, it takes as long as reading it once.
 */
export function drawingOf(data: unknown): Drawing {
  const found: Found = {
    points: [],
    lines: [],
    polygons: [],
    positions: 0,
    tooMany: 0,
    notDegrees: 0,
    unreadable: 0,
  }
  let namesSystem = false
  const left = [data]
  while (left.length > 0) {
    const object = left.pop()
    const type = member(object, 'type')
    namesSystem ||= hasOtherSystem(object)
    const inner =
      type === 'Feature'
        ? [member(object, 'geometry')]
        : type === 'FeatureCollection'
          ? member(object, 'features')
          : type === 'GeometryCollection'
            ? member(object, 'geometries')
            : undefined
    if (inner === undefined) addGeometry(found, type, member(object, 'coordinates'))
    else if (!Array.isArray(inner)) found.unreadable++
    // A feature without a place has the geometry null. The last is taken next, and the first should be.
    else for (const one of inner.toReversed()) if (one !== null) left.push(one)
  }
  const shape = shapeOf(found)
  return { shape, notes: notesOf(found, shape !== undefined, namesSystem) }
}

function addGeometry(found: Found, type: unknown, coordinates: unknown): void {
  const [, many, kind] =
    /^(Multi)?(Point|LineString|Polygon)$/.exec(typeof type === 'string' ? type : '') ?? []
  const add = kind === 'Point' ? addPoint : kind === 'LineString' ? addLine : addPolygon
  const parts = many === undefined ? [coordinates] : coordinates
  if (kind === undefined || !Array.isArray(parts)) found.unreadable++
  else for (const part of parts) add(found, part)
}

function addPoint(found: Found, coordinates: unknown): void {
  const positions = positionsIn(found, [coordinates])
  if (positions !== undefined) found.points.push(...positions)
}

function addLine(found: Found, coordinates: unknown): void {
  const positions = positionsIn(found, coordinates)
  if (positions !== undefined) found.lines.push(positions)
}

/** Its rings share what there is room for. */
function addPolygon(found: Found, coordinates: unknown): void {
  if (!Array.isArray(coordinates)) {
    found.unreadable++
    return
  }
  const rings: Position[][] = []
  const before = found.positions
  for (const ring of coordinates) {
    const positions = positionsIn(found, ring)
    if (positions === undefined) {
      found.positions = before
      return
    }
    rings.push(positions)
  }
  if (rings.length > 0) found.polygons.push(rings)
}

/** Undefined, and counted, where one of them is none or there is no room for them. */
function positionsIn(found: Found, list: unknown): Position[] | undefined {
  if (!Array.isArray(list)) {
    found.unreadable++
    return undefined
  }
  if (found.positions + list.length > MAX_POSITIONS) {
    found.tooMany++
    return undefined
  }
  const positions: Position[] = []
  for (const item of list) {
    const [longitude, latitude]: readonly unknown[] = Array.isArray(item) ? item : []
    if (typeof longitude !== 'number' || typeof latitude !== 'number') {
      found.unreadable++
      return undefined
    }
    if (!isOnEarth(longitude, latitude)) {
      found.notDegrees++
      return undefined
    }
    positions.push([longitude, latitude])
  }
  found.positions += positions.length
  return positions
}

function shapeOf({ points, lines, polygons, positions }: Found): Shape | undefined {
  if (positions === 0) return undefined
  const geometries: Geometry[] = [
    { type: 'MultiPolygon', coordinates: polygons },
    { type: 'MultiLineString', coordinates: lines },
    { type: 'MultiPoint', coordinates: points },
  ]
  return {
    data: {
      type: 'FeatureCollection',
      features: geometries.map((geometry) => ({ type: 'Feature', properties: {}, geometry })),
    },
    bounds: boundsOf([points, ...lines, ...polygons.flat()].flat()),
  }
}

function notesOf(found: Found, isDrawn: boolean, namesSystem: boolean): readonly string[] {
  const shapes = (count: number) => `${count.toLocaleString('en')} ${count === 1 ? 'shape' : 'shapes'}`
  return [
    found.notDegrees > 0 &&
      `Not drawn: ${shapes(found.notDegrees)} whose coordinates are not longitude and latitude in degrees.`,
    found.unreadable > 0 && `Not drawn: ${shapes(found.unreadable)} that are not as GeoJSON has them.`,
    found.tooMany > 0 &&
      `Not drawn: ${shapes(found.tooMany)}, since a map here has ${MAX_POSITIONS.toLocaleString('en')} points at most.`,
    isDrawn &&
      namesSystem &&
      'It names a coordinate system of its own (crs), which is not used: its coordinates are taken as degrees.',
  ].filter((note) => note !== false)
}

/** The 2008 form of GeoJSON could name a system, or an address to look it up at, where nobody looks. */
function hasOtherSystem(object: unknown): boolean {
  const crs = member(object, 'crs')
  if (crs === undefined || crs === null) return false
  const name = member(member(crs, 'properties'), 'name')
  return typeof name !== 'string' || !/(CRS84|EPSG:{1,2}4326)$/i.test(name)
}

/** Own ones only: names such as `__proto__` and `constructor` are a stranger's too. */
function member(object: unknown, name: string): unknown {
  if (typeof object !== 'object' || object === null) return undefined
  return Object.getOwnPropertyDescriptor(object, name)?.value
}
