import fc from 'fast-check'
import type { QueryResultRow } from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Database } from '../../src/database/connect.ts'
import { RunnerError } from '../../src/errors.ts'
import { JsonNumber } from '../../src/notebook/json.ts'
import { cellTimes } from '../../src/run/cell-times.ts'
import type { RunEvent } from '../../src/run/event.ts'
import type { RunLease } from '../../src/run/lease.ts'
import { type Claim, runQueue } from '../../src/run/queue.ts'
import { type RunStore, runStore } from '../../src/run/store.ts'
import { type TestPostgres, testPostgres } from '../support/postgres.ts'
import { runWorker } from '../support/run-worker.ts'
import { callerOf, newExecution, scopeOf } from '../support/runs.ts'

let postgres: TestPostgres
let database: Database
let store: RunStore
beforeAll(async () => {
  postgres = await testPostgres()
})
afterAll(() => postgres[Symbol.asyncDispose]())
beforeEach(async () => {
  database = await postgres.database()
  store = runStore(database)
})

const caller = callerOf('team')
const LIMITS = { perWorkspace: 100, perPerson: 100, leaseSeconds: 600 }
const note = (text: string): RunEvent => ({ type: 'note', text })
const lost = { code: 'lease-lost' }

async function claim(leaseSeconds = LIMITS.leaseSeconds): Promise<Claim> {
  const claimed = await runQueue(database, { ...LIMITS, leaseSeconds }).claim({ id: 'w', kernelHost: 'here' })
  if (claimed === undefined) throw new Error('There is nothing to claim.')
  return claimed
}

async function accepted(given: Parameters<typeof newExecution>[0] = {}): Promise<string> {
  const run = newExecution(given)
  await store.accept(scopeOf('team'), run)
  return run.id
}

/** As if its worker had not been heard of for long. */
async function expire(id: string): Promise<void> {
  const text = "UPDATE run SET lease_until = clock_timestamp() - interval '1 second' WHERE id = $1"
  await database.query({ text, values: [id] })
}

async function textsOf(lease: RunLease): Promise<readonly string[]> {
  return (await lease.events(0, 1_000)).map(({ event }) => {
    if (event.type === 'note') return event.text
    return event.type === 'state' ? event.state : event.type
  })
}

describe('the lease of a run', () => {
  it('writes what the worker tells, and keeps it in the row', async () => {
    const id = await accepted({ notebookVersion: 'v1' })
    const { lease, run, adopted } = await claim()
    expect([adopted, run.id, run.state, run.attempts]).toEqual([false, id, 'starting', 1])
    expect(Buffer.from(await lease.snapshot()).toString()).toBe('{"cells":[]}')
    await lease.setKernel({ host: 'here', kernelId: 'k', clientId: 'c' })
    await lease.recordSending([
      { cell: 2, messageId: 'm2' },
      { cell: 5, messageId: 'm5' },
    ])
    const last = await lease.appendEvents([
      { type: 'state', state: 'running' },
      { type: 'progress', done: 0, total: 2, secondsLeft: 1.5 },
      { type: 'cell-started', cell: 2 },
      { type: 'cell-finished', cell: 2, status: 'completed', executionCount: 1, seconds: 0.5 },
      { type: 'progress', done: 1, total: 2 },
    ])
    expect([last, lease.lastEvent]).toEqual([7, 7])
    expect(await store.find(caller, id)).toMatchObject({
      state: 'running',
      progress: { done: 1, total: 2 },
      kernel: { host: 'here', kernelId: 'k', clientId: 'c' },
      lastEvent: 7,
    })
    expect(await lease.cells()).toEqual([
      { cell: 2, messageId: 'm2', state: 'completed' },
      { cell: 5, messageId: 'm5', state: 'sent' },
    ])
    await lease.finish({ state: 'failed', reason: 'cell-error', message: 'A \0 cell failed.' })
    expect(await store.find(caller, id)).toMatchObject({
      state: 'failed',
      reason: 'cell-error',
      message: 'A \ufffd cell failed.',
      finishedAt: expect.any(Date),
      lastEvent: 8,
    })
    expect(await cellTimes(database, 'ndvi_calculation', 'v1')).toEqual(new Map([[2, 0.5]]))
    expect(await cellTimes(database, 'ndvi_calculation', undefined)).toEqual(new Map())
  })

  it('learns cell times, recent runs above all', async () => {
    for (const seconds of [1, 2]) {
      await accepted()
      const { lease } = await claim()
      await lease.recordSending([{ cell: 1, messageId: 'm' }])
      await lease.appendEvents([
        { type: 'cell-finished', cell: 1, status: 'completed', executionCount: 1, seconds },
      ])
      await lease.finish({ state: 'succeeded' })
    }
    expect((await cellTimes(database, 'ndvi_calculation', undefined)).get(1)).toBeCloseTo(1.4)
  })

  it('gives every event back as it was', async () => {
    await accepted()
    const { lease } = await claim()
    const output = new Map([['x', new JsonNumber('1.0')]])
    const events: RunEvent[] = [
      { type: 'state', state: 'running' },
      { type: 'output', cell: 1, change: { type: 'append', output, displayId: 'd' } },
      { type: 'output', cell: 1, change: { type: 'text', drop: 2, text: '\0\ud800é\n' } },
      { type: 'output', cell: 1, change: { type: 'replace', index: 0, output } },
      { type: 'output', cell: 1, change: { type: 'clear' } },
      { type: 'output', cell: 1, change: { type: 'widget', model: 'w', state: output, buffers: [output] } },
      { type: 'output', cell: 1, change: { type: 'captured', model: 'w', change: { type: 'clear' } } },
      { type: 'output', cell: 1, change: { type: 'times', times: output } },
      { type: 'cell-finished', cell: 1, status: 'failed', executionCount: undefined, seconds: 0.25 },
      { type: 'state', state: 'failed', reason: 'timeout', message: 'Too long.' },
      note('lost'),
    ]
    await lease.appendEvents(events)
    expect((await lease.events(2, 100)).map(({ event }) => event)).toEqual(events)
    expect((await lease.events(3, 1)).map(({ number }) => number)).toEqual([4])
  })

  it('numbers the events of calls that are made at once without gaps, in their order', async () => {
    const batches = fc.array(fc.array(fc.string(), { maxLength: 5 }), { maxLength: 10 })
    await fc.assert(
      fc.asyncProperty(batches, async (texts) => {
        await accepted()
        const { lease } = await claim()
        await Promise.all(texts.map((batch) => lease.appendEvents(batch.map(note))))
        expect(await textsOf(lease)).toEqual(['queued', 'starting', ...texts.flat()])
        const numbers = (await lease.events(0, 1_000)).map(({ number }) => number)
        expect(numbers).toEqual(numbers.map((_, index) => index + 1))
        await lease.finish({ state: 'succeeded' })
      }),
      { numRuns: 20 },
    )
  })

  it('pages end early where the texts are long', async () => {
    await accepted()
    const { lease } = await claim()
    await lease.appendEvents([note('a'.repeat(900_000)), note('b'.repeat(900_000)), note('c')])
    const pages = [await lease.events(2, 10), await lease.events(4, 10)]
    expect(pages.map((page) => page.map(({ number }) => number))).toEqual([[3, 4], [5]])
  })
})

describe('an answer that is lost', () => {
  /** The statement is done, and the answer does not come: for the first call by that name. */
  function forgetful(name: string): Database {
    let done = false
    return {
      ...database,
      async query<Row extends QueryResultRow>(statement: Parameters<Database['query']>[0]) {
        const rows = await database.query<Row>(statement)
        if (statement.name !== name || done) return rows
        done = true
        throw new RunnerError('database-failed', 'The answer is lost.')
      },
    }
  }

  it('makes no event double', async () => {
    await accepted()
    const queue = runQueue(forgetful('run-append'), LIMITS)
    const lease = (await queue.claim({ id: 'w', kernelHost: 'here' }))?.lease
    await expect(lease?.appendEvents([note('1'), note('2')])).rejects.toMatchObject({
      code: 'database-failed',
    })
    expect(await lease?.appendEvents([note('1'), note('2'), note('3')])).toBe(5)
    expect(lease && (await textsOf(lease))).toEqual(['queued', 'starting', '1', '2', '3'])
  })

  it('makes no end double', async () => {
    const id = await accepted()
    const queue = runQueue(forgetful('run-finish'), LIMITS)
    const lease = (await queue.claim({ id: 'w', kernelHost: 'here' }))?.lease
    await expect(lease?.finish({ state: 'succeeded' })).rejects.toMatchObject({ code: 'database-failed' })
    await lease?.finish({ state: 'succeeded' })
    expect(await store.find(caller, id)).toMatchObject({ state: 'succeeded', lastEvent: 3 })
  })
})

describe('a run that another worker has taken over', () => {
  it('is not written by the first any more, in no way', async () => {
    const id = await accepted()
    const first = await claim()
    await first.lease.setKernel({ host: 'here', kernelId: 'k', clientId: 'c' })
    await first.lease.recordSending([{ cell: 1, messageId: 'm' }])
    await expire(id)
    const second = await claim()
    expect([second.adopted, second.run.id, second.run.attempts]).toEqual([true, id, 2])
    expect(second.run.kernel).toEqual({ host: 'here', kernelId: 'k', clientId: 'c' })
    expect(await second.lease.cells()).toEqual([{ cell: 1, messageId: 'm', state: 'sent' }])
    const before = await store.find(caller, id)
    const writes = [
      () => first.lease.renew(),
      () => first.lease.release(),
      () => first.lease.setKernel(undefined),
      () => first.lease.recordSending([{ cell: 2, messageId: 'x' }]),
      () => first.lease.appendEvents([note('late')]),
      () => first.lease.finish({ state: 'succeeded' }),
      () => first.lease.snapshot(),
    ]
    for (const write of writes) await expect(write()).rejects.toMatchObject(lost)
    expect(await store.find(caller, id)).toEqual(before)
    expect(await second.lease.cells()).toHaveLength(1)
    expect(await textsOf(second.lease)).toEqual(['queued', 'starting'])
    await second.lease.finish({ state: 'succeeded' })
    await expect(second.lease.appendEvents([note('after the end')])).rejects.toMatchObject(lost)
    await expect(first.lease.finish({ state: 'cancelled' })).rejects.toMatchObject(lost)
    expect(await store.find(caller, id)).toMatchObject({ state: 'succeeded', lastEvent: 3 })
  })

  it('is had at once where the first gave it back, or after the pause that it asked for', async () => {
    const id = await accepted()
    const first = await claim()
    expect(first.lease.validUntil).toBeGreaterThan(performance.now())
    await first.lease.release()
    expect(first.lease.validUntil).toBe(0)
    await expect(first.lease.renew()).rejects.toMatchObject(lost)
    const second = await claim()
    expect(second.run.id).toBe(id)
    await second.lease.release(60)
    await expect(claim()).rejects.toThrow('nothing to claim')
  })

  it('is kept where the lease ran out and nobody took it', async () => {
    const id = await accepted()
    const { lease } = await claim()
    await expire(id)
    await lease.appendEvents([note('still ours')])
    expect(await lease.renew()).toEqual({ cancelRequested: false })
    await expect(claim()).rejects.toThrow('nothing to claim')
  })

  it('has the outcome of a cell that it was taken over with', async () => {
    await accepted()
    const { lease } = await claim()
    await lease.recordSending([
      { cell: 1, messageId: 'a' },
      { cell: 2, messageId: 'b' },
    ])
    await lease.appendEvents([
      { type: 'cell-finished', cell: 1, status: 'completed', executionCount: 1, seconds: 1 },
    ])
    await lease.recordSending([
      { cell: 1, messageId: 'again' },
      { cell: 2, messageId: 'again' },
    ])
    expect(await lease.cells()).toEqual([
      { cell: 1, messageId: 'a', state: 'completed' },
      { cell: 2, messageId: 'again', state: 'sent' },
    ])
  })

  it('is not written by a process that was paused and wakes up', async () => {
    const id = await accepted()
    await using worker = await runWorker(postgres, database, { leaseSeconds: 600, count: 1_000_000 })
    expect(await worker.next()).toBe('claimed')
    expect(await worker.next()).toBe('writing')
    worker.signal('SIGSTOP')
    await expire(id)
    // What it had sent before it was paused may still be on its way, and holds the row for a moment.
    const { lease } = await vi.waitFor(() => claim(), { timeout: 30_000 })
    const before = await textsOf(lease)
    worker.signal('SIGCONT')
    expect(await worker.next()).toBe('lease-lost')
    expect(await textsOf(lease)).toEqual(before)
    await lease.finish({ state: 'succeeded' })
    const found = await store.find(caller, id)
    expect(found).toMatchObject({ state: 'succeeded', lastEvent: before.length + 1, attempts: 2 })
  })

  it('goes on where a process that was killed left off, over and over', async () => {
    const id = await accepted()
    for (let round = 0; round < 3; round++) {
      await using worker = await runWorker(postgres, database, { leaseSeconds: 600, count: 1_000_000 })
      expect(await worker.next()).toBe('claimed')
      expect(await worker.next()).toBe('writing')
      worker.signal('SIGKILL')
      expect(await worker.next()).toBeUndefined()
      await expire(id)
    }
    const { lease, run } = await claim()
    const numbers = (await lease.events(0, 100_000)).map(({ number }) => number)
    expect(numbers.slice(0, 11)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
    expect(numbers).toEqual(numbers.map((_, index) => index + 1))
    expect(run).toMatchObject({ attempts: 4, lastEvent: numbers.length })
  })
})
