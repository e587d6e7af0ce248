import type { Database } from '../src/database/connect.ts'
import { type HistoryFilter, historyStatement, listRuns } from '../src/run/history.ts'
import { generateRuns } from '../test/support/many-runs.ts'
import { testPostgres } from '../test/support/postgres.ts'
import { callerOf } from '../test/support/runs.ts'
import { percentile } from './percentile.ts'
import { round, table } from './table.ts'

const RUNS = 1_000_000
const DEEP = 900_000
const PAGE = 50
const TIMES = 200

const FILTERS: ReadonlyArray<readonly [string, HistoryFilter]> = [
  ['everything', {}],
  ['one notebook', { notebookIds: ['notebook-3'] }],
  [
    'three notebooks, two states',
    { notebookIds: ['notebook-3', 'notebook-5', 'rare'], states: ['failed', 'succeeded'] },
  ],
  ['failed (1 in 5,000)', { states: ['failed'] }],
  ['one person', { person: 'person-3' }],
  ['a parameter, common value', { parameter: { name: 'year', value: '2019' } }],
  ['a parameter, rare value', { parameter: { name: 'threshold', value: '0.75' } }],
  ['longer than a day', { minSeconds: 86_000 }],
]

/** Pages of a history of a million runs through our own function, beside what PostgreSQL itself says that they took. */
export async function benchHistory(): Promise<string> {
  await using postgres = await testPostgres()
  const database = await postgres.database()
  await generateRuns(database, RUNS)
  const rows: (readonly (string | number)[])[] = []
  const deep = await deepCursor(database)
  for (const [name, filter] of FILTERS) {
    for (const workspaces of [['big'], ['big', 'small-1', 'small-2']]) {
      for (const cursor of [undefined, deep]) {
        rows.push([
          name,
          workspaces.length,
          cursor === undefined ? 'first' : 'deep',
          ...(await measure(database, filter, workspaces, cursor)),
        ])
      }
    }
  }
  const head = [
    'runs asked for',
    'workspaces',
    'page',
    'runs on it',
    'p50 ms',
    'p95 ms',
    'PostgreSQL itself, p50 ms',
  ]
  return [
    `## History of ${RUNS.toLocaleString('en')} runs, pages of ${PAGE}, the deep one after ${DEEP.toLocaleString('en')}`,
    '',
    table(head, rows),
  ].join('\n')
}

async function deepCursor(database: Database): Promise<string> {
  const [row] = await database.query<{ created: string; id: string }>({
    text: `
      SELECT (extract(epoch FROM created_at) * 1000000)::bigint::text AS created, id
      FROM run ORDER BY created_at DESC, id DESC OFFSET $1 LIMIT 1`,
    values: [DEEP],
    patienceMs: 60_000,
  })
  return Buffer.from(`${row?.created} ${row?.id}`).toString('base64url')
}

async function measure(
  database: Database,
  filter: HistoryFilter,
  workspaces: readonly string[],
  cursor: string | undefined,
): Promise<readonly number[]> {
  const caller = callerOf(...workspaces)
  const ours: number[] = []
  const theirs: number[] = []
  let found = 0
  for (let time = 0; time < TIMES; time++) {
    const started = performance.now()
    found = (await listRuns(database, caller, filter, { limit: PAGE, cursor })).runs.length
    ours.push(performance.now() - started)
    if (time % 10 === 0)
      theirs.push(await ownTime(database, historyStatement(caller, filter, { limit: PAGE + 1, cursor })))
  }
  return [
    found,
    round(percentile(ours, 0.5), 2),
    round(percentile(ours, 0.95), 2),
    round(percentile(theirs, 0.5), 2),
  ]
}

/** Planning and execution. */
async function ownTime(
  database: Database,
  { text, values }: { readonly text: string; readonly values: readonly unknown[] },
): Promise<number> {
  const [row] = await database.query<{
    'QUERY PLAN': readonly { 'Planning Time': number; 'Execution Time': number }[]
  }>({ text: `EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ${text}`, values })
  const [plan] = row?.['QUERY PLAN'] ?? []
  return (plan?.['Planning Time'] ?? 0) + (plan?.['Execution Time'] ?? 0)
}
