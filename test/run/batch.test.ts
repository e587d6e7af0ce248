import { v7 as uuidv7 } from 'uuid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Database } from '../../src/database/connect.ts'
import { JsonNumber } from '../../src/notebook/json.ts'
import { type BatchStore, batchStore, type NewBatch } from '../../src/run/batch.ts'
import { listRuns } from '../../src/run/history.ts'
import { runQueue } from '../../src/run/queue.ts'
import { runStore } from '../../src/run/store.ts'
import { type TestPostgres, testPostgres } from '../support/postgres.ts'
import { callerOf, newExecution, scopeOf } from '../support/runs.ts'

let postgres: TestPostgres
let database: Database
let batches: BatchStore
beforeAll(async () => {
  postgres = await testPostgres()
  database = await postgres.database()
  batches = batchStore(database)
})
afterAll(() => postgres[Symbol.asyncDispose]())

const LIMITS = { perWorkspace: 1_000, perPerson: 1_000, leaseSeconds: 600 }
const claim = () => runQueue(database, LIMITS).claim({ id: 'w', kernelHost: 'here' })

function sweep(years: readonly number[]): NewBatch {
  const runs = years.map((year) =>
    newExecution({ parameters: new Map([['year', new JsonNumber(String(year))]]) }),
  )
  return { id: uuidv7(), notebookId: 'ndvi_calculation', each: ['year'], runs, chosen: {} }
}

describe('a sweep', () => {
  it('is one row and its runs, all queued', async () => {
    const { batch, created } = await batches.create(scopeOf('team'), sweep([2019, 2020, 2021]))
    expect(created).toBe(true)
    expect(batch).toMatchObject({ each: ['year'], total: 3, states: { queued: 3 }, ownerName: 'alice' })
    expect(await batches.find(callerOf('team'), batch.id)).toEqual(batch)
    const { runs } = await listRuns(database, callerOf('team'), { batchId: batch.id }, { limit: 10 })
    expect(runs.map(({ parameters }) => parameters.get('year'))).toEqual(
      [2021, 2020, 2019].map((year) => new JsonNumber(String(year))),
    )
    expect(runs.every(({ batchId, lastEvent }) => batchId === batch.id && lastEvent === 1)).toBe(true)
  })

  it('is all there or not at all', async () => {
    const half = sweep([1, 2])
    const [first] = half.runs
    const broken = { ...half, runs: [...half.runs, ...(first === undefined ? [] : [first])] }
    await expect(batches.create(scopeOf('none'), broken)).rejects.toMatchObject({ code: 'database-failed' })
    expect(await batches.find(callerOf('none'), half.id)).toBeUndefined()
    expect((await listRuns(database, callerOf('none'), {}, { limit: 10 })).runs).toEqual([])
  })

  it('is the same for the same key, also at the same moment', async () => {
    const given = { idempotencyKey: 'click' }
    const made = await Promise.all([1, 2, 3].map(() => batches.create(scopeOf('key'), sweep([1, 2]), given)))
    expect(new Set(made.map(({ batch }) => batch.id)).size).toBe(1)
    expect(made.filter(({ created }) => created)).toHaveLength(1)
    expect((await listRuns(database, callerOf('key'), {}, { limit: 10 })).runs).toHaveLength(2)
    const other = batches.create(scopeOf('key'), sweep([1, 3]), given)
    await expect(other).rejects.toMatchObject({ code: 'idempotency-conflict' })
  })

  it('is nothing to other workspaces', async () => {
    const { batch } = await batches.create(scopeOf('mine'), sweep([1]))
    expect(await batches.find(callerOf('yours'), batch.id)).toBeUndefined()
    expect(await batches.cancel(callerOf('yours'), batch.id)).toBeUndefined()
    expect(await batches.failed(callerOf('yours'), batch.id)).toEqual([])
    expect(await batches.again(scopeOf('yours'), batch.id, [newExecution()])).toBe(0)
    expect((await batches.find(callerOf('mine'), batch.id))?.states).toEqual({ queued: 1 })
  })

  it('ends what is queued and asks for the end of what goes, when it is cancelled', async () => {
    await database.query({ text: "UPDATE run SET state = 'cancelled' WHERE state = 'queued'" })
    const { batch } = await batches.create(scopeOf('stop'), sweep([1, 2, 3]))
    const goes = await claim()
    const [stopped, again] = await Promise.all([
      batches.cancel(callerOf('stop'), batch.id),
      batches.cancel(callerOf('stop'), batch.id),
    ])
    expect(stopped?.states).toEqual({ starting: 1, cancelled: 2 })
    expect(again?.states).toEqual(stopped?.states)
    expect(await goes?.lease.renew()).toEqual({ cancelRequested: true })
    await goes?.lease.finish({ state: 'cancelled' })
    expect(await claim()).toBeUndefined()
  })

  it('runs again only what failed, once', async () => {
    const { batch } = await batches.create(scopeOf('again'), sweep([1, 2, 3]))
    for (const end of [
      { state: 'succeeded' },
      { state: 'failed', reason: 'timeout', message: 'Too long.' },
      { state: 'failed', reason: 'cell-error', message: 'A cell failed.' },
    ] as const) {
      await (await claim())?.lease.finish(end)
    }
    const failed = await batches.failed(callerOf('again'), batch.id)
    expect(failed.map(({ reason }) => reason)).toEqual(['timeout', 'cell-error'])
    const retries = () => failed.map(({ id, parameters }) => newExecution({ parameters, retryOf: { id } }))
    const counts = await Promise.all([
      batches.again(scopeOf('again'), batch.id, retries()),
      batches.again(scopeOf('again'), batch.id, retries()),
    ])
    expect(counts.toSorted()).toEqual([0, 2])
    expect(await batches.find(callerOf('again'), batch.id)).toMatchObject({
      total: 3,
      states: { succeeded: 1, queued: 2 },
    })
    expect(await batches.failed(callerOf('again'), batch.id)).toEqual([])
    const unrelated = newExecution({ retryOf: { id: (await runStoreAccepts()).id } })
    expect(await batches.again(scopeOf('again'), batch.id, [unrelated])).toBe(0)
  })

  async function runStoreAccepts() {
    const run = newExecution()
    await runStore(database).accept(scopeOf('again'), run)
    return run
  }
})
