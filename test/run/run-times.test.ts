import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Database } from '../../src/database/connect.ts'
import { lastRuns, runTimes } from '../../src/run/run-times.ts'
import { runStore } from '../../src/run/store.ts'
import { type TestPostgres, testPostgres } from '../support/postgres.ts'
import { callerOf, newExecution, scopeOf } from '../support/runs.ts'

let postgres: TestPostgres
let database: Database
beforeAll(async () => {
  postgres = await testPostgres()
  database = await postgres.database()
})
afterAll(() => postgres[Symbol.asyncDispose]())

/** A run that ended like that, after so many seconds. */
async function ran(workspace: string, notebookId: string, state: string, seconds: number): Promise<string> {
  const execution = newExecution({ notebookId })
  await runStore(database).accept(scopeOf(workspace), execution)
  await database.query({
    text: `UPDATE run SET state = $2, started_at = now(), finished_at = now() + $3 * interval '1 second' WHERE id = $1`,
    values: [execution.id, state, seconds],
  })
  return execution.id
}

it('tells how long a notebook took, and its newest run, in the caller’s workspaces alone', async () => {
  await ran('a', 'x', 'succeeded', 10)
  await ran('b', 'x', 'succeeded', 30)
  await ran('a', 'x', 'succeeded', 20)
  const failed = await ran('a', 'x', 'failed', 1000)
  await ran('c', 'x', 'succeeded', 5000)
  const other = await ran('c', 'y', 'succeeded', 1)
  expect(await runTimes(database, callerOf('a', 'b'), 'x')).toEqual({ count: 3, medianSeconds: 20 })
  expect(await runTimes(database, callerOf('a', 'b'), 'y')).toBeUndefined()
  expect(await lastRuns(database, callerOf('a', 'b'), ['x', 'y', 'z'])).toMatchObject([
    { id: failed, notebookId: 'x', state: 'failed' },
  ])
  expect(await lastRuns(database, callerOf('c'), ['y'])).toMatchObject([{ id: other }])
})
