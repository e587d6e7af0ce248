import fc from 'fast-check'
import { v7 as uuidv7 } from 'uuid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Database } from '../../src/database/connect.ts'
import { fromPlain, JsonNumber, type JsonObject, parseJson } from '../../src/notebook/json.ts'
import { runQueue } from '../../src/run/queue.ts'
import type { NewRun } from '../../src/run/run.ts'
import { type RunStore, runStore } from '../../src/run/store.ts'
import { type TestPostgres, testPostgres } from '../support/postgres.ts'
import { callerOf, newExecution, scopeOf } from '../support/runs.ts'

let postgres: TestPostgres
let database: Database
let store: RunStore
beforeAll(async () => {
  postgres = await testPostgres()
  database = await postgres.database()
  store = runStore(database)
})
afterAll(() => postgres[Symbol.asyncDispose]())

const newRun = (given: Partial<NewRun> = {}): NewRun => {
  const { notebook: _, limits: __, ...run } = newExecution(given)
  return run
}
const claim = () => runQueue(database, LIMITS).claim({ id: 'worker', kernelHost: 'here' })
const LIMITS = { perWorkspace: 100, perPerson: 100, leaseSeconds: 600 }
const eventsOf = (id: string) =>
  database.query<{ number: number; data: string }>({
    text: 'SELECT number, data FROM run_event WHERE run_id = $1 ORDER BY number',
    values: [id],
  })

describe('the store of runs', () => {
  it('gives back what was put in, to everybody in the workspace', async () => {
    const run = newRun({ notebookVersion: '"etag"', kernelName: 'python3' })
    await store.insertPrepared(scopeOf('team'), run)
    const found = await store.find(callerOf('other', 'team'), run.id)
    expect(found).toEqual({
      ...run,
      state: 'prepared',
      workspace: 'team',
      ownerIssuer: 'https://id.example',
      ownerSubject: 's-1',
      ownerName: 'alice',
      createdAt: expect.any(Date),
      updatedAt: expect.any(Date),
      limits: {},
      lastEvent: 0,
      attempts: 0,
      hasThumbnail: false,
    })
  })

  it('keeps parameters exactly: numbers as written, names in order', async () => {
    const text =
      '{"b":1.0,"a":1,"10":12345678901234567890,"__proto__":1e-07,"x":{"z":null,"y":[true,-0.0,NaN]}}'
    const parameters = parseJson(text)
    const run = newRun({ parameters: parameters instanceof Map ? parameters : new Map() })
    await store.insertPrepared(scopeOf('team'), run)
    expect((await store.find(callerOf('team'), run.id))?.parameters).toEqual(parameters)
    const [first] = (await store.find(callerOf('team'), run.id))?.parameters.values() ?? []
    expect(first).toEqual(new JsonNumber('1.0'))
  })

  it('keeps any parameters', async () => {
    const object = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()).map((plain) => {
      const given: JsonObject = new Map()
      for (const [name, value] of Object.entries(plain)) given.set(name, fromPlain(value))
      return given
    })
    const surrogate = fc.constant<JsonObject>(new Map([['a\u0000', '\ud800\u0000"\\']]))
    await fc.assert(
      fc.asyncProperty(fc.oneof({ weight: 20, arbitrary: object }, surrogate), async (parameters) => {
        const run = newRun({ parameters })
        await store.insertPrepared(scopeOf('team'), run)
        expect((await store.find(callerOf('team'), run.id))?.parameters).toEqual(parameters)
      }),
      { numRuns: 100 },
    )
  })

  it('shows nothing of another workspace, and changes nothing there', async () => {
    const run = newExecution()
    await store.accept(scopeOf('team-a'), run)
    for (const caller of [callerOf('team-b'), callerOf(), callerOf('team-a ', 'TEAM-A', '%')]) {
      expect(await store.find(caller, run.id)).toBeUndefined()
      expect(await store.snapshot(caller, run.id)).toBeUndefined()
      expect(await store.cancel(caller, run.id)).toBeUndefined()
      expect(await store.dismiss(caller, run.id)).toBe(false)
    }
    expect(await store.find(callerOf('team-a'), uuidv7())).toBeUndefined()
    expect(await store.cancel(callerOf('team-a'), run.id)).toMatchObject({ state: 'cancelled' })
  })

  it('takes an id once', async () => {
    const run = newExecution()
    await store.insertPrepared(scopeOf('team'), run)
    const failed = { code: 'database-failed' }
    await expect(store.insertPrepared(scopeOf('team'), run)).rejects.toMatchObject(failed)
    await expect(store.accept(scopeOf('team'), run)).rejects.toMatchObject(failed)
  })
})

describe('accepting a run', () => {
  it('keeps its row, its notebook and its first event', async () => {
    const earlier = newExecution()
    await store.accept(scopeOf('team'), earlier)
    const run = newExecution({ retryOf: { id: earlier.id, fromCell: 3 } })
    const { run: accepted, created } = await store.accept(scopeOf('team'), run)
    expect(created).toBe(true)
    expect(accepted).toMatchObject({ id: run.id, state: 'queued', queuedAt: expect.any(Date), lastEvent: 1 })
    expect(accepted).toMatchObject({ limits: { cellSeconds: 60 }, retryOf: earlier.id, fromCell: 3 })
    expect(await store.find(callerOf('team'), run.id)).toEqual(accepted)
    expect(Buffer.from((await store.snapshot(callerOf('team'), run.id)) ?? []).toString()).toBe(
      '{"cells":[]}',
    )
    expect(await eventsOf(run.id)).toEqual([{ number: 1, data: '{"type":"state","state":"queued"}' }])
  })

  it('gives the same run for the same key of the same person, also at the same moment', async () => {
    const requests = Array.from({ length: 8 }, () => newExecution({ parameters: new Map([['a', 'x']]) }))
    const accepted = await Promise.all(
      requests.map((run) => store.accept(scopeOf('team'), run, { idempotencyKey: 'click' })),
    )
    expect(new Set(accepted.map(({ run }) => run.id)).size).toBe(1)
    expect(accepted.filter(({ created }) => created)).toHaveLength(1)
    const other = await store.accept(scopeOf('team', 's-9'), newExecution(), { idempotencyKey: 'click' })
    expect(other.created).toBe(true)
  })

  it('refuses a key that came with another request', async () => {
    const given = { idempotencyKey: 'once' }
    const run = { parameters: new Map([['a', new JsonNumber('1')]]), kernelName: 'python3' }
    await store.accept(scopeOf('team'), newExecution(run), given)
    const conflict = { code: 'idempotency-conflict' }
    const others = [
      { ...run, parameters: new Map([['a', new JsonNumber('1.0')]]) },
      { ...run, notebookId: 'another' },
      { ...run, kernelName: 'ir' },
    ]
    for (const other of others) {
      const request = store.accept(scopeOf('team'), newExecution(other), given)
      await expect(request).rejects.toMatchObject(conflict)
    }
    await expect(store.accept(scopeOf('team-2'), newExecution(run), given)).rejects.toMatchObject(conflict)
  })
})

describe('cancelling and dismissing', () => {
  it('ends a queued run at once, with its event, and only once', async () => {
    const run = newExecution()
    await store.accept(scopeOf('cancel'), run)
    expect(await store.dismiss(callerOf('cancel'), run.id)).toBe(false)
    const cancelled = await store.cancel(callerOf('cancel'), run.id)
    expect(cancelled).toMatchObject({ state: 'cancelled', lastEvent: 2, finishedAt: expect.any(Date) })
    expect(await store.cancel(callerOf('cancel'), run.id)).toEqual(cancelled)
    expect((await eventsOf(run.id)).at(-1)).toEqual({
      number: 2,
      data: '{"type":"state","state":"cancelled"}',
    })
    expect(await store.dismiss(callerOf('cancel'), run.id)).toBe(true)
    expect(await store.find(callerOf('cancel'), run.id)).toMatchObject({ hiddenAt: expect.any(Date) })
  })

  it('asks for the end of one that goes, and leaves a finished one as it is', async () => {
    await database.query({ text: "UPDATE run SET state = 'cancelled' WHERE state = 'queued'" })
    const run = newExecution()
    await store.accept(scopeOf('cancel'), run)
    const claimed = await claim()
    expect(claimed?.run.id).toBe(run.id)
    const asked = await store.cancel(callerOf('cancel'), run.id)
    expect(asked).toMatchObject({ state: 'starting', cancelRequestedAt: expect.any(Date), lastEvent: 2 })
    expect(await claimed?.lease.renew()).toEqual({ cancelRequested: true })
    await claimed?.lease.finish({ state: 'succeeded' })
    expect(await store.cancel(callerOf('cancel'), run.id)).toMatchObject({ state: 'succeeded', lastEvent: 3 })
  })

  it('never both cancels a queued run and lets a worker have it', async () => {
    for (let round = 0; round < 20; round++) {
      const run = newExecution()
      await store.accept(scopeOf('race'), run)
      const [claimed, cancelled] = await Promise.all([claim(), store.cancel(callerOf('race'), run.id)])
      expect(cancelled?.state).toBe(claimed === undefined ? 'cancelled' : 'starting')
      const events = (await eventsOf(run.id)).map(({ data }) => /"state":"(\w+)"}/.exec(data)?.[1])
      expect(events).toEqual(['queued', cancelled?.state])
      await claimed?.lease.finish({ state: 'cancelled' })
    }
  })
})
