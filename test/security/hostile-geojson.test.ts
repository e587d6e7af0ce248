import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { startHttpServer, type TestServer } from '../support/http-server.ts'
import { notebookOf } from '../support/notebook-folder.ts'
import { temporaryDataDir } from '../support/postgres.ts'
import { startRunner, type TestRunner } from '../support/runner.ts'
import { endOf, startedRun } from '../support/started-run.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { openPage, type WebPage } from '../support/web-page.ts'

const NOT_DEGREES = /^Not drawn: (\d+) shapes? whose coordinates are not longitude and latitude in degrees\.$/
const NOT_GEOJSON = /^Not drawn: (\d+) shapes? that are not as GeoJSON has them\.$/

interface Case {
  readonly name: string
  /** In Python. `EVIL` is a server of theirs, `point` a point in Wales, `RAW` what would run where it stood unescaped. */
  readonly data: string
  readonly isDrawn: boolean
  /** What the page says is missing, in this order. */
  readonly says: readonly RegExp[]
}

const CASES: readonly Case[] = [
  {
    name: 'script in names and properties',
    data: '{"type": "Feature", "id": RAW, RAW: RAW, "properties": {"name": RAW, RAW: RAW, "description": RAW, "marker-symbol": "EVIL/marker.png"}, "geometry": point}',
    isDrawn: true,
    says: [],
  },
  {
    name: 'names of prototypes',
    data: '{"__proto__": {"type": "Point", "owned": 1}, "constructor": {"prototype": {"owned": 1}}, "type": "Feature", "properties": {"__proto__": {"owned": 1}}, "geometry": {**point, "__proto__": {"coordinates": [9, 9]}}}',
    isDrawn: true,
    says: [],
  },
  {
    name: 'a type that is not its own',
    data: '{"__proto__": {"type": "Point", "coordinates": [1, 2]}}',
    isDrawn: false,
    says: [NOT_GEOJSON],
  },
  {
    name: 'a type that is no text',
    data: '{"type": {"toString": 1}, "coordinates": {"length": 3}}',
    isDrawn: false,
    says: [NOT_GEOJSON],
  },
  {
    name: 'numbers that are none',
    data: '{"type": "MultiPoint", "coordinates": [[float("nan"), 1], [1, float("inf")], [-4, 53]]}',
    isDrawn: true,
    says: [NOT_GEOJSON],
  },
  {
    name: 'huge numbers',
    data: '{"type": "GeometryCollection", "geometries": [{"type": "Point", "coordinates": [1e308, 1e308]}, {"type": "LineString", "coordinates": [[0, 0], [-1e308, 1]]}, {"type": "Polygon", "coordinates": [[[0, 0], [1, 91], [1, 1], [0, 0]]]}]}',
    isDrawn: false,
    says: [NOT_DEGREES],
  },
  {
    name: 'metres, as of a projection',
    data: '{"type": "Point", "coordinates": [421000, 5886000], "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32630"}}}',
    isDrawn: false,
    says: [NOT_DEGREES],
  },
  {
    name: 'a system that is to be looked up elsewhere',
    data: '{"type": "FeatureCollection", "crs": {"type": "link", "properties": {"href": "EVIL/crs.proj4", "type": "proj4"}}, "features": [{"type": "Feature", "properties": None, "geometry": point}]}',
    isDrawn: true,
    says: [/^It names a coordinate system of its own \(crs\), which is not used/],
  },
  {
    name: 'the usual system, named',
    data: '{"type": "Feature", "properties": {}, "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}, "geometry": point}',
    isDrawn: true,
    says: [],
  },
  { name: 'an address instead of data', data: '"EVIL/data.geojson"', isDrawn: false, says: [NOT_GEOJSON] },
  {
    name: 'addresses instead of coordinates',
    data: '{"type": "FeatureCollection", "features": ["EVIL/f", {"type": "Feature", "geometry": "EVIL/g"}, {"type": "Point", "coordinates": "EVIL/c"}, {"type": "Point", "coordinates": ["EVIL/x", "EVIL/y"]}]}',
    isDrawn: false,
    says: [NOT_GEOJSON],
  },
  {
    name: 'wrong types everywhere',
    data: '[None, 1, True, [], {}, {"type": "Feature"}, {"type": "Polygon", "coordinates": [[1, 2], [3, 4]]}, {"type": "MultiPolygon", "coordinates": {"0": [1, 2]}}]',
    isDrawn: false,
    says: [NOT_GEOJSON],
  },
  {
    name: 'coordinates in too many lists',
    data: '{"type": "Polygon", "coordinates": deep([1, 2], lambda inner: [inner], 150)}',
    isDrawn: false,
    says: [NOT_GEOJSON],
  },
  {
    name: 'collections that lie deep in one another',
    data: 'deep(point, lambda inner: {"type": "GeometryCollection", "geometries": [inner]}, 150)',
    isDrawn: true,
    says: [],
  },
  {
    name: 'more points than a map takes',
    data: '{"type": "MultiPoint", "coordinates": [[i % 360 - 180, i % 180 - 90] for i in range(600_000)]}',
    isDrawn: true,
    says: [/^Not drawn: 500,000 shapes, since a map here has 100,000 points at most\.$/],
  },
  {
    name: 'a line of more points than a map takes, and a short one',
    data: '{"type": "MultiLineString", "coordinates": [[[i % 360 - 180, i % 170 - 85] for i in range(100_001)], [[0, 50], [1, 51]]]}',
    isDrawn: true,
    says: [/^Not drawn: 1 shape, since/],
  },
  { name: 'nothing', data: '{"type": "FeatureCollection", "features": []}', isDrawn: false, says: [] },
]

const RAW = '"><script>owned()</script><img src=x onerror=owned()><a href="javascript:owned()">x</a>'
const PRELUDE = (evil: string) => `import sys
from IPython.display import display
RAW = ${JSON.stringify(RAW)}
point = {"type": "Point", "coordinates": [-4.4, 53.2]}
def deep(inner, around, times):
    for _ in range(times):
        inner = around(inner)
    return inner
def geo(data):
    display({"application/geo+json": data, "text/plain": "as text"}, raw=True)
evil = ${JSON.stringify(evil)}`

let stack: AsyncDisposableStack
let evil: TestServer
let runner: TestRunner
let browser: Browser

beforeAll(async () => {
  stack = new AsyncDisposableStack()
  evil = stack.use(await startHttpServer())
  const folder = stack.use(await temporaryDataDir())
  const catalogue = stack.use(await tempFolder())
  const cells = CASES.map(({ data }) => `geo(${data.replaceAll('EVIL', evil.origin)})`)
  const notebooks = {
    hostile: [PRELUDE(evil.origin), ...cells],
    many: [PRELUDE(evil.origin), 'for _ in range(300):\n    geo(point)'],
    deepest: [
      PRELUDE(evil.origin),
      'sys.setrecursionlimit(100_000)\ngeo(deep(point, lambda inner: {"type": "GeometryCollection", "geometries": [inner]}, 1_000))',
      'print("what comes " + "later")',
    ],
  }
  for (const [id, sources] of Object.entries(notebooks))
    await writeFile(join(catalogue.path, `${id}.ipynb`), notebookOf(sources))
  const inputSpec = { area: { type: 'bbox', label: 'Area' }, field: { type: 'geojson', label: 'Field' } }
  const entries = Object.keys(notebooks).map((id) => ({ id, file: `${id}.ipynb`, inputSpec }))
  await writeFile(join(catalogue.path, 'catalogue.json'), JSON.stringify(entries))
  runner = stack.use(await startRunner({ DATA_DIR: folder.path, CONFIG_URL: catalogue.path }))
  browser = await launchBrowser()
  stack.defer(() => browser.close())
}, 240_000)
afterAll(() => stack?.disposeAsync())

/** A page on which `owned()` tells on whoever calls it. */
async function watched(path: string): Promise<WebPage & { readonly owned: readonly string[] }> {
  const opened = await openPage(browser, runner, '/processes')
  const owned: string[] = []
  await opened.page.exposeFunction('owned', () => owned.push('a script ran'))
  await opened.page.goto(`${runner.url}${path}`)
  return { ...opened, owned }
}

async function ended(id: string): Promise<string> {
  const run = await startedRun(runner, id)
  await endOf(runner, run)
  return `/jobs/${run}`
}

it('GeoJSON of a stranger is drawn as coordinates and as nothing else, and what cannot be is said', {
  timeout: 240_000,
}, async () => {
  await using opened = await watched(await ended('hostile'))
  const { page, faults, owned } = opened
  await page.getByRole('status').filter({ hasText: 'Succeeded' }).waitFor()
  for (const [index, { name, isDrawn, says }] of CASES.entries()) {
    const place = page.locator(`[data-cell="${index + 2}"]`)
    await expect
      .poll(async () => {
        if ((await place.count()) > 0) return true
        await page.mouse.wheel(0, 300)
        return false
      })
      .toBe(true)
    await place.scrollIntoViewIfNeeded()
    const outputs = place.locator('.cell-outputs')
    await outputs.waitFor()
    if (isDrawn) {
      await outputs.locator('.area-map[data-ready=true]').waitFor()
      expect([name, await outputs.locator('iframe').count()]).toEqual([name, 0])
    } else {
      await outputs.locator('iframe').waitFor()
      expect([name, await outputs.locator('.area-map').count()]).toEqual([name, 0])
    }
    const notes = outputs.locator('.cell-outputs-note')
    await expect
      .poll(async () => [name, await notes.allTextContents()])
      .toEqual([name, says.map((words) => expect.stringMatching(words))])
  }
  // The page goes on: what is above is there as before.
  await page.evaluate('window.scrollTo(0, 0)')
  await page.locator('[data-cell="2"] .area-map[data-ready=true]').waitFor()
  expect(await page.evaluate('[window.owned1, ({}).owned, [].owned]')).toEqual([
    undefined,
    undefined,
    undefined,
  ])
  expect(owned).toEqual([])
  expect(evil.requests).toEqual([])
  expect(faults).toEqual([])
})

it('three hundred maps of one cell are there while they are seen', { timeout: 120_000 }, async () => {
  await using opened = await watched(await ended('many'))
  const { page, faults } = opened
  const maps = page.locator('.area-map')
  await page.locator('.area-map[data-ready=true]').first().waitFor()
  expect(await maps.count()).toBeLessThanOrEqual(10)
  await page.evaluate('window.scrollTo(0, document.body.scrollHeight)')
  await page
    .locator('[data-cell="2"] .cell-outputs-map')
    .last()
    .locator('.area-map[data-ready=true]')
    .waitFor()
  await expect.poll(() => maps.count()).toBeLessThanOrEqual(10)
  expect(faults).toEqual([])
})

it('an output too deep to be read is left out with a note, and the cells after it run', {
  timeout: 120_000,
}, async () => {
  await using opened = await watched(await ended('deepest'))
  const { page, faults } = opened
  await page.getByText('An output was left out here').waitFor()
  await page.getByText('what comes later').waitFor()
  expect(faults).toEqual([])
})

it('a link whose areas are hostile opens a form that is used as always', { timeout: 120_000 }, async () => {
  const nested = `${'{"type":"GeometryCollection","geometries":['.repeat(400)}null${']}'.repeat(400)}`
  for (const [area, field] of [
    ['1e308,1,-1e308,2', '{"type":"Point","coordinates":[1e308,1e308]}'],
    ['-180,-90,180,90', nested],
    ['0,89.9,0,90', `"${evil.origin}/data.geojson"`],
    ['1,2,3,NaN', '['.repeat(5_000)],
  ] as const) {
    const query = new URLSearchParams({ area, field }).toString()
    await using opened = await watched(`/processes/hostile?${query}`)
    const { page, faults, owned } = opened
    for (const name of ['area', 'field']) {
      const part = page.locator(`[data-input=${name}]`)
      await part.getByRole('button', { name: 'On a map' }).click()
      await part.locator('.area-map[data-ready=true]').waitFor()
    }
    await page.getByRole('group', { name: 'Area' }).getByLabel('West').fill('-4.5,53.1,-4.4,53.2')
    await expect.poll(() => page.url()).toContain('area=-4.5,53.1,-4.4,53.2')
    expect([area, faults, owned, evil.requests]).toEqual([area, [], [], []])
  }
})
