import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { decode } from 'fast-png'
import { fromCustomClient } from 'geotiff'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { previewCog } from '../../src/catalog/cog-preview.ts'
import { footprint } from '../../src/catalog/footprint.ts'
import { Previews } from '../../src/catalog/previews.ts'
import { RangeClient } from '../../src/catalog/range-client.ts'
import { previewStac } from '../../src/catalog/stac-preview.ts'
import { startHttpServer, type TestServer } from '../support/http-server.ts'
import { tempFolder } from '../support/temp-folder.ts'

const SCENE = join(import.meta.dirname, '../../examples/data/scene.tif')
const OWN = 'http://runner.example/examples/data/'
const folder = await tempFolder()
let server: TestServer

beforeAll(async () => {
  server = await startHttpServer()
  await writeFile(join(folder.path, 'broken.tif'), (await readFile(SCENE)).subarray(0, 3000))
  await writeFile(join(folder.path, 'text.tif'), 'no image')
})
afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

const previews = (hosts: readonly string[] = ['*']) =>
  new Previews({
    hosts,
    ownFile: (url) => {
      if (url === `${OWN}scene.tif`) return SCENE
      return url.startsWith(OWN) ? join(folder.path, url.slice(OWN.length)) : undefined
    },
  })

describe('the preview of an image', () => {
  it('tells its size, place and system, and shows it small', async () => {
    const { picture = '', ...told } = await previews().of(`${OWN}scene.tif`)
    expect(told).toEqual({
      kind: 'cog',
      bytes: (await readFile(SCENE)).byteLength,
      width: expect.any(Number),
      height: expect.any(Number),
      bands: 4,
      crs: expect.stringMatching(/^EPSG:\d+$/),
      bbox: expect.arrayContaining([expect.any(Number)]),
    })
    const [west = 0, south = 0, east = 0, north = 0] = told.bbox ?? []
    expect(west < -4.4 && east > -4.5 && south < 53.2 && north > 53.1).toBe(true)
    const { width, height, channels } = decode(Buffer.from(picture.split(',')[1] ?? '', 'base64'))
    expect({ channels, side: Math.max(width, height) }).toEqual({ channels: 4, side: 256 })
  })

  it('reads parts of the file only, wherever it lies', async () => {
    const file = await readFile(SCENE)
    const parts: number[] = []
    server.on('/scene.tif', (request, response) => {
      const [, from = '', to = ''] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? []
      const part = file.subarray(Number(from), Number(to) + 1)
      parts.push(part.byteLength)
      const range = `bytes ${from}-${Number(from) + part.byteLength - 1}/${file.byteLength}`
      response.writeHead(206, { 'content-range': range }).end(part)
    })
    const client = new RangeClient(`${server.origin}/scene.tif`, {
      allowedHosts: [],
      ownOrigin: server.origin,
    })
    const preview = await previewCog(await fromCustomClient(client), file.byteLength)
    expect(preview).toEqual(await previews().of(`${OWN}scene.tif`))
    expect(Math.max(...parts)).toBeLessThanOrEqual(file.byteLength)
  })

  it.each([
    ['a file that ends too early', `${OWN}broken.tif`, 'broken'],
    ['what is none', `${OWN}text.tif`, 'broken'],
    ['what is not there', `${OWN}none.tif`, 'broken'],
    ['what is no URL', 'x', 'not a URL'],
    ['a file of this machine', 'file:///etc/passwd', 'only http and https'],
    ['a bucket', 's3://bucket/a.tif', 'only http and https'],
    ['this machine', 'http://127.0.0.1:1/a.tif', 'not a public one'],
    ['this machine in other digits', 'http://2130706433/a.tif', 'not a public one'],
    ['the address of credentials', 'http://169.254.169.254/latest/meta-data', 'not a public one'],
    ['a private address', 'http://[fd00:ec2::254]/a.tif', 'not a public one'],
    ['an address with a password', 'http://u:p@data.example/a.tif', 'password'],
  ])('is refused for %s', async (_, url, reason) => {
    await expect(previews().of(url)).rejects.toMatchObject({
      code: 'no-preview',
      message: expect.stringContaining(reason),
    })
  })

  it('asks nobody where no host is listed', async () => {
    await expect(previews([]).of('https://data.example/a.tif')).rejects.toMatchObject({
      code: 'no-preview',
      message: expect.stringContaining('PREVIEW_HOSTS'),
    })
  })
})

describe('the preview of a STAC item', () => {
  const item = {
    type: 'Feature',
    stac_version: '1.0.0',
    id: 'S2A',
    bbox: [-4.5, 53.1, -4.4, 53.2],
    properties: { datetime: '2024-05-31T11:00:00Z' },
    assets: { thumbnail: { href: './small.png' }, visual: { href: 'https://data.example/a.tif' } },
  }

  it('tells its place, time and files, with its thumbnail', async () => {
    const png = Buffer.from('89504e470d0a1a0a', 'hex')
    server.on('/small.png', (_request, response) => response.end(png))
    const policy = { allowedHosts: [], ownOrigin: server.origin }
    expect(await previewStac(JSON.stringify(item), `${server.origin}/item.json`, policy)).toEqual({
      kind: 'stac-item',
      title: 'S2A',
      bbox: [-4.5, 53.1, -4.4, 53.2],
      date: '2024-05-31T11:00:00Z',
      assets: 2,
      picture: `data:image/png;base64,${png.toString('base64')}`,
    })
  })

  it('is one without a picture that cannot be had, and none of other JSON', async () => {
    const policy = { allowedHosts: [] }
    expect(
      await previewStac(JSON.stringify(item), 'https://data.example/item.json', policy),
    ).not.toHaveProperty('picture')
    await expect(previewStac('{"type":"Feature"}', 'https://data.example/', policy)).rejects.toMatchObject({
      code: 'no-preview',
    })
  })
})

describe('where an image lies', () => {
  it.each([
    [4326, [-4.5, 53.1, -4.4, 53.2], [-4.5, 53.1, -4.4, 53.2]],
    [3857, [0, 0, 111_319.49, 111_325.14], [0, 0, 1, 1]],
    // From the guide to the British grid: the origin of the square TF, and the tower at its middle.
    [27700, [651_409, 313_177, 651_410, 313_178], [1.716, 52.658, 1.716, 52.658]],
    [32630, [500_000, 0, 500_001, 1], [-3, 0, -3, 0]],
    [32730, [500_000, 9_999_999, 500_001, 10_000_000], [-3, 0, -3, 0]],
  ] as const)('is told in degrees for EPSG:%i', (code, box, degrees) => {
    const found = footprint(code, box) ?? []
    for (const [index, expected] of degrees.entries()) expect(found[index]).toBeCloseTo(expected, 2)
  })

  it('is not told for systems that are not known, nor for what is not on Earth', () => {
    expect(footprint(2000, [0, 0, 1, 1])).toBeUndefined()
    expect(footprint(32661, [0, 0, 1, 1])).toBeUndefined()
    expect(footprint(4326, [0, 0, 500, 500])).toBeUndefined()
  })
})
