import { createHash } from 'node:crypto'
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Compiler } from '../../src/catalog/compiler.ts'
import type { TemplateLocation } from '../../src/catalog/entry.ts'
import { TemplateStore, type TemplateStoreOptions } from '../../src/catalog/template-store.ts'
import {
  html,
  startHttpServer,
  status,
  stuck,
  type TestServer,
  tagged,
  text,
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
let compiler: Compiler
let log: ReturnType<typeof logBook>
let location: TemplateLocation

beforeEach(async () => {
  stack = new AsyncDisposableStack()
  server = stack.use(await startHttpServer())
  folder = stack.use(await tempFolder()).path
  compiler = stack.use(new Compiler())
  log = logBook()
  now = Date.UTC(2024, 0, 1)
  location = { kind: 'http', url: `${server.origin}/a.ipynb` }
})
afterEach(() => stack.disposeAsync())

function store(more: Partial<TemplateStoreOptions> = {}): TemplateStore {
  const policy = { allowedHosts: [], ownOrigin: server.origin }
  const cacheDir = join(folder, 'copies')
  return stack.use(
    new TemplateStore({
      policy,
      compiler,
      cacheDir,
      ttlMs: TTL,
      log,
      localFiles: true,
      buckets: [],
      now: () => now,
      ...more,
    }),
  )
}

const versionOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const parametersOf = async (templates: TemplateStore, at = location) =>
  (await templates.load(at)).template.parametersCell

describe('a template over http', () => {
  it('is fetched, compiled in the thread, and told by the digest of its bytes', async () => {
    server.on('/a.ipynb', text(notebook('x = 5')))
    const { template, version } = await store().load(location)
    expect(template).toMatchObject({ language: 'python', kernelName: 'python3', parametersCell: 'x = 5' })
    expect(version).toBe(versionOf(notebook('x = 5')))
  })

  it('is the same object, with no request, while it is fresh', async () => {
    server.on('/a.ipynb', text(notebook()))
    const templates = store()
    const first = await templates.load(location)
    now += TTL - 1
    expect(await templates.load(location)).toBe(first)
    expect(server.requests).toHaveLength(1)
  })

  it('is fetched once for a herd', async () => {
    server.on('/a.ipynb', text(notebook()))
    const templates = store()
    const all = await Promise.all(Array.from({ length: 50 }, () => templates.load(location)))
    expect(new Set(all).size).toBe(1)
    expect(server.requests).toHaveLength(1)
  })

  it('has a compiled form for each kernel that is asked for', async () => {
    server.on('/a.ipynb', text(notebook()))
    const templates = store()
    expect((await templates.load(location, 'other')).template.kernelName).toBe('other')
    expect((await templates.load(location)).template.kernelName).toBe('python3')
  })

  it('is checked again in the background by its ETag', async () => {
    server.on('/a.ipynb', tagged(notebook('x = 1'), '"1"'))
    const templates = store()
    const first = await templates.load(location)
    now += TTL
    expect(await templates.load(location)).toBe(first)
    await eventually(() => server.requests.length).toBe(2)
    expect(server.headers[1]).toMatchObject({ 'if-none-match': '"1"' })
    server.on('/a.ipynb', tagged(notebook('x = 2'), '"2"'))
    await eventually(() => {
      now += TTL
      return parametersOf(templates)
    }).toBe('x = 2')
  })

  it.each([
    ['down', status(500)],
    ['a web page', html()],
    ['no notebook', text('{"message": "Not found"}')],
    ['broken', text('{"cells": [')],
  ])('stays when its host is %s', async (_name, fault) => {
    server.on('/a.ipynb', tagged(notebook('x = 1'), '"1"'))
    const templates = store()
    await templates.load(location)
    server.on('/a.ipynb', fault)
    now += TTL
    expect(await parametersOf(templates)).toBe('x = 1')
    await eventually(() => log.lines).toHaveLength(1)
    expect(log.lines[0]).toMatch(/last good copy stays/)
    expect(await parametersOf(templates)).toBe('x = 1')
  })

  it('is taken from disk by a later process when its host is down, and not before', async () => {
    server.on('/a.ipynb', tagged(notebook('x = 1'), '"1"'))
    await store().load(location)
    server.on('/a.ipynb', tagged(notebook('x = 2'), '"2"'))
    expect(await parametersOf(store())).toBe('x = 2')
    server.on('/a.ipynb', status(503))
    expect(await parametersOf(store())).toBe('x = 2')
    server.on('/a.ipynb', text('not a notebook'))
    expect(await parametersOf(store())).toBe('x = 2')
    server.on('/a.ipynb', tagged(notebook('x = 2'), '"2"'))
    const again = store()
    expect(await parametersOf(again)).toBe('x = 2')
    expect(server.headers.at(-1)).toMatchObject({ 'if-none-match': '"2"' })
  })

  it('is not taken from disk once its host is no longer allowed', async () => {
    server.on('/a.ipynb', text(notebook()))
    await store().load(location)
    await expect(store({ policy: { allowedHosts: [] } }).load(location)).rejects.toThrow(
      /not among the hosts/,
    )
  })

  it('is fetched again when the copy on disk is broken', async () => {
    server.on('/a.ipynb', text(notebook('x = 1')))
    await store().load(location)
    const [name = ''] = await readdir(join(folder, 'copies'))
    for (const wrong of [
      '',
      'x',
      '{}\n',
      '{"url": 1}\n{}',
      '{"url":"u","fetchedAt":"2024-01-01T00:00:00Z"}\nnonsense',
    ]) {
      await writeFile(join(folder, 'copies', name), wrong)
      expect(await parametersOf(store())).toBe('x = 1')
    }
    expect(await readdir(join(folder, 'copies'))).toEqual([name])
  })

  it('is served even if no copy of it can be written', async () => {
    server.on('/a.ipynb', text(notebook('x = 1')))
    await writeFile(join(folder, 'file'), '')
    expect(await parametersOf(store({ cacheDir: join(folder, 'file') }))).toBe('x = 1')
    expect(log.lines[0]).toMatch(/cannot be written/)
  })

  it.each([
    ['missing', status(404), 'template-unavailable', /status 404/],
    ['a web page', html(), 'template-unavailable', /a web page/],
    ['no JSON', text('nonsense'), 'invalid-notebook', /not JSON/],
    ['another JSON', text('[1, 2]'), 'invalid-notebook', /./],
  ])(
    'that is %s from the start is a clear error, and asked for again after a while',
    async (_name, fault, code, reason) => {
      server.on('/a.ipynb', fault)
      const templates = store()
      await expect(templates.load(location)).rejects.toMatchObject({
        name: 'RunnerError',
        code,
        message: expect.stringMatching(reason),
      })
      server.on('/a.ipynb', text(notebook('x = 1')))
      await expect(templates.load(location)).rejects.toMatchObject({ code })
      expect(server.requests).toHaveLength(1)
      now += 10_000
      expect(await parametersOf(templates)).toBe('x = 1')
    },
  )

  it('is one of eight at most that are read at the same time', async () => {
    server.on('/a.ipynb', stuck())
    const templates = store()
    const loads = Array.from({ length: 20 }, (_, index) =>
      templates.load({ kind: 'http', url: `${server.origin}/a.ipynb?${index}` }),
    )
    await eventually(() => server.requests).toHaveLength(8)
    templates[Symbol.dispose]()
    const ended = await Promise.allSettled(loads)
    expect(ended.every(({ status: how }) => how === 'rejected')).toBe(true)
    expect(server.requests).toHaveLength(8)
  })

  it('that never comes is given up when the service stops', async () => {
    server.on('/a.ipynb', stuck())
    const templates = store()
    const waiting = expect(templates.load(location)).rejects.toThrow(/given up/)
    templates[Symbol.dispose]()
    await waiting
  })
})

describe('a template in a file', () => {
  let path: string
  beforeEach(async () => {
    path = join(folder, 'a b.ipynb')
    location = { kind: 'file', path }
    await writeFile(path, notebook('x = 1'))
  })

  it('is seen changed at once, and is the same object otherwise', async () => {
    const templates = store()
    const first = await templates.load(location)
    now += 2_000
    expect(await templates.load(location)).toBe(first)
    await writeFile(path, notebook('x = 22'))
    now += 2_000
    expect(await parametersOf(templates)).toBe('x = 22')
  })

  it('stays when the file goes away', async () => {
    const templates = store()
    await templates.load(location)
    await rm(path)
    now += 2_000
    expect(await parametersOf(templates)).toBe('x = 1')
  })

  it('that is not there is a clear error without the path', async () => {
    const load = store().load({ kind: 'file', path: join(folder, 'none.ipynb') })
    await expect(load).rejects.toThrow('The notebook file "none.ipynb" cannot be read.')
    await expect(load).rejects.toMatchObject({ code: 'template-unavailable' })
  })

  it('is refused to a catalogue from elsewhere', async () => {
    await expect(store({ localFiles: false }).load(location)).rejects.toMatchObject({
      code: 'template-unavailable',
    })
  })
})

describe('a template in S3', () => {
  it('comes from listed buckets only', async () => {
    const asked: string[] = []
    const templates = store({
      buckets: ['notebooks'],
      readS3: async (bucket, key, { etag }) => {
        asked.push(`${bucket}/${key} ${etag}`)
        return etag === '"1"'
          ? { status: 'unchanged' }
          : { status: 'fresh', body: notebook('x = 3'), etag: '"1"' }
      },
    })
    const at = { kind: 's3', bucket: 'notebooks', key: 'a.ipynb' } as const
    expect(await parametersOf(templates, at)).toBe('x = 3')
    now += TTL
    expect(await parametersOf(templates, at)).toBe('x = 3')
    expect(asked).toEqual(['notebooks/a.ipynb undefined', 'notebooks/a.ipynb "1"'])
    const other = templates.load({ kind: 's3', bucket: 'workspace-a', key: 'a.ipynb' })
    await expect(other).rejects.toThrow(/s3:\/\/workspace-a: it is not among the buckets/)
    await expect(store({ buckets: ['notebooks'] }).load(at)).rejects.toMatchObject({
      code: 'template-unavailable',
    })
  })
})

describe('the thread that compiles', () => {
  it('gives up on a notebook that takes too long, and goes on with the next', async () => {
    await using hasty = new Compiler({ timeoutMs: 1, memoryMb: 256, idleMs: 60_000 })
    const big = hasty.template(notebook('x = 1', { output: 'x'.repeat(5e6) }))
    const next = hasty.heading(notebook())
    await expect(big).rejects.toMatchObject({
      code: 'invalid-notebook',
      message: expect.stringMatching(/longer than 0.001 seconds/),
    })
    await next.catch(() => undefined)
  })

  it('survives a notebook that takes too much memory', async () => {
    await using small = new Compiler({ timeoutMs: 60_000, memoryMb: 32, idleMs: 60_000 })
    const big = small.template(notebook('x = 1', { cells: 100_000 }))
    await expect(big).rejects.toMatchObject({
      code: 'invalid-notebook',
      message: expect.stringMatching(/more memory/),
    })
    expect((await small.template(notebook('x = 1'))).template.parametersCell).toBe('x = 1')
  })

  it('is ended when it has nothing to do, and started again at need', async () => {
    const threads: Worker[] = []
    const note = (thread: Worker) => threads.push(thread)
    process.on('worker', note)
    try {
      await using brief = new Compiler({ timeoutMs: 60_000, memoryMb: 256, idleMs: 10 })
      await brief.template(notebook('x = 1'))
      const [first] = threads
      if (first === undefined) throw new Error('No thread was started.')
      // Of a thread that has ended.
      await eventually(() => first.threadId).toBe(-1)
      expect((await brief.template(notebook('x = 2'))).template.parametersCell).toBe('x = 2')
      expect(threads).toHaveLength(2)
    } finally {
      process.off('worker', note)
    }
  })

  it('keeps a big notebook from holding up anything else', async () => {
    await compiler.template(notebook())
    const big = notebook('x = 1', { output: 'x'.repeat(20e6) })
    const [all, here] = [process.cpuUsage(), process.threadCpuUsage()]
    const { template } = await compiler.template(big)
    expect(template.parametersCell).toBe('x = 1')
    // On this thread it would be nearly all of the work.
    expect(process.threadCpuUsage(here).user).toBeLessThan(process.cpuUsage(all).user / 2)
  })
})
