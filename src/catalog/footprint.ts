import proj4 from 'proj4'

type Box = readonly [number, number, number, number]

/** Degrees already, on datums that no map of this size tells apart. */
const GEOGRAPHIC = [4326, 4258, 4269, 4979]
const OTHERS: Readonly<Record<number, string>> = {
  3857: '+proj=merc +a=6378137 +b=6378137 +lat_ts=0 +lon_0=0 +x_0=0 +y_0=0 +k=1 +units=m +no_defs',
  3035: '+proj=laea +lat_0=52 +lon_0=10 +x_0=4321000 +y_0=3210000 +ellps=GRS80 +units=m +no_defs',
  27700:
    '+proj=tmerc +lat_0=49 +lon_0=-2 +k=0.9996012717 +x_0=400000 +y_0=-100000 +ellps=airy +towgs84=446.448,-125.157,542.06,0.15,0.247,0.842,-20.489 +units=m +no_defs',
}
/** Points along each edge: an edge that is straight here is bent there. */
const STEPS = 8

/**
 * Where a box of a coordinate system lies: west, south, east, north in degrees.
 * @param code EPSG; undefined is returned for systems that are not known here
 */
export function footprint(code: number, box: Box): Box | undefined {
  const [west, south, east, north] = box
  if (GEOGRAPHIC.includes(code)) return isOnEarth(box) ? box : undefined
  const definition = OTHERS[code] ?? utm(code)
  if (definition === undefined) return undefined
  const points = Array.from({ length: STEPS + 1 }, (_, index) => index / STEPS).flatMap((at) => [
    [west + (east - west) * at, south],
    [west + (east - west) * at, north],
    [west, south + (north - south) * at],
    [east, south + (north - south) * at],
  ])
  const found = points.map((point) => proj4(definition, 'WGS84', point))
  const [xs, ys] = [found.map(([x]) => x ?? Number.NaN), found.map(([, y]) => y ?? Number.NaN)]
  const bounds: Box = [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)]
  return isOnEarth(bounds) ? bounds : undefined
}

/** WGS 84 (326zz north, 327zz south) and ETRS89 (258zz). */
function utm(code: number): string | undefined {
  const [, system, zone] = /^(326|327|258)(\d\d)$/.exec(String(code)) ?? []
  if (system === undefined || Number(zone) < 1 || Number(zone) > 60) return undefined
  return `+proj=utm +zone=${Number(zone)} ${system === '327' ? '+south ' : ''}+datum=WGS84 +units=m +no_defs`
}

const isOnEarth = ([west, south, east, north]: Box): boolean =>
  [west, south, east, north].every(Number.isFinite) &&
  west >= -181 &&
  east <= 361 &&
  south >= -91 &&
  north <= 91
