import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { connectDatabase, type Database } from '../../src/database/connect.ts'
import type { NumberedEvent, RunEvent } from '../../src/run/event.ts'
import { RunEvents } from '../../src/run/events.ts'
import { runQueue } from '../../src/run/queue.ts'
import { RunSignals } from '../../src/run/signals.ts'
import { type RunStore, runStore } from '../../src/run/store.ts'
import { silent, type TestPostgres, testPostgres } from '../support/postgres.ts'
import { runWorker, targetOf } from '../support/run-worker.ts'
import { callerOf, newExecution, scopeOf } from '../support/runs.ts'

let postgres: TestPostgres
let database: Database
let store: RunStore
let server: AsyncDisposableStack
let signals: RunSignals
let events: RunEvents
beforeAll(async () => {
  postgres = await testPostgres()
})
afterAll(() => postgres[Symbol.asyncDispose]())
beforeEach(async () => {
  database = await postgres.database()
  store = runStore(database)
  // A server of its own, with its own connections, beside the worker's.
  server = new AsyncDisposableStack()
  const target = await targetOf(postgres, database)
  signals = server.use(new RunSignals(target, silent))
  events = server.use(new RunEvents(server.use(connectDatabase(target, silent)), signals))
})
afterEach(() => server.disposeAsync())

const caller = callerOf('team')
const never = new AbortController().signal
const note = (text: string): RunEvent => ({ type: 'note', text })

async function started() {
  const run = newExecution()
  await store.accept(scopeOf('team'), run)
  const limits = { perWorkspace: 100, perPerson: 100, leaseSeconds: 600 }
  const claim = await runQueue(database, limits).claim({ id: 'w', kernelHost: 'here' })
  if (claim === undefined) throw new Error('There is nothing to claim.')
  return { id: run.id, lease: claim.lease }
}

async function numbersOf(watched: AsyncIterable<NumberedEvent>): Promise<readonly number[]> {
  const numbers: number[] = []
  for await (const { number } of watched) numbers.push(number)
  return numbers
}

const upTo = (last: number, first = 1) =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index)

/** What a proxy or a restart does: all connections of that kind are gone. */
const breakConnections = (name: string) =>
  database.query({
    text: `
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name = $1 AND datname = current_database() AND pid <> pg_backend_pid()`,
    values: [name],
  })

describe('watching a run', () => {
  it('gives what there is, then what comes, and ends with the run', async () => {
    const { id, lease } = await started()
    const watched = events.watch(caller, id, 0, never)
    const first = await watched.next()
    expect(first.value).toMatchObject({ number: 1, event: { type: 'state', state: 'queued' } })
    expect(first.value).toMatchObject({ at: expect.any(Date), json: '{"type":"state","state":"queued"}' })
    const rest = numbersOf(watched)
    await lease.appendEvents([note('a'), note('b')])
    await lease.appendEvents([note('c')])
    await lease.finish({ state: 'succeeded' })
    expect(await rest).toEqual([2, 3, 4, 5, 6])
    expect(await numbersOf(events.watch(caller, id, 4, never))).toEqual([5, 6])
    expect(await numbersOf(events.watch(caller, id, 6, never))).toEqual([])
    expect((await events.read(caller, id, 4, 1)).map(({ number }) => number)).toEqual([5])
  })

  it('is for those who may see the run', async () => {
    const { id } = await started()
    const denied = expect(numbersOf(events.watch(callerOf('other'), id, 0, never))).rejects
    await denied.toMatchObject({ code: 'no-such-run' })
    expect(await events.read(callerOf('other'), id, 0, 10)).toEqual([])
  })

  it('ends when it is told to, also while it waits', async () => {
    const { id } = await started()
    const stop = new AbortController()
    const watched = events.watch(caller, id, 2, stop.signal)
    const waiting = watched.next()
    stop.abort()
    expect(await waiting).toEqual({ done: true, value: undefined })
    expect(await numbersOf(events.watch(caller, id, 0, stop.signal))).toEqual([])
  })

  it('ends where the run or its events are not kept any more', async () => {
    const { id, lease } = await started()
    const watched = events.watch(caller, id, 1, never)
    await watched.next()
    await database.query({ text: 'DELETE FROM run WHERE id = $1', values: [id] })
    expect(await numbersOf(watched)).toEqual([])
    const ended = await started()
    await ended.lease.finish({ state: 'succeeded' })
    await database.query({ text: 'DELETE FROM run_event' })
    expect(await numbersOf(events.watch(caller, ended.id, 0, never))).toEqual([])
    await expect(lease.renew()).rejects.toMatchObject({ code: 'lease-lost' })
  })

  it('follows a worker in another process', async () => {
    const run = newExecution()
    await store.accept(scopeOf('team'), run)
    const watched = numbersOf(events.watch(caller, run.id, 0, never))
    await using worker = await runWorker(postgres, database, { leaseSeconds: 600, count: 100 })
    expect([await worker.next(), await worker.next(), await worker.next()]).toEqual([
      'claimed',
      'writing',
      'finished',
    ])
    expect(await watched).toEqual(upTo(103))
  })

  it('misses nothing while its connections break again and again', async () => {
    const { id, lease } = await started()
    const watched = numbersOf(events.watch(caller, id, 0, never))
    const connected: number[] = []
    using _ = signals.on({ connected: () => connected.push(connected.length) })
    for (let round = 0; round < 4; round++) {
      await lease.appendEvents([note('before')])
      await breakConnections('notebook-runner listening')
      if (round % 2 === 1) await breakConnections('notebook-runner')
      // The worker's own connection may be among those: what it says is safe to say again.
      await expect
        .poll(() => lease.appendEvents([note('while nobody listens')]).catch(() => 0), { timeout: 30_000 })
        .toBe(2 + 2 * (round + 1))
      await expect.poll(() => connected.length, { timeout: 30_000 }).toBeGreaterThan(round)
    }
    await lease.finish({ state: 'succeeded' })
    expect(await watched).toEqual(upTo(11))
  })

  it('does without notifications, only later', async () => {
    const { id, lease } = await started()
    await using deaf = new RunSignals(await targetOf(postgres, database), silent)
    await deaf[Symbol.asyncDispose]()
    using late = new RunEvents(database, deaf)
    const watched = late.watch(caller, id, 1, never)
    await watched.next()
    await lease.appendEvents([note('unheard')])
    await lease.finish({ state: 'cancelled' })
    expect(await numbersOf(watched)).toEqual([3, 4])
  })
})

describe('many who watch one run', () => {
  it('share its reads, and one who is slow holds up nobody', async () => {
    const { id, lease } = await started()
    const counted = { reads: 0 }
    const counting: Database = {
      ...database,
      query(statement) {
        if (statement.name === 'run-feed') counted.reads++
        return database.query(statement)
      },
    }
    using shared = new RunEvents(counting, signals)
    const slow = shared.watch(caller, id, 0, never)
    expect((await slow.next()).value?.number).toBe(1)
    const watching = Array.from({ length: 1_000 }, () => numbersOf(shared.watch(caller, id, 0, never)))
    for (let batch = 0; batch < 50; batch++) {
      await lease.appendEvents(Array.from({ length: 40 }, (_, index) => note(`${batch} ${index}`)))
    }
    await lease.finish({ state: 'succeeded' })
    for (const numbers of await Promise.all(watching)) expect(numbers).toEqual(upTo(2_003))
    // One for each notification at most, and a few for those who come late: not one for each who watches.
    expect(counted.reads).toBeLessThan(120)
    expect(await numbersOf(slow)).toEqual(upTo(2_003, 2))
  })
})

describe('what processes tell each other', () => {
  it('reaches those who work on a run and those who wait for one', async () => {
    await using heard = new RunSignals(await targetOf(postgres, database), silent)
    const told: string[] = []
    const connected = Promise.withResolvers<void>()
    using _ = heard.on({
      connected: connected.resolve,
      queue: () => told.push('queue'),
      cancel: (id) => told.push(`cancel ${id}`),
      event: (id, number) => told.push(`event ${id} ${number}`),
    })
    await connected.promise
    const { id, lease } = await started()
    await expect.poll(() => told, { timeout: 30_000 }).toContain(`event ${id} 2`)
    expect(told).toContain('queue')
    await store.cancel(caller, id)
    await expect.poll(() => told, { timeout: 30_000 }).toContain(`cancel ${id}`)
    const queued = told.filter((word) => word === 'queue').length
    await lease.finish({ state: 'cancelled' })
    await expect.poll(() => told.filter((word) => word === 'queue').length).toBeGreaterThan(queued)
  })
})
