import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Database } from '../../src/database/connect.ts'
import { ExecutedNotebook } from '../../src/notebook/executed.ts'
import { type Claim, runQueue } from '../../src/run/queue.ts'
import { Saving } from '../../src/run/saving.ts'
import { runStore } from '../../src/run/store.ts'
import { diskStorage } from '../../src/storage/disk.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { type TestPostgres, testPostgres } from '../support/postgres.ts'
import { callerOf, newExecution, scopeOf } from '../support/runs.ts'
import { tempFolder } from '../support/temp-folder.ts'

const SCOPE = { workspace: 'team', user: 'alice' }
const LEASE_SECONDS = 1
const log = pino({ level: 'silent' })

const source = (text: string) =>
  Buffer.from(
    JSON.stringify({
      cells: [{ cell_type: 'code', id: 'a', source: text, metadata: {}, outputs: [], execution_count: null }],
      metadata: {},
      nbformat: 4,
      nbformat_minor: 5,
    }),
  )

describe('a worker that was paused, and whose run another has had meanwhile', () => {
  let postgres: TestPostgres
  let database: Database
  let storage: Storage
  const stack = new AsyncDisposableStack()
  beforeAll(async () => {
    postgres = stack.use(await testPostgres())
    database = await postgres.database()
    const { path } = stack.use(await tempFolder())
    storage = stack.use(diskStorage({ root: join(path, 'workspaces'), layout: { kind: 'local' } }))
  })
  afterAll(() => stack.disposeAsync())

  const claim = async (): Promise<Claim> => {
    const terms = { perWorkspace: 9, perPerson: 9, leaseSeconds: LEASE_SECONDS }
    const ours = () => runQueue(database, terms).claim({ id: randomUUID(), kernelHost: 'here' })
    // The lease of the one before has to run out.
    return vi.waitFor(
      async () => {
        const claimed = await ours()
        if (claimed === undefined) throw new Error('There is nothing to claim yet.')
        return claimed
      },
      { timeout: 30_000, interval: 100 },
    )
  }
  const savingOf = ({ lease }: Claim, object: Parameters<Storage['put']>[1], text: string, store = storage) =>
    new Saving({
      storage: store,
      scope: async () => SCOPE,
      object,
      notebook: new ExecutedNotebook(source(text), () => 'b'),
      lease,
      log,
    })
  const stored = async (object: Parameters<Storage['put']>[1]) =>
    Buffer.from(await storage.get(SCOPE, object)).toString()

  it('puts no older notebook in the place of the one that is finished', async () => {
    const run = newExecution({})
    await runStore(database).accept(scopeOf('team'), run)
    const object = storage.locate(SCOPE, 'ndvi', run.id)
    const before = await claim()
    await using paused = savingOf(before, object, 'older')
    const after = await claim()
    await using saving = savingOf(after, object, 'newer')
    expect(await saving.finish(new AbortController().signal)).toBe(true)
    await after.lease.finish({ state: 'succeeded' })
    await expect(paused.finish(new AbortController().signal)).rejects.toMatchObject({ code: 'lease-lost' })
    expect(await stored(object)).toContain('newer')
    expect(await runStore(database).find(callerOf('team'), run.id)).toMatchObject({ state: 'succeeded' })
  })

  it('does not even where it stood still in the middle of storing it', async () => {
    const run = newExecution({})
    await runStore(database).accept(scopeOf('team'), run)
    const object = storage.locate(SCOPE, 'ndvi', run.id)
    const before = await claim()
    // Everything is done but the last step when the other one comes.
    const slow: Storage = Object.create(storage, {
      put: {
        value: (async (scope, at, body, signal, still) => {
          const after = await claim()
          await using saving = savingOf(after, object, 'newer')
          await saving.finish(new AbortController().signal)
          await after.lease.finish({ state: 'succeeded' })
          await storage.put(scope, at, body, signal, still)
        }) satisfies Storage['put'],
      },
    })
    await before.lease.renew()
    await using paused = savingOf(before, object, 'older', slow)
    await expect(paused.finish(new AbortController().signal)).rejects.toMatchObject({ code: 'lease-lost' })
    expect(await stored(object)).toContain('newer')
  })

  it('does not keep it beside the run either', async () => {
    const run = newExecution({})
    await runStore(database).accept(scopeOf('team'), run)
    const before = await claim()
    const after = await claim()
    const end = { state: 'succeeded' } as const
    await expect(before.lease.keepNotebook([Buffer.from('older')], end)).rejects.toMatchObject({
      code: 'lease-lost',
    })
    await after.lease.keepNotebook([Buffer.from('newer')], end)
    const [kept] = await database.query<{ notebook: Buffer }>({ text: 'SELECT notebook FROM kept_notebook' })
    expect(kept?.notebook.toString()).toBe('newer')
  })
})
