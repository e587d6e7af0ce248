import { afterAll, beforeAll, expect, it } from 'vitest'
import type { RunEvent } from '../../src/run/event.ts'
import { EventWriter } from '../../src/run/event-writer.ts'
import { runQueue } from '../../src/run/queue.ts'
import { runStore } from '../../src/run/store.ts'
import { type TestPostgres, testPostgres } from '../support/postgres.ts'
import { newExecution, scopeOf } from '../support/runs.ts'

let postgres: TestPostgres
beforeAll(async () => {
  postgres = await testPostgres()
})
afterAll(() => postgres[Symbol.asyncDispose]())

const MEGABYTE = 1_000_000
const printed = (text: string): RunEvent => ({
  type: 'output',
  cell: 0,
  change: { type: 'text', drop: 0, text },
})

it('keeps a few megabytes at most of what a cell prints, and writes all of it in its order', async () => {
  const database = await postgres.database()
  await runStore(database).accept(scopeOf('team'), newExecution())
  const limits = { perWorkspace: 100, perPerson: 100, leaseSeconds: 600 }
  const claim = await runQueue(database, limits).claim({ id: 'w', kernelHost: 'here' })
  if (claim === undefined) throw new Error('There is nothing to claim.')
  const lastEvent = (await claim.lease.events(0, 10)).at(-1)?.number ?? 0
  const written = async () => {
    const found: string[] = []
    for (let last = lastEvent; ; last++) {
      const [next] = await claim.lease.events(last, 1)
      if (next === undefined) return found
      if (next.event.type === 'output' && next.event.change.type === 'text')
        found.push(next.event.change.text.slice(0, 2))
    }
  }
  await using writer = new EventWriter(claim.lease)
  const all = Array.from({ length: 20 }, (_, index) => `${index}`.padStart(2, '0'))
  writer.push(...all.map((name) => printed(name.padEnd(MEGABYTE, 'x'))))
  await writer.room()
  expect((await written()).length).toBeGreaterThanOrEqual(16)
  await writer.flush()
  expect(await written()).toEqual(all)
})
