import { readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Database } from '../../src/database/connect.ts'
import { RunnerError } from '../../src/errors.ts'
import { runStore } from '../../src/run/store.ts'
import { UnflushedNotebooks } from '../../src/run/unflushed-notebooks.ts'
import { diskStorage } from '../../src/storage/disk.ts'
import type { FlushedTogether, Storage } from '../../src/storage/storage.ts'
import { type TestPostgres, testPostgres } from '../support/postgres.ts'
import { newExecution, scopeOf } from '../support/runs.ts'
import { tempFolder } from '../support/temp-folder.ts'

const SCOPE = scopeOf('team')
const NOTEBOOK = '{"cells": []}'

let stack: AsyncDisposableStack
let postgres: TestPostgres
beforeAll(async () => {
  stack = new AsyncDisposableStack()
  postgres = stack.use(await testPostgres())
})
afterAll(() => stack.disposeAsync())

let database: Database
let root: string
let storage: Storage
let warnings: string[]
beforeEach(async () => {
  database = await postgres.database()
  root = join(stack.use(await tempFolder()).path, 'workspaces')
  storage = diskStorage({ root, layout: { kind: 'local' } })
  warnings = []
})

async function together(of = storage): Promise<FlushedTogether> {
  const found = await of.together()
  if (found === undefined) throw new Error('This system has no sync -f')
  return found
}

async function unflushed(changed: Partial<FlushedTogether> = {}): Promise<UnflushedNotebooks> {
  const log = {
    warn: (details: object, message: string) => void warnings.push(message + JSON.stringify(details)),
  }
  return new UnflushedNotebooks({ database, storage, together: { ...(await together()), ...changed }, log })
}

/** A notebook that was acknowledged and not flushed. The path of its file. */
async function prepared(): Promise<string> {
  const notebooks = await unflushed()
  const run = newExecution()
  const object = storage.locate(SCOPE, run.notebookId, run.id)
  const notebook = [Buffer.from(NOTEBOOK.slice(0, 3)), Buffer.from(NOTEBOOK.slice(3))]
  await notebooks.put(SCOPE, object, notebook)
  await runStore(database).insertPrepared(SCOPE, { ...run, object }, { place: notebooks.place, notebook })
  return join(root, object.bucket, object.key)
}

/** The service is started again, and stopped in good order where it has nothing to do any more. */
async function startedAgain(changed: Partial<FlushedTogether> = {}): Promise<void> {
  await using notebooks = await unflushed(changed)
  await notebooks.start()
}

async function copies(): Promise<number> {
  const [row] = await database.query<{ count: number }>({
    text: 'SELECT count(*)::int AS count FROM run_unflushed',
  })
  return row?.count ?? -1
}

describe('prepared notebooks that are not flushed yet', () => {
  it('are there at once', async () => {
    expect(await readFile(await prepared(), 'utf8')).toBe(NOTEBOOK)
    expect(await copies()).toBe(1)
  })

  it('lose their copies once they are flushed, and their files are left alone', async () => {
    const file = await prepared()
    await startedAgain()
    expect(await copies()).toBe(0)
    expect(await readFile(file, 'utf8')).toBe(NOTEBOOK)
    expect(warnings).toEqual([])
  })

  it('keep their copies where the disk cannot be flushed', async () => {
    await prepared()
    const flush = () => Promise.reject(new RunnerError('storage-failed', 'The disk is broken.'))
    await startedAgain({ flush })
    expect(await copies()).toBe(1)
    expect(warnings.join()).toMatch('The disk is broken.')
    await startedAgain()
    expect(await copies()).toBe(0)
  })

  it('keep the copies of those that came while the disk was flushed', async () => {
    await prepared()
    const flush = async () => void (await prepared())
    await using notebooks = await unflushed({ flush })
    await notebooks.start()
    expect(await copies()).toBe(1)
  })

  it('are put again after a loss of power, however it left them', async () => {
    const [gone, empty, part, zeros] = [
      await prepared(),
      await prepared(),
      await prepared(),
      await prepared(),
    ]
    await rm(gone)
    await truncate(empty)
    await truncate(part, 5)
    await writeFile(zeros, Buffer.alloc(NOTEBOOK.length))
    await startedAgain()
    for (const file of [gone, empty, part, zeros]) expect(await readFile(file, 'utf8')).toBe(NOTEBOOK)
    expect(warnings.join()).toMatch('"notebooks":4')
    expect(await copies()).toBe(0)
  })

  it('stay as somebody has changed them', async () => {
    const file = await prepared()
    await writeFile(file, '{"cells": [], "mine": 1}')
    await startedAgain()
    expect(await readFile(file, 'utf8')).toBe('{"cells": [], "mine": 1}')
  })

  it('are not put again where their runs are gone', async () => {
    const file = await prepared()
    await rm(file)
    await database.query({ text: 'DELETE FROM run' })
    await startedAgain()
    await expect(readFile(file)).rejects.toThrow('ENOENT')
  })

  it('are put once that is possible, where it was not at first', async () => {
    const file = await prepared()
    await rm(file)
    await rename(join(root, 'team'), join(root, 'elsewhere'))
    await symlink(join(root, 'elsewhere'), join(root, 'team'))
    await startedAgain()
    expect(await copies()).toBe(1)
    expect(warnings.join()).toMatch('is a link')
    await rm(join(root, 'team'))
    await startedAgain()
    expect(await readFile(file, 'utf8')).toBe(NOTEBOOK)
  })

  it('are the business of services on the same folder alone', async () => {
    await prepared()
    const elsewhere = join(stack.use(await tempFolder()).path, 'workspaces')
    storage = diskStorage({ root: elsewhere, layout: { kind: 'local' } })
    await startedAgain()
    expect(await copies()).toBe(1)
  })
})

describe('the place of a folder', () => {
  it('is one for all who use it, whoever comes first', async () => {
    const storages = Array.from({ length: 8 }, () => diskStorage({ root, layout: { kind: 'local' } }))
    const places = await Promise.all(storages.map(async (one) => (await together(one)).place))
    expect(new Set(places).size).toBe(1)
    expect((await together()).place).toBe(places[0])
  })
})
