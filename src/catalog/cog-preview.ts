import { encode } from 'fast-png'
import type { GeoTIFF, GeoTIFFImage } from 'geotiff'
import { footprint } from './footprint.ts'
import type { Preview } from './preview.ts'

/** Pixels of the picture's longer side. */
const PICTURE = 256
/** Pixels that are decoded for it at most: an image without overviews has none. */
const MAX_PIXELS = 4_000_000
/** More images in one file than any pyramid has. */
const MAX_IMAGES = 20

/** What the header of a GeoTIFF says, and a picture of its smallest overview that has enough pixels. */
export async function previewCog(tiff: GeoTIFF, bytes: number): Promise<Preview> {
  const image = await tiff.getImage(0)
  const [width, height, bands] = [image.getWidth(), image.getHeight(), image.getSamplesPerPixel()]
  const code = epsgOf(image)
  const box = boxOf(image)
  const bbox = code === undefined || box === undefined ? undefined : footprint(code, box)
  const date = await dateOf(image)
  const picture = await pictureOf(await overviewOf(tiff, image))
  return {
    kind: 'cog',
    bytes,
    width,
    height,
    bands,
    ...(code !== undefined && { crs: `EPSG:${code}` }),
    ...(bbox !== undefined && { bbox }),
    ...(date !== undefined && { date }),
    ...(picture !== undefined && { picture }),
  }
}

/** 32767 is a system that is described in the file itself. */
function epsgOf(image: GeoTIFFImage): number | undefined {
  const keys = image.getGeoKeys()
  const code: unknown = keys?.ProjectedCSTypeGeoKey ?? keys?.GeographicTypeGeoKey
  return typeof code === 'number' && code !== 32767 ? code : undefined
}

function boxOf(image: GeoTIFFImage): readonly [number, number, number, number] | undefined {
  try {
    const [west, south, east, north] = image.getBoundingBox()
    if (west === undefined || south === undefined || east === undefined || north === undefined)
      return undefined
    return [west, south, east, north]
  } catch {
    // It lies nowhere.
    return undefined
  }
}

/** TIFF 6.0, page 31: `YYYY:MM:DD HH:MM:SS`, without a zone. */
async function dateOf(image: GeoTIFFImage): Promise<string | undefined> {
  const text: unknown = await image.getFileDirectory().loadValue('DateTime')
  const [, year, month, day] = /^(\d{4}):(\d\d):(\d\d) /.exec(typeof text === 'string' ? text : '') ?? []
  return year === undefined ? undefined : `${year}-${month}-${day}`
}

async function overviewOf(tiff: GeoTIFF, first: GeoTIFFImage): Promise<GeoTIFFImage | undefined> {
  const count = Math.min(await tiff.getImageCount(), MAX_IMAGES)
  let best = first
  for (let index = 1; index < count; index++) {
    const image = await tiff.getImage(index)
    const same = image.getSamplesPerPixel() === first.getSamplesPerPixel()
    const side = Math.max(image.getWidth(), image.getHeight())
    if (same && side >= PICTURE && side < Math.max(best.getWidth(), best.getHeight())) best = image
  }
  return best.getWidth() * best.getHeight() <= MAX_PIXELS ? best : undefined
}

/** The first three bands, or the first, each from its 2nd to its 98th percentile. */
async function pictureOf(image: GeoTIFFImage | undefined): Promise<string | undefined> {
  if (image === undefined) return undefined
  const scale = Math.min(1, PICTURE / Math.max(image.getWidth(), image.getHeight()))
  const width = Math.max(1, Math.round(image.getWidth() * scale))
  const height = Math.max(1, Math.round(image.getHeight() * scale))
  const bands = image.getSamplesPerPixel() >= 3 ? [0, 1, 2] : [0]
  const rasters = await image.readRasters({ width, height, samples: bands, interleave: false })
  const nodata = image.getGDALNoData()
  const isValue = (value: number) => Number.isFinite(value) && value !== nodata
  const pixels = new Uint8Array(width * height * 4)
  for (const [band, raster] of rasters.entries()) {
    const values = Array.from(raster, Number)
    const sorted = values.filter(isValue).sort((a, b) => a - b)
    const low = sorted[Math.floor(sorted.length * 0.02)] ?? 0
    const high = sorted[Math.floor(sorted.length * 0.98)] ?? 1
    for (const [at, value] of values.entries()) {
      const shade = Math.round(((value - low) / (high - low || 1)) * 255)
      for (const channel of rasters.length === 1 ? [0, 1, 2] : [band])
        pixels[at * 4 + channel] = Math.max(0, Math.min(255, shade))
      if (isValue(value)) pixels[at * 4 + 3] = 255
    }
  }
  const png = encode({ width, height, data: pixels, channels: 4 })
  return `data:image/png;base64,${Buffer.from(png).toString('base64')}`
}
