import { parentPort } from 'node:worker_threads'
import { PhotonImage, resize, SamplingFilter } from '@silvia-odwyer/photon-node'
import { imageSize } from 'image-size'
import type { Thumbnail } from './thumbnail.ts'

/** What the history shows, twice as large for screens with small pixels. */
const BOX = { width: 256, height: 160 }
/** A figure of 30 by 40 cm at 200 points an inch has 7.4 million; 12 take about 150 MB while they are decoded. */
const MAX_PIXELS = 12_000_000
/** Plots are smaller without loss; what is not is a photograph, or like one. */
const MAX_LOSSLESS = 16 * 1024
const JPEG_QUALITY = 80
const TYPES: ReadonlySet<string> = new Set(['png', 'jpg', 'webp', 'gif'])

parentPort?.on('message', (picture: Uint8Array<ArrayBuffer>) => {
  parentPort?.postMessage(thumbnailOf(picture))
})

/** Undefined where the picture has more pixels than may be decoded, whatever its file says it is. Throws for what is no picture. */
function thumbnailOf(picture: Uint8Array<ArrayBuffer>): Thumbnail | undefined {
  const { width, height, type } = imageSize(picture)
  if (type === undefined || !TYPES.has(type) || width * height > MAX_PIXELS) return undefined
  using images = new DisposableStack()
  const kept = (image: PhotonImage) => images.adopt(image, (one) => one.free())
  const image = kept(PhotonImage.new_from_byteslice(picture))
  const scale = Math.min(1, BOX.width / image.get_width(), BOX.height / image.get_height())
  const size = (pixels: number) => Math.max(1, Math.round(pixels * scale))
  const small = kept(
    resize(image, size(image.get_width()), size(image.get_height()), SamplingFilter.Triangle),
  )
  const lossless = small.get_bytes_webp()
  if (lossless.byteLength <= MAX_LOSSLESS) return { mediaType: 'image/webp', image: lossless }
  const opaque = onWhite(small.get_raw_pixels())
  const flat = kept(new PhotonImage(opaque, small.get_width(), small.get_height()))
  return { mediaType: 'image/jpeg', image: flat.get_bytes_jpeg(JPEG_QUALITY) }
}

/** JPEG knows nothing of transparency. `pixels` are red, green, blue and alpha. */
function onWhite(pixels: Uint8Array): Uint8Array {
  return pixels.map((value, index) => {
    const alpha = pixels[index - (index % 4) + 3] ?? 255
    return index % 4 === 3 ? 255 : Math.round((value * alpha + 255 * (255 - alpha)) / 255)
  })
}
