import { crc32, deflateSync } from 'node:zlib'

/** A grey PNG of that size, `grey(x, y)` from 0 to 255; of nothing but black where there is none. */
export function png(
  width: number,
  height: number,
  grey?: (x: number, y: number) => number,
): Uint8Array<ArrayBuffer> {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header[8] = 8
  const rows = Buffer.alloc((width + 1) * height)
  if (grey !== undefined)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) rows[y * (width + 1) + 1 + x] = grey(x, y)
  const signature = Buffer.from('89504e470d0a1a0a', 'hex')
  const parts = [signature, chunk('IHDR', header), chunk('IDAT', deflateSync(rows)), chunk('IEND')]
  return new Uint8Array(Buffer.concat(parts))
}

function chunk(type: string, data: Buffer = Buffer.alloc(0)): Buffer {
  const body = Buffer.concat([Buffer.from(type), data])
  const framed = Buffer.alloc(body.length + 8)
  framed.writeUInt32BE(data.length, 0)
  body.copy(framed, 4)
  framed.writeUInt32BE(crc32(body), body.length + 4)
  return framed
}
