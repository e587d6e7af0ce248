import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import pino from 'pino'
import { v7 as uuidv7 } from 'uuid'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Database } from '../../src/database/connect.ts'
import { DiskFiles } from '../../src/kernel/disk-files.ts'
import { batchStore } from '../../src/run/batch.ts'
import { listRuns } from '../../src/run/history.ts'
import { type RunFolders, removeOldFolders } from '../../src/run/old-folders.ts'
import { runQueue } from '../../src/run/queue.ts'
import { applyRetention, type Keep } from '../../src/run/retention.ts'
import { runStore } from '../../src/run/store.ts'
import { type TestPostgres, testPostgres } from '../support/postgres.ts'
import { callerOf, newExecution, scopeOf } from '../support/runs.ts'
import { tempFolder } from '../support/temp-folder.ts'

const log = pino({ level: 'silent' })
const FOR_EVER: Keep = { events: undefined, snapshots: undefined, hiddenRuns: undefined, runs: undefined }
const NOTHING = { events: 0, snapshots: 0, hiddenRuns: 0, runs: 0 }
const DAY = 86_400
const caller = callerOf('ws')

let postgres: TestPostgres
let database: Database
beforeAll(async () => {
  postgres = await testPostgres()
})
afterAll(() => postgres?.[Symbol.asyncDispose]())
beforeEach(async () => {
  database = await postgres.database()
})

const apply = (keep: Partial<Keep>) => applyRetention({ database, keep: { ...FOR_EVER, ...keep }, log })
const count = async (table: string) => {
  const [row] = await database.query<{ count: number }>({
    text: `SELECT count(*)::integer AS count FROM ${table}`,
  })
  return row?.count
}

/** An id as one of so many days ago has it. */
const idOf = (days: number) => uuidv7({ msecs: Date.now() - days * DAY * 1000 })

async function accept(days: number): Promise<string> {
  const id = idOf(days)
  const parameters = new Map([['year', String(days)]])
  await runStore(database).accept(scopeOf('ws'), newExecution({ id, parameters }))
  return id
}

/** A run that ended so many days ago, with so many events. */
async function ended(days: number, events = 3): Promise<string> {
  const id = await accept(days)
  const queue = runQueue(database, { perWorkspace: 9, perPerson: 9, leaseSeconds: 60 })
  const claim = await queue.claim({ id: 'test', kernelHost: 'test' })
  if (claim === undefined) throw new Error('nothing to claim')
  await claim.lease.recordSending([{ cell: 0, messageId: 'm' }])
  await claim.lease.appendEvents(Array.from({ length: events }, () => ({ type: 'note', text: 'x' }) as const))
  await claim.lease.setFiles({
    files: [{ path: 'a', size: 1, mediaType: 'text/plain', copy: { leftBecause: 'name' } }],
    complete: true,
  })
  await claim.lease.setScraps(new Map([['a', '1']]))
  await claim.lease.finish({ state: 'succeeded' })
  await database.query({
    text: `UPDATE run SET finished_at = finished_at - make_interval(days => $2), created_at = created_at
      WHERE id = $1`,
    values: [id, days],
  })
  return id
}

describe('what is old', () => {
  it('is kept where nobody says for how long', async () => {
    await ended(1000)
    expect(await apply({})).toEqual(NOTHING)
    expect(await count('run_event')).toBe(6)
  })

  it('loses its events, and nothing else; what goes on keeps them', async () => {
    const old = await ended(8, 7_000)
    await ended(2)
    const waiting = await accept(100)
    expect(await apply({ events: 7 * DAY })).toEqual({ ...NOTHING, events: 1 })
    const rows = await database.query<{ run_id: string }>({ text: 'SELECT DISTINCT run_id FROM run_event' })
    expect(rows.map(({ run_id }) => run_id)).not.toContain(old)
    expect(rows.map(({ run_id }) => run_id)).toContain(waiting)
    expect(await count('run')).toBe(3)
    expect(await count('run_snapshot')).toBe(3)
    expect(await apply({ events: 7 * DAY })).toEqual(NOTHING)
  })

  it('can be run again for its time', async () => {
    const old = await ended(40)
    const recent = await ended(20)
    expect(await apply({ snapshots: 30 * DAY })).toEqual({ ...NOTHING, snapshots: 1 })
    const runs = runStore(database)
    expect(await runs.snapshot(caller, old)).toBeUndefined()
    expect(await runs.snapshot(caller, recent)).toBeDefined()
    expect(await count('run_cell')).toBe(1)
    expect(await apply({ snapshots: 30 * DAY })).toEqual(NOTHING)
  })

  it('goes altogether once it was hidden for long enough', async () => {
    const hidden = await ended(1)
    await ended(1)
    await runStore(database).dismiss(caller, hidden)
    expect(await apply({ hiddenRuns: 60 })).toEqual(NOTHING)
    await database.query({
      text: `UPDATE run SET hidden_at = now() - interval '2 minutes' WHERE id = '${hidden}'`,
    })
    expect(await apply({ hiddenRuns: 60 })).toEqual({ ...NOTHING, hiddenRuns: 1 })
    expect(await count('run')).toBe(1)
  })

  it('goes altogether, with all that hangs on it, and what is younger or goes on stays', async () => {
    await ended(400)
    await runStore(database).insertPrepared(scopeOf('ws'), newExecution({ id: idOf(400) }))
    await database.query({
      text: `UPDATE run SET created_at = now() - interval '400 days' WHERE state = 'prepared'`,
    })
    const recent = await ended(10)
    const waiting = await accept(400)
    expect(await apply({ runs: 365 * DAY })).toEqual({ ...NOTHING, runs: 2 })
    const { runs } = await listRuns(database, caller, {}, { limit: 10 })
    expect(runs.map(({ id }) => id).sort()).toEqual([recent, waiting].sort())
    for (const table of ['run_parameter', 'run_snapshot'])
      expect([table, await count(table)]).toEqual([table, 2])
    for (const table of ['run_file', 'run_scrap', 'run_cell'])
      expect([table, await count(table)]).toEqual([table, 1])
    expect(await apply({ runs: 365 * DAY })).toEqual(NOTHING)
  })

  it('takes a sweep with it when it was the last of its runs', async () => {
    const batches = batchStore(database)
    const runs = [newExecution({ id: idOf(50) }), newExecution({ id: idOf(50) })]
    const id = uuidv7()
    await batches.create(scopeOf('ws'), {
      id,
      notebookId: 'ndvi_calculation',
      each: ['year'],
      runs,
      chosen: {},
    })
    await database.query({
      text: `UPDATE run SET state = 'failed', finished_at = now() - interval '50 days' WHERE id = $1`,
      values: [runs[0]?.id],
    })
    expect(await apply({ runs: 30 * DAY })).toEqual({ ...NOTHING, runs: 1 })
    expect(await count('batch')).toBe(1)
    await database.query({
      text: `UPDATE run SET state = 'failed', finished_at = now() - interval '50 days'`,
    })
    expect(await apply({ runs: 30 * DAY })).toEqual({ ...NOTHING, runs: 1 })
    expect(await count('batch')).toBe(0)
  })

  it('is deleted by one server at a time, and as much as there is', async () => {
    await database.query({
      text: `INSERT INTO run (id, state, notebook_id, workspace, owner_issuer, owner_subject, owner_name, parameters,
          bucket, key, finished_at)
        SELECT ('01000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'failed', 'n', 'ws', 'i', 's', 'u', '{}',
          'b', 'k', now() - interval '50 days' FROM generate_series(1, 230) AS n`,
    })
    const counts = await Promise.all(Array.from({ length: 4 }, () => apply({ runs: DAY })))
    const most = Math.max(...counts.map(({ runs }) => runs))
    expect(most).toBeGreaterThan(0)
    await apply({ runs: DAY })
    expect(await count('run')).toBe(0)
  })
})

it('folders of runs are removed when their run ended long ago or is gone, and nothing else is', async () => {
  await using folder = await tempFolder()
  const files = new DiskFiles(folder.path)
  const folders: RunFolders = {
    list: async () =>
      (await files.foldersIn('ws/runs', 100)).map((runId) => ({ runId, folder: `ws/runs/${runId}` })),
    remove: (path) => files.remove(path),
  }
  const [old, recent, waiting] = [await ended(40), await ended(1), await accept(40)]
  const [gone, young, kept] = [idOf(40), idOf(1), await ended(41)]
  await database.query({
    text: `INSERT INTO left_kernel (run_id, kernel_host, kernel_id, owner_issuer, owner_subject, until)
      VALUES ($1, 'h', 'k', 'i', 's', now())`,
    values: [kept],
  })
  for (const name of [old, recent, waiting, gone, young, kept, 'mine', old.toUpperCase()])
    mkdirSync(join(folder.path, 'ws/runs', name, 'deep'), { recursive: true })
  expect(await removeOldFolders({ database, folders, keepSeconds: 30 * DAY, log })).toBe(2)
  expect(readdirSync(join(folder.path, 'ws/runs')).sort()).toEqual(
    [recent, waiting, young, kept, 'mine', old.toUpperCase()].sort(),
  )
})
