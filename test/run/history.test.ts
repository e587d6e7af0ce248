import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Database } from '../../src/database/connect.ts'
import { fromPlain, JsonNumber } from '../../src/notebook/json.ts'
import {
  HISTORY_SORTS,
  type HistoryFilter,
  type HistorySort,
  historyStatement,
  listRuns,
} from '../../src/run/history.ts'
import type { Run } from '../../src/run/run.ts'
import { type RunStore, runStore } from '../../src/run/store.ts'
import { generateRuns } from '../support/many-runs.ts'
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

const caller = callerOf('a', 'b')
const idsOf = (runs: readonly Run[]) => runs.map(({ id }) => id)

async function list(filter: HistoryFilter, asked = caller, sort: HistorySort = 'newest') {
  return idsOf((await listRuns(database, asked, filter, { limit: 1_000, sort })).runs)
}

describe('the history', () => {
  const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute))
  const rows: { id: string; workspace: string; minute: number }[] = []

  beforeAll(async () => {
    for (let minute = 0; minute < 12; minute++) {
      const workspace = ['a', 'b', 'c'][minute % 3] ?? ''
      const parameters = new Map([
        ['year', new JsonNumber(String(2019 + (minute % 2)))],
        ['name', minute < 6 ? 'é "x"' : '7'],
        ['bbox', fromPlain([1, 2.5])],
      ])
      const run = newExecution({ notebookId: `n-${minute % 4}`, parameters })
      const scope = scopeOf(workspace, 's', minute < 6 ? 'alice' : 'bob')
      if (minute < 8) await store.accept(scope, run)
      else await store.insertPrepared(scope, run)
      rows.push({ id: run.id, workspace, minute })
      const values = [run.id, at(minute)]
      await database.query({ text: 'UPDATE run SET created_at = $2 WHERE id = $1', values })
      await database.query({ text: 'UPDATE run_parameter SET created_at = $2 WHERE run_id = $1', values })
      if (minute >= 4) continue
      await database.query({
        text: `
          UPDATE run SET state = 'succeeded', started_at = $2::timestamptz, finished_at = $2::timestamptz + make_interval(secs => $3)
          WHERE id = $1`,
        values: [...values, 10 * minute],
      })
    }
  })

  const expected = (minutes: readonly number[], ...workspaces: string[]) =>
    rows
      .filter(({ minute, workspace }) => minutes.includes(minute) && workspaces.includes(workspace))
      .toReversed()
      .map(({ id }) => id)
  const all = Array.from({ length: 12 }, (_, minute) => minute)

  it('has the runs of the caller, newest first', async () => {
    expect(await list({})).toEqual(expected(all, 'a', 'b'))
    expect(await list({}, callerOf('c', 'c', 'none'))).toEqual(expected(all, 'c'))
    expect(await list({}, callerOf())).toEqual([])
  })

  it('has those that fit all that is asked', async () => {
    const ab = ['a', 'b']
    expect(await list({ notebookIds: ['n-1'] })).toEqual(expected([1, 5, 9], ...ab))
    expect(await list({ notebookIds: ['n-1', 'n-2', 'n-2'] })).toEqual(expected([1, 2, 5, 6, 9, 10], ...ab))
    expect(await list({ notebookIds: [] })).toEqual([])
    expect(await list({ states: ['succeeded'] })).toEqual(expected([0, 1, 2, 3], ...ab))
    expect(await list({ states: ['queued', 'prepared'] })).toEqual(
      expected([4, 5, 6, 7, 8, 9, 10, 11], ...ab),
    )
    expect(await list({ from: at(3), to: at(6) })).toEqual(expected([3, 4, 5, 6], ...ab))
    expect(await list({ minSeconds: 10 })).toEqual(expected([1, 2, 3], ...ab))
    expect(await list({ minSeconds: 5, maxSeconds: 10 })).toEqual(expected([1], ...ab))
    expect(await list({ person: 'bob' })).toEqual(expected([6, 7, 8, 9, 10, 11], ...ab))
    expect(await list({ person: 'alice', states: ['queued'], notebookIds: ['n-0', 'n-1'] })).toEqual(
      expected([4, 5], ...ab),
    )
    for (const odd of ['\0', "'; DROP TABLE run", '$1']) {
      expect(await list({ person: odd })).toEqual([])
      expect(await list({ notebookIds: [odd] })).toEqual([])
      expect(await list({ notebookIds: [odd, `${odd}x`] })).toEqual([])
    }
  })

  it('finds parameters by the text of a link', async () => {
    const parameter = (name: string, value: string) => list({ parameter: { name, value } })
    const odd = expected([1, 3, 5, 7, 9, 11], 'a', 'b')
    expect(await parameter('year', '2020')).toEqual(odd)
    expect(await parameter('year', '2020.0')).toEqual(odd)
    expect(await parameter('name', 'é "x"')).toEqual(expected([0, 1, 2, 3, 4, 5], 'a', 'b'))
    expect(await parameter('name', '7')).toEqual(expected([6, 7, 8, 9, 10, 11], 'a', 'b'))
    expect(await parameter('bbox', '[1,2.5]')).toEqual(expected(all, 'a', 'b'))
    expect(await parameter('year', '2021')).toEqual([])
    expect(await parameter('other', '2020')).toEqual([])
    expect(await parameter('\0', '\ud800')).toEqual([])
  })

  it('leaves out what was dismissed', async () => {
    const hidden = rows[9]?.id ?? ''
    expect(await store.dismiss(caller, hidden)).toBe(true)
    expect(await list({})).toEqual(expected(all, 'a', 'b').filter((id) => id !== hidden))
    await database.query({ text: 'UPDATE run SET hidden_at = NULL' })
  })

  it('is in the order that is asked for', async () => {
    expect(await list({}, caller, 'oldest')).toEqual(expected(all, 'a', 'b').toReversed())
    expect(await list({}, caller, 'longest')).toEqual(expected([0, 1, 2, 3], 'a', 'b'))
    expect(await list({}, caller, 'shortest')).toEqual(expected([0, 1, 2, 3], 'a', 'b').toReversed())
    expect(
      await list({ notebookIds: ['n-1', 'n-3'], states: ['succeeded', 'queued'] }, caller, 'longest'),
    ).toEqual(expected([1, 3], 'a', 'b'))
    const parameter = { name: 'year', value: '2020' }
    expect(await list({ parameter }, caller, 'oldest')).toEqual(
      expected([1, 3, 5, 7, 9, 11], 'a', 'b').toReversed(),
    )
    expect(await list({ parameter }, caller, 'shortest')).toEqual(expected([1, 3], 'a', 'b').toReversed())
  })

  it('is the same by pages of any size, also where times are equal', async () => {
    await database.query({
      text: "UPDATE run SET created_at = '2026-01-01 00:00:00.123456+00' WHERE workspace IN ('a', 'b') AND state = 'queued'",
    })
    // As long as each other, and as long as numbers that a double has not exactly.
    await database.query({
      text: "UPDATE run SET finished_at = started_at + interval '100.1 s' WHERE workspace IN ('a', 'b')",
    })
    const filters = fc.constantFrom<HistoryFilter>({}, { states: ['queued', 'prepared'] }, { person: 'bob' })
    const sorts = fc.constantFrom(...HISTORY_SORTS)
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 9 }), filters, sorts, async (limit, filter, sort) => {
        const found: string[] = []
        let cursor: string | undefined
        do {
          const page = await listRuns(database, caller, filter, { limit, cursor, sort })
          expect(page.runs.length).toBeLessThanOrEqual(limit)
          found.push(...idsOf(page.runs))
          cursor = page.next
        } while (cursor !== undefined)
        const whole = await list({}, caller, sort)
        const fits = new Set(await list(filter, caller, sort))
        expect(found).toEqual(whole.filter((id) => fits.has(id)))
      }),
      { numRuns: 30 },
    )
  })

  it('refuses a cursor that it did not give', async () => {
    for (const text of [
      '',
      'x',
      '1 2',
      `1.5s ${rows[0]?.id}`,
      `99999999999999999 ${rows[0]?.id}`,
      `1 ${rows[0]?.id}'`,
    ]) {
      const cursor = Buffer.from(text).toString('base64url')
      const page = listRuns(database, caller, {}, { limit: 1, cursor })
      await expect(page).rejects.toMatchObject({ code: 'invalid-request' })
    }
  })
})

describe('a long history', () => {
  let big: Database
  beforeAll(async () => {
    big = await postgres.database()
    await generateRuns(big, 200_000)
  })

  interface Plan {
    readonly 'Node Type': string
    readonly 'Actual Rows': number
    readonly 'Actual Loops': number
    readonly 'Rows Removed by Filter'?: number
    readonly Plans?: readonly Plan[]
  }
  const nodesOf = (plan: Plan): readonly Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)]

  /** How many rows PostgreSQL looks at for a page of 51. */
  async function looksAt(
    filter: HistoryFilter,
    cursor: string | undefined,
    workspaces: readonly string[],
    sort: HistorySort = 'newest',
  ) {
    const { text, values } = historyStatement(callerOf(...workspaces), filter, { limit: 51, cursor, sort })
    const [row] = await big.query<{ 'QUERY PLAN': readonly { Plan: Plan }[] }>({
      text: `EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ${text}`,
      values,
    })
    const [root] = row?.['QUERY PLAN'] ?? []
    const nodes = root === undefined ? [] : nodesOf(root.Plan)
    expect(nodes.map((node) => node['Node Type'])).not.toContain('Seq Scan')
    const rows = nodes
      .filter((node) => node.Plans === undefined)
      .map((node) => node['Actual Loops'] * (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)))
    return rows.reduce((sum, count) => sum + count, 0)
  }

  const filters: Record<string, HistoryFilter> = {
    everything: {},
    'a common notebook': { notebookIds: ['notebook-3'] },
    'a rare notebook': { notebookIds: ['rare'] },
    'some notebooks': { notebookIds: ['rare', 'notebook-3', 'none'] },
    'a common state': { states: ['succeeded'] },
    'a rare state': { states: ['failed'] },
    'rare states': { states: ['failed', 'queued', 'running'] },
    'a common person': { person: 'person-3' },
    'a rare person': { person: 'rare' },
    'a common value': { parameter: { name: 'year', value: '2019' } },
    'a rare value': { parameter: { name: 'threshold', value: '0.75' } },
    'long runs': { minSeconds: 80_000 },
    'short runs': { maxSeconds: 300 },
    'a rare state of a common notebook': { states: ['failed'], notebookIds: ['notebook-7'] },
    'states and notebooks that never meet': {
      states: ['failed', 'queued', 'prepared'],
      notebookIds: ['notebook-3', 'notebook-5', 'none'],
    },
  }

  it.each(Object.entries(filters))('is read by an index: %s', async (_, filter) => {
    for (const workspaces of [['big'], ['big', 'small-1', 'small-2']]) {
      expect(await looksAt(filter, undefined, workspaces)).toBeLessThan(4_000)
      const page = await listRuns(big, callerOf(...workspaces), filter, { limit: 10 })
      if (page.next === undefined) continue
      expect(await looksAt(filter, page.next, workspaces)).toBeLessThan(4_000)
    }
  })

  it.each(HISTORY_SORTS)('is read by an index in each order: %s', async (sort) => {
    for (const workspaces of [['big'], ['big', 'small-1', 'small-2']]) {
      for (const filter of [
        {},
        { states: ['failed'] },
        { notebookIds: ['rare'] },
      ] satisfies HistoryFilter[]) {
        const looked = await looksAt(filter, undefined, workspaces, sort)
        expect(looked).toBeLessThan(4_000)
        const page = await listRuns(big, callerOf(...workspaces), filter, { limit: 10, sort })
        expect(await looksAt(filter, page.next, workspaces, sort)).toBeLessThan(4_000)
      }
    }
  })

  it('costs the same on a deep page', async () => {
    const [deep] = await big.query<{ created: string; id: string }>({
      text: `
        SELECT (extract(epoch FROM created_at) * 1000000)::bigint::text AS created, id
        FROM run WHERE workspace = 'big' ORDER BY created_at DESC, id DESC OFFSET 180000 LIMIT 1`,
    })
    const cursor = Buffer.from(`${deep?.created} ${deep?.id}`).toString('base64url')
    expect(await looksAt({}, cursor, ['big'])).toBeLessThan(200)
    expect(await looksAt({ states: ['succeeded'] }, cursor, ['big', 'small-1'])).toBeLessThan(200)
  })
})
