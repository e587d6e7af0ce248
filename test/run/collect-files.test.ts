import { createHash, randomBytes } from 'node:crypto'
import { appendFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import pino from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { RunnerError } from '../../src/errors.ts'
import { DiskFiles } from '../../src/kernel/disk-files.ts'
import type { FolderFiles } from '../../src/kernel/folder-files.ts'
import { type CollectParts, collectFiles } from '../../src/run/collect-files.ts'
import { diskStorage } from '../../src/storage/disk.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { tempFolder } from '../support/temp-folder.ts'

const scope = { workspace: 'ws', user: 'alice' }
const RUN = '0190a000-0000-7000-8000-000000000001'
const notebook = { bucket: 'ws', key: `notebooks/test-${RUN}.ipynb` }
const never = new AbortController().signal

let folder: Awaited<ReturnType<typeof tempFolder>>
let storage: Storage
beforeEach(async () => {
  folder = await tempFolder()
  storage = diskStorage({ root: join(folder.path, 'storage'), layout: { kind: 'local' } })
  mkdirSync(join(folder.path, 'kernel/run'), { recursive: true })
})
afterEach(() => folder[Symbol.asyncDispose]())

const place = (path: string) => join(folder.path, 'kernel/run', path)
const write = (path: string, body: string | Uint8Array) => {
  mkdirSync(join(place(path), '..'), { recursive: true })
  writeFileSync(place(path), body)
}
function collect(change: Partial<CollectParts> = {}, signal = never) {
  const files = new DiskFiles(join(folder.path, 'kernel'))
  const limits = { most: 100, bytes: 1_000_000 }
  const log = pino({ level: 'silent' })
  const settle = async () => undefined
  return collectFiles(
    { files, folder: 'run', storage, scope, notebook, limits, settle, log, ...change },
    signal,
  )
}
const sha256 = (body: string | Uint8Array) => createHash('sha256').update(body).digest('hex')

/** The files as they are, but for what `read` gives. */
function readAs(read: FolderFiles['read']): FolderFiles {
  const files = new DiskFiles(join(folder.path, 'kernel'))
  return { list: (...args) => files.list(...args), read }
}

describe('files of a run', () => {
  it('are copied beside its notebook, each with its digest and type', async () => {
    const image = randomBytes(300_000)
    write('plot.png', image)
    write('data/märz 1.csv', 'a,b\n')
    write('odd', '')
    const { files, complete } = await collect()
    expect(complete).toBe(true)
    const at = (name: string) => ({ bucket: 'ws', key: `notebooks/test-${RUN}/${name}` })
    expect(files).toEqual([
      {
        path: 'data/märz 1.csv',
        size: 4,
        mediaType: 'text/csv',
        copy: { object: at('data/m!C3!A4rz!201.csv'), digest: sha256('a,b\n') },
      },
      {
        path: 'odd',
        size: 0,
        mediaType: 'application/octet-stream',
        copy: { object: at('odd'), digest: sha256('') },
      },
      {
        path: 'plot.png',
        size: 300_000,
        mediaType: 'image/png',
        copy: { object: at('plot.png'), digest: sha256(image) },
      },
    ])
    expect(image.equals(await storage.get(scope, at('plot.png')))).toBe(true)
    expect(await collect()).toEqual({ files, complete })
  })

  it('stay where they are when there is no room for them, and smaller ones behind them do not', async () => {
    write('a', 'x'.repeat(60))
    write('b', 'x'.repeat(50))
    write('c', 'x'.repeat(40))
    const { files } = await collect({ limits: { most: 10, bytes: 100 } })
    expect(files.map(({ path, copy }) => [path, 'object' in copy ? 'copied' : copy.leftBecause])).toEqual([
      ['a', 'copied'],
      ['b', 'too-large'],
      ['c', 'copied'],
    ])
  })

  it('are not copied where none may be, and not all listed where there are too many', async () => {
    write('a', 'x')
    write('b', 'x')
    const { files, complete } = await collect({ limits: { most: 1, bytes: 0 } })
    expect(files).toMatchObject([{ copy: { leftBecause: 'too-large' } }])
    expect(complete).toBe(false)
  })

  it('with names that no storage takes stay where they are', async () => {
    write('é'.repeat(100), 'x')
    expect((await collect()).files).toMatchObject([{ copy: { leftBecause: 'name' } }])
  })

  it.each([
    ['grow', () => appendFileSync(place('log'), 'more')],
    ['shrink', () => writeFileSync(place('log'), 'x')],
    ['are written again', () => writeFileSync(place('log'), 'y'.repeat(100_000))],
  ])('that %s while they are read are not kept', async (_what, change) => {
    write('log', 'x'.repeat(100_000))
    write('other', 'x')
    const files = new DiskFiles(join(folder.path, 'kernel'))
    const changing = readAs(async (within, path, signal) => {
      if (path === 'log') change()
      return files.read(within, path, signal)
    })
    expect((await collect({ files: changing })).files).toMatchObject([
      { path: 'log', copy: { leftBecause: 'changed' } },
      { path: 'other', copy: { digest: sha256('x') } },
    ])
    const kept = readdirSync(join(folder.path, 'storage/ws/notebooks', `test-${RUN}`))
    expect(kept.filter((name) => name.endsWith('.tmp'))).toEqual([])
  })

  it('that cannot be read say so', async () => {
    write('a', 'x')
    const cut = readAs(async () =>
      Readable.from(
        (async function* () {
          yield Buffer.from('')
          throw new Error('the connection broke')
        })(),
      ),
    )
    expect((await collect({ files: cut })).files).toMatchObject([{ copy: { leftBecause: 'unreadable' } }])
    const gone = readAs(async () => {
      throw new RunnerError('not-found', 'gone')
    })
    expect((await collect({ files: gone })).files).toMatchObject([{ copy: { leftBecause: 'unreadable' } }])
  })

  it('are tried again where storage refuses, and given up where it goes on to', async () => {
    for (let index = 0; index < 30; index++) write(`f${String(index).padStart(2, '0')}`, 'x')
    let tries = 0
    const refusing = (times: number): Storage => ({
      ...storage,
      putFile: async (...args) => {
        if (tries++ < times) throw new RunnerError('storage-failed', 'no')
        return storage.putFile(...args)
      },
    })
    const once = await collect({ storage: refusing(1) })
    expect(once.files.every(({ copy }) => 'object' in copy)).toBe(true)
    tries = 0
    const always = await collect({ storage: refusing(1e9) })
    expect(always.files.every(({ copy }) => 'leftBecause' in copy && copy.leftBecause === 'not-stored')).toBe(
      true,
    )
    expect(tries).toBeLessThan(30)
  })

  it('are read once nothing writes any more, which is asked for only where there are any', async () => {
    let asked = 0
    const settle = async () => {
      asked++
      appendFileSync(place('log'), 'the end')
    }
    expect(await collect({ settle })).toEqual({ files: [], complete: true })
    expect(asked).toBe(0)
    write('log', '')
    expect((await collect({ settle })).files).toMatchObject([
      { size: 7, copy: { digest: sha256('the end') } },
    ])
    expect(asked).toBe(1)
  })

  it('are none, and not all, where the folder cannot be listed', async () => {
    const broken: FolderFiles = {
      list: async () => {
        throw new RunnerError('kernel-host-failed', 'away')
      },
      read: async () => Readable.from([]),
    }
    expect(await collect({ files: broken })).toEqual({ files: [], complete: false })
  })

  it('are left to the next worker where this one is to leave', async () => {
    write('a', 'x')
    const leaving = new AbortController()
    const files = readAs(async () => {
      leaving.abort('stopping')
      throw new RunnerError('kernel-host-failed', 'aborted')
    })
    await expect(collect({ files }, leaving.signal)).rejects.toBe('stopping')
  })
})
