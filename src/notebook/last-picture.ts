import type { ExecutedNotebook } from './executed.ts'
import { isObject } from './json.ts'

/** Pictures made of pixels: of those nothing is ever run. The better kept by its type first. */
const RASTER_TYPES = ['image/png', 'image/jpeg', 'image/webp', 'image/gif']

/** Of the base64: a picture is hardly ever larger, and a larger one is not worth decoding for a glance. */
const MAX_CHARACTERS = 12 * 1024 * 1024

/** The bytes of the last picture that a run has brought about; undefined where there is none, or it is too large. */
export function lastPicture({ cells, outputs }: ExecutedNotebook): Uint8Array<ArrayBuffer> | undefined {
  for (const { index } of cells.toReversed()) {
    for (const output of outputs.shows(index).toReversed()) {
      const data = output.get('data')
      if (!isObject(data)) continue
      const type = RASTER_TYPES.find((raster) => data.has(raster))
      const base64 = type === undefined ? undefined : data.get(type)
      if (typeof base64 !== 'string') continue
      return base64.length > MAX_CHARACTERS ? undefined : bytesOf(base64)
    }
  }
  return undefined
}

/** Notebooks write base64 in lines. Whatever else is none is no picture either. */
function bytesOf(base64: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.fromBase64(base64)
  } catch {
    return undefined
  }
}
