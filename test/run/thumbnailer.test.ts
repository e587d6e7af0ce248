import { imageSize } from 'image-size'
import { afterAll, expect, it } from 'vitest'
import { Thumbnailer } from '../../src/run/thumbnailer.ts'
import { png } from '../support/pictures.ts'

const thumbnailer = new Thumbnailer()
afterAll(() => thumbnailer[Symbol.asyncDispose]())

const make = (picture: Uint8Array<ArrayBuffer>) => thumbnailer.make(picture)
const noise = (x: number, y: number) => (x * 7919 + y * 104_729 + ((x * y) % 251) * 31) % 256

async function sizeOf(picture: Uint8Array<ArrayBuffer>) {
  const made = await make(picture)
  return made && { mediaType: made.mediaType, ...imageSize(made.image) }
}

it('makes a picture small, in its proportions', async () => {
  expect(await sizeOf(png(800, 600))).toMatchObject({ mediaType: 'image/webp', width: 213, height: 160 })
  expect(await sizeOf(png(3000, 20))).toMatchObject({ width: 256, height: 2 })
  expect(await sizeOf(png(20, 3000))).toMatchObject({ width: 1, height: 160 })
})

it('leaves a small one as large as it is', async () => {
  expect(await sizeOf(png(40, 30))).toMatchObject({ width: 40, height: 30 })
})

it('loses a little of what would be large without', async () => {
  const made = await make(png(1200, 750, noise))
  expect(made?.mediaType).toBe('image/jpeg')
  expect(made?.image.byteLength).toBeLessThan(40_000)
})

it.each([
  ['a picture of 100 million pixels in 100 kB', () => png(10_000, 10_000)],
  ['a file that says it has as many', () => damaged(png(2, 2), 16, [0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30])],
  ['a picture that breaks off', () => png(400, 300, noise).slice(0, 5_000)],
  ['a picture of nothing', () => damaged(png(2, 2), 16, [0, 0, 0, 0, 0, 0, 0, 0])],
  ['a script', () => new TextEncoder().encode('<script>alert(1)</script>')],
  [
    'an SVG',
    () => new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
  ],
  ['no bytes', () => new Uint8Array()],
])('makes nothing of %s, and goes on', async (_, picture) => {
  expect(await make(picture())).toBeUndefined()
  expect(await make(png(20, 10))).toBeDefined()
})

it('takes what comes at once in turn', async () => {
  const made = await Promise.all([make(png(9, 8)), make(new Uint8Array(3)), make(png(7, 6))])
  expect(made.map((one) => one && imageSize(one.image).width)).toEqual([9, undefined, 7])
})

function damaged(picture: Uint8Array<ArrayBuffer>, at: number, bytes: readonly number[]) {
  picture.set(bytes, at)
  return picture
}
