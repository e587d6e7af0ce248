import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { DiskFiles } from '../../src/kernel/disk-files.ts'
import type { FolderFiles } from '../../src/kernel/folder-files.ts'
import { ServerFiles } from '../../src/kernel/server-files.ts'
import { startKernelGateway, startPlainJupyter } from '../support/jupyter.ts'
import { tempFolder } from '../support/temp-folder.ts'

interface Subject extends AsyncDisposable {
  readonly files: FolderFiles
  /** Where folders are on disk. */
  readonly root: string
}

const soon = () => AbortSignal.timeout(30_000)

/** What is true of the files of every folder, wherever it is. */
function contract(make: () => Promise<Subject>): void {
  let subject: Subject
  let place: string
  let count = 0
  const folder = () => `ws/runs/run ${count}`
  beforeAll(async () => {
    subject = await make()
  })
  afterAll(() => subject?.[Symbol.asyncDispose]())
  beforeEach(async () => {
    count++
    place = join(subject.root, folder())
    await mkdir(place, { recursive: true })
  })
  const write = (path: string, text: string | Uint8Array = path) => {
    mkdirSync(join(place, path, '..'), { recursive: true })
    writeFileSync(join(place, path), text)
  }
  const list = (most = 100) => subject.files.list(folder(), most, soon())
  const paths = async (most?: number) => (await list(most)).files.map(({ path }) => path)
  const text = async (path: string) =>
    Buffer.concat(await (await subject.files.read(folder(), path, soon())).toArray()).toString()

  it('lists regular files with their sizes, by path, and reads them', async () => {
    write('plot.png', 'not really')
    write('a/b/c d é.txt', 'é')
    write('a/empty', '')
    write('100%.csv', 'x')
    const { files, complete } = await list()
    expect(complete).toBe(true)
    expect(files.map(({ path, size }) => [path, size])).toEqual([
      ['100%.csv', 1],
      ['a/b/c d é.txt', 2],
      ['a/empty', 0],
      ['plot.png', 10],
    ])
    expect(await text('a/b/c d é.txt')).toBe('é')
    expect(await text('a/empty')).toBe('')
    expect(await text('100%.csv')).toBe('x')
  })

  it('has none where there is no folder', async () => {
    expect(await subject.files.list('ws/runs/none', 10, soon())).toEqual({ files: [], complete: true })
  })

  it('does not show what is hidden', async () => {
    for (const path of ['.env', '.ipynb_checkpoints/x.ipynb', '__pycache__/x.pyc', 'seen']) write(path)
    expect(await paths()).toEqual(['seen'])
  })

  it('stops at so many files, and says so', async () => {
    for (let index = 0; index < 12; index++) write(`f${index}`)
    const some = await list(10)
    expect(some.files).toHaveLength(10)
    expect(some.complete).toBe(false)
    expect((await list(12)).complete).toBe(true)
  })

  it('does not look at more than so many names, were they all folders', async () => {
    for (let index = 0; index < 120; index++) mkdirSync(join(place, `d${index}`))
    expect(await list(10)).toEqual({ files: [], complete: false })
  })

  it('looks into a deep tree so far', async () => {
    write(`${'d/'.repeat(60)}deep`)
    write('flat')
    expect(await list()).toMatchObject({ files: [{ path: 'flat' }], complete: false })
  })

  it('shows no pipes, and does not hang at them', async () => {
    expect(spawnSync('sh', ['-c', 'mkfifo "$1"', 'sh', join(place, 'pipe')]).status).toBe(0)
    write('file')
    expect(await paths()).toEqual(['file'])
  })

  it('survives links in circles and to nowhere', async () => {
    symlinkSync('.', join(place, 'circle'))
    symlinkSync('nowhere', join(place, 'broken'))
    write('file')
    expect(await paths(500)).toContain('file')
  })

  it('tells that a file has changed', async () => {
    write('file', 'before')
    const [before] = (await list()).files
    write('file', 'after!')
    const [after] = (await list()).files
    expect(after?.size).toBe(before?.size)
    expect(after?.version).not.toBe(before?.version)
  })

  it('reads nothing outside of the folder, and nothing that is gone', async () => {
    writeFileSync(join(place, '..', 'other'), 'secret')
    for (const path of ['../other', 'a/../../other', '..', '', '.', '/etc/passwd', 'gone', 'a//b'])
      await expect(text(path), path).rejects.toMatchObject({ code: 'not-found' })
  })
}

describe('files on this machine', () => {
  const open = async () => {
    const folder = await tempFolder()
    return {
      files: new DiskFiles(folder.path),
      root: folder.path,
      [Symbol.asyncDispose]: folder[Symbol.asyncDispose],
    }
  }
  contract(open)

  it('are neither links nor reached by any', async () => {
    await using subject = await open()
    const place = join(subject.root, 'run')
    mkdirSync(join(place, 'inside'), { recursive: true })
    mkdirSync(join(subject.root, 'outside'))
    for (const path of ['run/inside/file', 'outside/file']) writeFileSync(join(subject.root, path), path)
    symlinkSync('../outside/file', join(place, 'link'))
    symlinkSync('../outside', join(place, 'folder'))
    symlinkSync('inside', join(place, 'own'))
    expect((await subject.files.list('run', 10, soon())).files.map(({ path }) => path)).toEqual([
      'inside/file',
    ])
    for (const path of ['link', 'folder/file', 'own/file'])
      await expect(subject.files.read('run', path, soon()), path).rejects.toMatchObject({ code: 'not-found' })
    // A folder may become a link between the listing and the reading.
    rmSync(join(place, 'inside'), { recursive: true })
    symlinkSync('../outside', join(place, 'inside'))
    await expect(subject.files.read('run', 'inside/file', soon())).rejects.toMatchObject({
      code: 'not-found',
    })
  })

  it('are read as no pipe or device that has come into their place', async () => {
    await using subject = await open()
    mkdirSync(join(subject.root, 'run'))
    spawnSync('sh', ['-c', 'mkfifo "$1"', 'sh', join(subject.root, 'run/pipe')])
    await expect(subject.files.read('run', 'pipe', soon())).rejects.toMatchObject({ code: 'not-found' })
  })

  it('are removed with their folder, and only there', async () => {
    await using subject = await open()
    mkdirSync(join(subject.root, 'run/a'), { recursive: true })
    writeFileSync(join(subject.root, 'kept'), 'x')
    symlinkSync('../kept', join(subject.root, 'run/link'))
    await subject.files.remove('run')
    await subject.files.remove('run')
    expect((await subject.files.list('', 10, soon())).files.map(({ path }) => path)).toEqual(['kept'])
  })
})

describe('files of a Jupyter server, by its contents API', () => {
  contract(async () => {
    const server = await startPlainJupyter()
    return {
      files: new ServerFiles(async () => server),
      root: server.root,
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    }
  })

  it('are none where the server keeps no files', async () => {
    await using gateway = await startKernelGateway()
    const files = new ServerFiles(async () => gateway)
    expect(await files.list('runs/x', 10, soon())).toEqual({ files: [], complete: true })
  })

  it('fail in words where the server is gone', async () => {
    const files = new ServerFiles(async () => ({ url: 'http://127.0.0.1:9', token: 'secret-token' }))
    const error = { code: 'kernel-host-failed', message: expect.not.stringContaining('secret-token') }
    await expect(files.list('runs/x', 10, soon())).rejects.toMatchObject(error)
    await expect(files.read('runs/x', 'y', soon())).rejects.toMatchObject(error)
  })
})
