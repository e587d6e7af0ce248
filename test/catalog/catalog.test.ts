import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Catalog, type CatalogOptions } from '../../src/catalog/catalog.ts'
import {
  type Answer,
  endless,
  html,
  silent,
  startHttpServer,
  status,
  stuck,
  type TestServer,
  tagged,
  text,
  truncated,
} from '../support/http-server.ts'
import { logBook } from '../support/log-book.ts'
import { notebook } from '../support/notebooks.ts'
import { tempFolder } from '../support/temp-folder.ts'

const TTL = 300_000

/** A thread may have to be started first, on a busy machine. */
const eventually = <T>(look: () => T) => expect.poll(look, { timeout: 30_000 })

let stack: AsyncDisposableStack
let server: TestServer
let folder: string
let now: number
let log: ReturnType<typeof logBook>

beforeEach(async () => {
  stack = new AsyncDisposableStack()
  server = stack.use(await startHttpServer())
  folder = stack.use(await tempFolder()).path
  log = logBook()
  now = Date.UTC(2024, 0, 1)
})
afterEach(() => stack.disposeAsync())

async function started(more: Partial<CatalogOptions> = {}): Promise<Catalog> {
  const catalog = stack.use(
    new Catalog({
      source: { kind: 'http', url: `${server.origin}/catalogue.json` },
      templateHosts: [],
      cacheDir: join(folder, 'copies'),
      log,
      now: () => now,
      ...more,
    }),
  )
  await catalog.start()
  return catalog
}

function entry(id: string, more: object = {}) {
  return {
    id,
    type: 'notebook',
    title: `The ${id}`,
    file: `${id}.ipynb`,
    inputSpec: { cog_url: 'singleUrl' },
    ...more,
  }
}

function catalogue(...ids: string[]): string {
  return JSON.stringify(ids.map((id) => entry(id)))
}

const idsOf = (catalog: Catalog) => catalog.list().entries.map(({ id }) => id)

function offerCatalogue(...ids: string[]): void {
  server.on('/catalogue.json', text(catalogue(...ids)))
}

describe('the list', () => {
  it('is what the source says, with the time of it', async () => {
    offerCatalogue('ndvi', 'stats')
    const catalog = await started()
    expect(catalog.list()).toMatchObject({
      entries: [{ id: 'ndvi', title: 'The ndvi' }, { id: 'stats' }],
      broken: [],
      fetchedAt: new Date(now),
      stale: undefined,
    })
    expect(catalog.find('ndvi').template).toEqual({ kind: 'http', url: `${server.origin}/ndvi.ipynb` })
  })

  it('asks nothing while it is fresh, and once, in the background, when it is not', async () => {
    offerCatalogue('one')
    const catalog = await started()
    now += TTL - 1
    catalog.list()
    expect(server.requests).toHaveLength(1)
    offerCatalogue('one', 'two')
    now += 1
    for (let call = 0; call < 50; call += 1) expect(idsOf(catalog)).toEqual(['one'])
    await eventually(() => idsOf(catalog)).toEqual(['one', 'two'])
    expect(server.requests).toHaveLength(2)
  })

  it('honours the ETag, and is then as new as if it had been sent', async () => {
    server.on('/catalogue.json', tagged(catalogue('one'), '"1"'))
    const catalog = await started()
    const { entries } = catalog.list()
    now += TTL
    await catalog.refresh()
    expect(server.headers[1]).toMatchObject({ 'if-none-match': '"1"' })
    expect(catalog.list()).toMatchObject({ fetchedAt: new Date(now), stale: undefined })
    expect(catalog.list().entries).toBe(entries)
  })

  it('keeps its entries when the same is sent again without an ETag', async () => {
    offerCatalogue('one')
    const catalog = await started()
    const { entries } = catalog.list()
    await catalog.refresh()
    expect(catalog.list().entries).toBe(entries)
  })

  it('may become empty, because an empty list is a valid one', async () => {
    offerCatalogue('one')
    const catalog = await started()
    offerCatalogue()
    await catalog.refresh()
    expect(catalog.list()).toMatchObject({ entries: [], broken: [], stale: undefined })
  })

  it('reports broken entries by name, and the others work', async () => {
    server.on(
      '/catalogue.json',
      text(JSON.stringify([entry('good'), { id: 'bad', type: 'notebook', title: 'Bad' }])),
    )
    const catalog = await started()
    expect(catalog.list()).toMatchObject({ entries: [{ id: 'good' }], broken: [{ id: 'bad' }] })
    expect(log.lines.join('\n')).toMatch(/An entry of the catalogue is broken.*"bad"/)
    expect(() => catalog.find('bad')).toThrow(/The catalogue's entry "bad" is broken: \w/)
    server.on('/catalogue.json', text(JSON.stringify([{ id: 'good', type: 'notebook' }])))
    await catalog.refresh()
    expect(catalog.list()).toMatchObject({ entries: [], broken: [{ id: 'good' }], stale: undefined })
  })
})

describe('a catalogue with names of JavaScript', () => {
  it('has inputs with nothing else in them', async () => {
    const inputSpec = { constructor: 'bbox', toString: 'text' }
    server.on('/catalogue.json', text(JSON.stringify([entry('proto', { inputSpec })])))
    const { inputs } = await (await started()).describe('proto')
    expect(Object.keys(inputs.properties)).toEqual(['constructor', 'toString'])
    expect(inputs.properties['hasOwnProperty']).toBeUndefined()
    expect(Object.getPrototypeOf(inputs.properties)).toBeNull()
  })
})

describe('a catalogue that is', () => {
  const faults: [string, Answer, RegExp][] = [
    ['down', status(503), /status 503/],
    ['gone', status(404), /status 404/],
    ['a web page', html(), /a web page/],
    ['cut off', truncated(catalogue('one', 'two', 'three')), /connection broke/],
    ['huge', endless(), /larger than 10 MiB/],
    ['half of its JSON', text(catalogue('one', 'two').slice(0, 80)), /./],
    ['no catalogue', text('{"message": "Rate limit exceeded"}'), /./],
    ['text', text('"nothing"'), /./],
    ['of too many entries', text(`[${'1,'.repeat(2_000)}1]`), /more than 2000 entries/],
  ]

  it.each(faults)('%s leaves the last good list in place and says why', async (_name, fault, reason) => {
    offerCatalogue('one', 'two')
    const catalog = await started()
    const loaded = new Date(now)
    server.on('/catalogue.json', fault)
    now += TTL
    await catalog.refresh()
    expect(catalog.list()).toMatchObject({ fetchedAt: loaded, stale: expect.stringMatching(reason) })
    expect(idsOf(catalog)).toEqual(['one', 'two'])
    offerCatalogue('three')
    now += 30_000
    catalog.list()
    await eventually(() => catalog.list()).toMatchObject({ entries: [{ id: 'three' }], stale: undefined })
  })

  it.each(faults)(
    '%s from the start leaves the service with none, and says why',
    async (_name, fault, reason) => {
      server.on('/catalogue.json', fault)
      const catalog = await started()
      expect(catalog.list()).toMatchObject({ entries: [], broken: [], fetchedAt: undefined })
      expect(catalog.list().stale).toMatch(reason)
      expect(() => catalog.find('one')).toThrow(expect.objectContaining({ code: 'catalogue-unavailable' }))
      await expect(catalog.offer('one')).rejects.toThrow(/There is no catalogue yet. .*\./)
      offerCatalogue('one')
      now += 30_000
      catalog.list()
      await eventually(() => idsOf(catalog)).toEqual(['one'])
    },
  )

  it.each(faults)('%s at a later start leaves the list from disk', async (_name, fault, reason) => {
    offerCatalogue('one', 'two')
    await started()
    const loaded = new Date(now)
    server.on('/catalogue.json', fault)
    now += TTL
    const later = await started()
    expect(later.list()).toMatchObject({ entries: [{ id: 'one' }, { id: 'two' }], fetchedAt: loaded })
    expect(later.list().stale).toMatch(reason)
    expect(later.find('one').template).toEqual({ kind: 'http', url: `${server.origin}/one.ipynb` })
  })

  it.each([
    ['silent', silent()],
    ['stuck', stuck()],
  ])(
    '%s holds up a later start for two seconds, not for ten, and no request at all',
    async (_name, fault) => {
      offerCatalogue('one')
      await started()
      server.on('/catalogue.json', fault)
      const begin = performance.now()
      const catalog = await started()
      expect(performance.now() - begin).toBeLessThan(9_000)
      expect(catalog.list()).toMatchObject({
        entries: [{ id: 'one' }],
        stale: expect.stringMatching(/since the service was started/),
      })
    },
  )

  it('unchanged at a later start is not sent again', async () => {
    server.on('/catalogue.json', tagged(catalogue('one'), '"1"'))
    await started()
    now += 60_000
    const later = await started()
    expect(server.headers[1]).toMatchObject({ 'if-none-match': '"1"' })
    expect(later.list()).toMatchObject({
      entries: [{ id: 'one' }],
      fetchedAt: new Date(now),
      stale: undefined,
    })
  })

  it('broken on disk is no reason to fail', async () => {
    offerCatalogue('one')
    await started()
    const [name = ''] = await readdir(join(folder, 'copies'))
    const path = join(folder, 'copies', name)
    const good = await readFile(path, 'utf8')
    server.on('/catalogue.json', status(503))
    for (const wrong of ['', 'x', good.slice(0, good.length / 2), `${good.split('\n')[0]}\n<html>`]) {
      await writeFile(path, wrong)
      expect((await started()).list()).toMatchObject({ entries: [], stale: expect.stringMatching(/503/) })
    }
  })

  it('that cannot be kept on disk is used all the same', async () => {
    offerCatalogue('one')
    await writeFile(join(folder, 'file'), '')
    const catalog = await started({ cacheDir: join(folder, 'file') })
    expect(idsOf(catalog)).toEqual(['one'])
    expect(log.lines.join('\n')).toMatch(/copy of the catalogue cannot be written/)
  })
})

describe('a notebook', () => {
  it('that is not there is an error with the nearest id', async () => {
    offerCatalogue('ndvi_calculation', 'stats_look')
    const catalog = await started()
    expect(() => catalog.find('ndvi_calculaton')).toThrow(
      expect.objectContaining({
        code: 'no-such-notebook',
        nearest: 'ndvi_calculation',
        message: 'There is no notebook "ndvi_calculaton" in the catalogue. Did you mean "ndvi_calculation"?',
      }),
    )
    expect(() => catalog.find('something else')).toThrow(
      expect.objectContaining({ code: 'no-such-notebook', nearest: undefined }),
    )
    for (const id of ['', '__proto__', 'constructor', 'x'.repeat(100_000), '../ndvi_calculation']) {
      expect(() => catalog.find(id)).toThrow(expect.objectContaining({ code: 'no-such-notebook' }))
    }
  })

  it('is offered with its inputs and its template, and without asking again while fresh', async () => {
    offerCatalogue('ndvi')
    server.on('/ndvi.ipynb', text(notebook('cog_url = "x"')))
    const catalog = await started()
    const offer = await catalog.offer('ndvi')
    expect(Object.keys(offer.inputs.properties)).toEqual(['cog_url'])
    expect(offer.template).toMatchObject({ language: 'python', parametersCell: 'cog_url = "x"' })
    expect(offer.version).toMatch(/^[0-9a-f]{64}$/)
    const asked = server.requests.length
    expect(await catalog.offer('ndvi')).toBe(offer)
    expect(server.requests).toHaveLength(asked)
  })

  it('with inputs of its own is described without its template', async () => {
    offerCatalogue('ndvi')
    const catalog = await started()
    const { entry: found, inputs } = await catalog.describe('ndvi')
    expect(found).toBe(catalog.find('ndvi'))
    expect(Object.keys(inputs.properties)).toEqual(['cog_url'])
    expect(server.requests).toEqual(['GET /catalogue.json'])
  })

  it('whose template is missing is an error, and the others work', async () => {
    offerCatalogue('ndvi', 'stats')
    server.on('/stats.ipynb', text(notebook()))
    const catalog = await started()
    await expect(catalog.offer('ndvi')).rejects.toMatchObject({ code: 'template-unavailable' })
    expect((await catalog.offer('stats')).entry.id).toBe('stats')
  })

  it('is still offered when the whole host is down, also at a later start', async () => {
    offerCatalogue('ndvi')
    server.on('/ndvi.ipynb', text(notebook('cog_url = "x"')))
    const { version } = await (await started()).offer('ndvi')
    server.on('/catalogue.json', status(503))
    server.on('/ndvi.ipynb', status(503))
    expect(await (await started()).offer('ndvi')).toMatchObject({ version })
  })

  it('of an http catalogue is no file of this machine, and no host that is not allowed', async () => {
    const path = join(folder, 'secret.ipynb')
    await writeFile(path, notebook())
    const files = [`file://${path}`, path, 'http://169.254.169.254/latest', 's3://workspace-a/b.ipynb']
    server.on(
      '/catalogue.json',
      text(JSON.stringify(files.map((file, index) => entry(`n${index}`, { file })))),
    )
    const catalog = await started()
    for (let index = 0; index < files.length; index += 1) {
      await expect(catalog.offer(`n${index}`)).rejects.toMatchObject({
        code: expect.stringMatching(/template-unavailable|broken-entry/),
      })
    }
  })
})

describe('a folder of notebooks', () => {
  it('is a catalogue whose inputs come from the notebooks', async () => {
    const name = '50%: a #1 (really?).ipynb'
    await writeFile(join(folder, name), notebook('year: int = 2020', { markdown: ['# Half\n\nOf it.'] }))
    const catalog = await started({ source: { kind: 'path', path: folder } })
    expect(catalog.list()).toMatchObject({
      entries: [{ id: '50-a-1-really', title: 'Half', description: 'Of it.' }],
      broken: [],
      stale: undefined,
    })
    const { entry: found, inputs } = await catalog.describe('50-a-1-really')
    expect(found.template).toEqual({ kind: 'file', path: join(folder, name) })
    expect(inputs.properties['year']).toMatchObject({ type: 'integer', default: 2020 })
    expect((await catalog.offer('50-a-1-really')).template.parametersCell).toBe('year: int = 2020')
  })

  it('shows what is new within seconds', async () => {
    await writeFile(join(folder, 'a.ipynb'), notebook())
    const catalog = await started({ source: { kind: 'path', path: folder } })
    await writeFile(join(folder, 'b.ipynb'), notebook())
    now += 5_000
    catalog.list()
    await eventually(() => idsOf(catalog)).toEqual(['a', 'b'])
    await rm(join(folder, 'a.ipynb'))
    now += 5_000
    catalog.list()
    await eventually(() => idsOf(catalog)).toEqual(['b'])
  })

  it('that goes away leaves what was in it', async () => {
    const path = join(folder, 'notebooks.json')
    await writeFile(path, catalogue('one'))
    const catalog = await started({ source: { kind: 'path', path } })
    await rm(path)
    await catalog.refresh()
    expect(idsOf(catalog)).toEqual(['one'])
    expect(catalog.list().stale).toMatch(/does not exist/)
  })
})

describe('a catalogue that is stopped', () => {
  it('ends while its source is silent', async () => {
    server.on('/catalogue.json', silent())
    const catalog = new Catalog({
      source: { kind: 'http', url: `${server.origin}/catalogue.json` },
      templateHosts: [],
      cacheDir: folder,
      log,
    })
    const starting = catalog.start()
    await catalog[Symbol.asyncDispose]()
    await starting
    expect(catalog.list().stale).toMatch(/given up/)
  })
})
