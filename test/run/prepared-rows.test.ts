import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Database } from '../../src/database/connect.ts'
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

const newRuns = (count: number): NewRun[] => Array.from({ length: count }, () => newExecution())
const insertAll = (runs: readonly NewRun[]) =>
  Promise.allSettled(runs.map((run) => store.insertPrepared(scopeOf('team'), run)))

/** How many statements it took to insert the rows: those of one statement have one time. */
async function statements(runs: readonly NewRun[]): Promise<number> {
  const found = await Promise.all(runs.map(({ id }) => store.find(callerOf('team'), id)))
  expect(found.every((run) => run !== undefined)).toBe(true)
  const [row] = await database.query<{ count: number }>({
    text: 'SELECT count(DISTINCT xmin::text)::int AS count FROM run WHERE id = ANY ($1)',
    values: [runs.map(({ id }) => id)],
  })
  return row?.count ?? 0
}

describe('rows of prepared notebooks', () => {
  it('are written together while others are being written', async () => {
    const runs = newRuns(50)
    await insertAll(runs)
    expect(await statements(runs)).toBe(2)
  })

  it('are written one by one where they come one by one', async () => {
    const runs = newRuns(3)
    for (const run of runs) await store.insertPrepared(scopeOf('team'), run)
    expect(await statements(runs)).toBe(3)
  })

  it('fail by themselves', async () => {
    const runs = newRuns(20)
    const bad = [newExecution({ notebookVersion: 'a\u0000b' }), newExecution({ id: runs[0]?.id ?? '' })]
    const results = await insertAll([...runs.slice(0, 10), ...bad, ...runs.slice(10)])
    const failed = results.filter((result) => result.status === 'rejected')
    expect(failed).toHaveLength(2)
    for (const { reason } of failed) expect(reason).toMatchObject({ code: 'database-failed' })
    await statements(runs)
  })

  it('take the name of a kernel that is no Unicode', async () => {
    const run = newExecution({ kernelName: 'python3\ud800' })
    await store.insertPrepared(scopeOf('team'), run)
    expect(await store.find(callerOf('team'), run.id)).toMatchObject({ kernelName: 'python3\ufffd' })
  })
})
