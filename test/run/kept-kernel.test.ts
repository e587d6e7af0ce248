import { randomUUID } from 'node:crypto'
import pino from 'pino'
import { v7 as uuidv7 } from 'uuid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Database } from '../../src/database/connect.ts'
import { keptKernel } from '../../src/run/kept-kernel.ts'
import { LeftKernels } from '../../src/run/left-kernels.ts'
import { type Claim, type RunQueue, runQueue } from '../../src/run/queue.ts'
import { runStore } from '../../src/run/store.ts'
import { testPostgres } from '../support/postgres.ts'

const alice = { issuer: 'i', subject: 'alice', user: 'alice', workspaces: ['team'] }
const bob = { ...alice, subject: 'bob', user: 'bob' }
const HOST = 'here'

let stack: AsyncDisposableStack
let database: Database
let queue: RunQueue
beforeAll(async () => {
  stack = new AsyncDisposableStack()
  database = await stack.use(await testPostgres()).database()
  queue = runQueue(database, { perWorkspace: 99, perPerson: 99, leaseSeconds: 60 })
})
afterAll(() => stack.disposeAsync())

async function claimed(owner: typeof alice, retryOf?: { id: string; fromCell?: number }): Promise<Claim> {
  const { issuer, subject, user } = owner
  const id = uuidv7()
  await runStore(database).accept(
    { issuer, subject, user, workspace: 'team' },
    {
      id,
      notebookId: 'n',
      notebookVersion: undefined,
      parameters: new Map(),
      kernelName: undefined,
      object: { bucket: 'team', key: id },
      notebook: [new TextEncoder().encode('{}')],
      limits: {},
      ...(retryOf !== undefined && { retryOf }),
    },
  )
  const claim = await queue.claim({ id: 'worker', kernelHost: HOST })
  if (claim?.run.id !== id) throw new Error('Another run was in the line.')
  return claim
}

const kernelOn = (host: string) => ({ host, kernelId: randomUUID(), clientId: 'c', session: 's' })

/** A run that failed in a cell, whose kernel is kept for so long. */
async function failed({ keepSeconds = 60, host = HOST } = {}) {
  const { run, lease } = await claimed(alice)
  const kernel = kernelOn(host)
  await lease.setKernel(kernel)
  await lease.finish({ state: 'failed', reason: 'cell-error', message: 'm', failedCell: 1 }, keepSeconds)
  return { id: run.id, kernel }
}

/** What a worker of this host would end now. */
/** @param away kernels on a server that cannot be reached */
async function ended(runId?: string, away: readonly string[] = []): Promise<readonly string[]> {
  const gone: string[] = []
  const shutdown = async (id: string) => {
    if (away.includes(id)) throw new Error('The server is away.')
    gone.push(id)
  }
  const host = { shutdown, exists: async () => true }
  {
    await using left = new LeftKernels({ database, host, hostName: HOST, log: pino({ level: 'silent' }) })
    if (runId !== undefined) left.end(runId)
  }
  return gone
}

describe('a kernel that is kept', () => {
  it('is its owner’s alone: nobody else sees it, or takes it over', async () => {
    const { id, kernel } = await failed()
    expect(await keptKernel(database, alice, id)).toMatchObject({ host: HOST, kernelId: kernel.kernelId })
    expect(await keptKernel(database, bob, id)).toBeUndefined()
    expect(await keptKernel(database, { ...alice, workspaces: ['other'] }, id)).toBeUndefined()
    const other = await claimed(bob, { id, fromCell: 1 })
    expect(await other.lease.takeKernel(HOST, 'mine')).toBeUndefined()
    const own = await claimed(alice, { id, fromCell: 1 })
    expect(await own.lease.takeKernel('elsewhere', 'mine')).toBeUndefined()
    const taken = { ...kernel, clientId: 'mine', folderOf: id }
    expect(await own.lease.takeKernel(HOST, 'mine')).toEqual(taken)
    // The answer may have been lost, or the worker.
    expect(await own.lease.takeKernel(HOST, 'another')).toEqual(taken)
    expect(await keptKernel(database, alice, id)).toBeUndefined()
    const late = await claimed(alice, { id, fromCell: 1 })
    expect(await late.lease.takeKernel(HOST, 'mine')).toBeUndefined()
    await own.lease.finish({ state: 'failed', reason: 'cell-error', message: 'm', failedCell: 2 }, 60)
    const next = await claimed(alice, { id: own.run.id, fromCell: 2 })
    // It works in the folder of the first still.
    expect(await next.lease.takeKernel(HOST, 'mine')).toEqual(taken)
  })

  it('is not taken over by a run that begins anew', async () => {
    const { id } = await failed()
    const whole = await claimed(alice, { id })
    expect(await whole.lease.takeKernel(HOST, 'mine')).toBeUndefined()
  })

  it('is ended at once where it is not kept, and only by a worker of its host', async () => {
    const [now, elsewhere] = [
      await failed({ keepSeconds: 0 }),
      await failed({ keepSeconds: 0, host: 'elsewhere' }),
    ]
    expect(await ended(now.id)).toEqual([now.kernel.kernelId])
    expect(await ended(elsewhere.id)).toEqual([])
  })

  it('is ended whatever becomes of another, whose server is away', async () => {
    const three = [
      await failed({ keepSeconds: -10 }),
      await failed({ keepSeconds: -10 }),
      await failed({ keepSeconds: -10 }),
    ]
    const ids = three.map(({ kernel }) => kernel.kernelId)
    const [first, second, third] = ids
    expect(await ended(undefined, ids.slice(1, 2))).toEqual(expect.arrayContaining([first, third]))
    expect(await ended(undefined)).toContain(second)
  })

  it('is not ended while a run waits that is to go on in it, however late it is', async () => {
    const { id, kernel } = await failed({ keepSeconds: -10 })
    const wanted = await runStore(database).accept(
      { ...alice, workspace: 'team' },
      {
        id: uuidv7(),
        notebookId: 'n',
        notebookVersion: undefined,
        parameters: new Map(),
        kernelName: undefined,
        object: { bucket: 'team', key: 'k' },
        notebook: [new TextEncoder().encode('{}')],
        limits: {},
        retryOf: { id, fromCell: 1 },
      },
    )
    expect(await ended()).not.toContain(kernel.kernelId)
    await runStore(database).cancel(alice, wanted.run.id)
    expect(await ended()).toContain(kernel.kernelId)
  })

  it('that is being ended goes to nobody', async () => {
    const { id } = await failed()
    await database.query({ text: 'UPDATE left_kernel SET ending = true WHERE run_id = $1', values: [id] })
    expect(await keptKernel(database, alice, id)).toBeUndefined()
    const own = await claimed(alice, { id, fromCell: 1 })
    expect(await own.lease.takeKernel(HOST, 'mine')).toBeUndefined()
  })
})
