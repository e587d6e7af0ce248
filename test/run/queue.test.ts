import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Database } from '../../src/database/connect.ts'
import type { RunLease } from '../../src/run/lease.ts'
import { type QueueLimits, runQueue } from '../../src/run/queue.ts'
import { queueDepth } from '../../src/run/queue-depth.ts'
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
beforeEach(async () => {
  await database.query({ text: 'TRUNCATE run, run_turn, run_worker CASCADE' })
})

const OPEN: QueueLimits = { perWorkspace: 1_000, perPerson: 1_000, leaseSeconds: 600 }
const worker = { id: 'w', kernelHost: 'here' }
const queueWith = (limits: Partial<QueueLimits> = {}) => runQueue(database, { ...OPEN, ...limits })
const claim = (limits?: Partial<QueueLimits>) => queueWith(limits).claim(worker)

async function accept(workspace: string, person = 'alice'): Promise<string> {
  const run = newExecution()
  await store.accept(scopeOf(workspace, person, person), run)
  return run.id
}

async function acceptMany(count: number, workspace: string, person?: string): Promise<readonly string[]> {
  const ids: string[] = []
  for (let index = 0; index < count; index++) ids.push(await accept(workspace, person))
  return ids
}

const lapse = (id: string, seconds: number) =>
  database.query({
    text: 'UPDATE run SET lease_until = clock_timestamp() - make_interval(secs => $2) WHERE id = $1',
    values: [id, seconds],
  })

it('is counted as what waits, and as all that is not over', async () => {
  await acceptMany(4, 'a')
  const first = await claim()
  await claim()
  expect(await queueDepth(database)).toMatchObject({ depth: 2, unfinished: 4 })
  await first?.lease.finish({ state: 'succeeded' })
  expect(await queueDepth(database)).toMatchObject({ depth: 2, unfinished: 3 })
})

describe('claiming', () => {
  it('takes the oldest of one person', async () => {
    const ids = await acceptMany(3, 'a')
    for (const id of ids) expect((await claim())?.run.id).toBe(id)
    expect(await claim()).toBeUndefined()
  })

  it('takes the workspace with the fewest that go first', async () => {
    const sweep = await acceptMany(20, 'a')
    const single = await accept('b')
    const claimed = [await claim(), await claim(), await claim()]
    expect(claimed.map((one) => one?.run.id)).toEqual([sweep[0], single, sweep[1]])
  })

  it('lets a single run in between a sweep also where one runs at a time', async () => {
    const sweep = await acceptMany(20, 'a')
    const order: (string | undefined)[] = []
    const runNext = async () => {
      const claimed = await claim()
      order.push(claimed?.run.id)
      await claimed?.lease.finish({ state: 'succeeded' })
    }
    await runNext()
    const single = await accept('b')
    const colleague = await accept('a', 'bob')
    for (let turn = 0; turn < 4; turn++) await runNext()
    expect(order).toEqual([sweep[0], single, colleague, sweep[1], sweep[2]])
  })

  it('adopts what lost its worker before anything new, its own kernels first', async () => {
    const elsewhere = await accept('a')
    await (await claim())?.lease.setKernel({ host: 'there', kernelId: 'k', clientId: 'c' })
    const here = await accept('a')
    await (await claim())?.lease.setKernel({ host: 'here', kernelId: 'k', clientId: 'c' })
    const fresh = await accept('a')
    await lapse(elsewhere, 60)
    await lapse(here, 1)
    const first = await claim()
    expect([first?.run.id, first?.adopted]).toEqual([here, true])
    const second = await claim()
    expect([second?.run.id, second?.adopted]).toEqual([fresh, false])
    expect(await claim()).toBeUndefined()
    await lapse(elsewhere, 3_600)
    expect((await claim())?.run).toMatchObject({ id: elsewhere, state: 'starting', attempts: 2 })
  })

  it('skips a run that somebody has locked', async () => {
    const [first = '', second] = await acceptMany(2, 'a')
    const other = await accept('a', 'bob')
    await database.transaction(async (session) => {
      await session.query({ text: 'SELECT FROM run WHERE id = $1 FOR UPDATE', values: [first] })
      expect((await claim())?.run.id).toBe(other)
    })
    expect([(await claim())?.run.id, (await claim())?.run.id]).toEqual([first, second])
  })

  it('gives each run to one worker, and never exceeds the limits, however many claim at once', async () => {
    const limits = { perWorkspace: 3, perPerson: 2 }
    const lines = [
      ['a', 'alice'],
      ['a', 'bob'],
      ['b', 'alice'],
      ['b', 'carol'],
      ['c', 'dave'],
    ] as const
    for (const [workspace, person] of lines) await acceptMany(6, workspace, person)
    const seen = new Set<string>()
    while (seen.size < 30) {
      const claimed = (await Promise.all(Array.from({ length: 8 }, () => claim(limits)))).filter(
        (one) => one !== undefined,
      )
      expect(claimed.length).toBeGreaterThan(0)
      for (const { run } of claimed) {
        expect(seen.has(run.id)).toBe(false)
        seen.add(run.id)
      }
      const [most] = await database.query<{ workspace: number; person: number }>({
        text: `
          SELECT max(workspace)::integer AS workspace, max(person)::integer AS person FROM (
            SELECT count(*) OVER (PARTITION BY workspace) AS workspace,
              count(*) OVER (PARTITION BY owner_issuer, owner_subject) AS person
            FROM run WHERE state = 'starting'
          ) counts`,
      })
      expect(most?.workspace).toBeLessThanOrEqual(3)
      expect(most?.person).toBeLessThanOrEqual(2)
      await Promise.all(claimed.map(({ lease }) => lease.finish({ state: 'succeeded' })))
    }
    expect(await claim(limits)).toBeUndefined()
  })
})

describe('what a run waits for', () => {
  const waiting = async (id: string, limits?: Partial<QueueLimits>, caller = callerOf('a', 'b')) =>
    queueWith(limits).waiting(caller, id)

  it('is told with its reason', async () => {
    const [first = '', second = ''] = await acceptMany(2, 'a')
    expect(await waiting(first)).toEqual({ position: 1, reason: 'no-worker' })
    await queueWith().announce(worker)
    expect(await waiting(first)).toEqual({ position: 1, reason: 'workers-busy' })
    await claim()
    expect(await waiting(first)).toBeUndefined()
    expect(await waiting(second)).toEqual({ position: 1, reason: 'workers-busy' })
    expect(await waiting(second, { perWorkspace: 1 })).toEqual({ position: 1, reason: 'workspace-limit' })
    expect(await waiting(second, { perPerson: 1 })).toEqual({ position: 1, reason: 'person-limit' })
    await queueWith().retire(worker)
    expect(await waiting(second)).toMatchObject({ reason: 'no-worker' })
    expect(await waiting(second, {}, callerOf('c'))).toBeUndefined()
  })

  it('has the place in which it is claimed', async () => {
    const line = fc.record({
      workspace: fc.constantFrom('a', 'b', 'c'),
      person: fc.constantFrom('alice', 'bob'),
    })
    // Whose runs in other workspaces begin meanwhile is not foreseen: persons here work in one workspace each.
    const lines = fc.array(line, { minLength: 1, maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(lines, fc.nat(4), async (runs, before) => {
        await database.query({ text: 'TRUNCATE run, run_turn CASCADE' })
        for (const { workspace, person } of runs) await accept(workspace, `${person} of ${workspace}`)
        const leases: (RunLease | undefined)[] = []
        for (let turn = 0; turn < before; turn++) leases.push((await claim())?.lease)
        for (const lease of leases.slice(0, 2)) await lease?.finish({ state: 'succeeded' })
        const rows = await database.query<{ id: string }>({
          text: "SELECT id FROM run WHERE state = 'queued'",
        })
        const places = new Map<number, string>()
        for (const { id } of rows) {
          const place = await waiting(id, {}, callerOf('a', 'b', 'c'))
          if (place !== undefined) places.set(place.position, id)
        }
        for (let position = 1; position <= rows.length; position++) {
          expect((await claim())?.run.id).toBe(places.get(position))
        }
      }),
      { numRuns: 30 },
    )
  })
})

describe('a worker that stops dead in the middle of a claim', () => {
  it('is cut off, so that the others go on', async () => {
    const id = await accept('a')
    const dead = database.transaction(async (session) => {
      await session.query({
        text: "SELECT set_config('idle_in_transaction_session_timeout', '5000', true), pg_advisory_xact_lock(7305115)",
      })
      await new Promise((resolve) => setTimeout(resolve, 8_000))
      await session.query({ text: 'SELECT 1' })
    })
    const failed = expect(dead).rejects.toMatchObject({ code: 'database-failed' })
    await expect.poll(async () => (await locks()) > 0, { timeout: 30_000 }).toBe(true)
    expect((await claim())?.run.id).toBe(id)
    await failed
  })

  const locks = async () =>
    (await database.query({ text: "SELECT FROM pg_locks WHERE locktype = 'advisory'" })).length
})
