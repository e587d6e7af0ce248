import type { Database } from '../database/connect.ts'
import { RunnerError } from '../errors.ts'
import type { Caller } from '../identity/caller.ts'
import { parameterKey } from './parameter-key.ts'
import { RUN_STATES, type Run, type RunState } from './run.ts'
import { RUN_COLUMNS, type RunRow, runFrom, storable } from './run-row.ts'

/** Everything given must hold; of a list, one of them. */
export interface HistoryFilter {
  readonly notebookIds?: readonly string[]
  readonly states?: readonly RunState[]
  /** When it was accepted, both ends included. */
  readonly from?: Date
  readonly to?: Date
  /** From start to end, of finished ones, in seconds. */
  readonly minSeconds?: number
  readonly maxSeconds?: number
  /** The name that is shown of its owner. */
  readonly person?: string
  /** As a link would carry the value; numbers are compared as numbers. */
  readonly parameter?: { readonly name: string; readonly value: string }
  readonly batchId?: string
}

/** By when they were accepted, or by how long they took; those that have not taken any time yet are left out then. */
export const HISTORY_SORTS = ['newest', 'oldest', 'longest', 'shortest'] as const
export type HistorySort = (typeof HISTORY_SORTS)[number]

export interface HistoryPage {
  /** In the order that was asked for. */
  readonly runs: readonly Run[]
  /** For the page after this one; undefined where this is the last. */
  readonly next: string | undefined
}

interface HistoryRow extends RunRow {
  /** What the pages are sorted by, beside the id. */
  readonly place: string
}

export interface HistoryRequest {
  readonly sort?: HistorySort
  /** Runs a page. */
  readonly limit: number
  /** Of the page before. */
  readonly cursor?: string | undefined
}

/**
 * The runs in the caller's workspaces that nobody took out of the history, newest first where no `sort` is given,
 * `limit` at most, after the page that gave `cursor`. Each page costs the same, however deep. Throws `invalid-request`
 * for a cursor that is none of ours or of another order, `database-failed`.
 */
export async function listRuns(
  database: Database,
  caller: Caller,
  filter: HistoryFilter,
  asked: HistoryRequest,
): Promise<HistoryPage> {
  // Without a name, so that it is planned for these values: an index that serves a rare one is no good for a common one.
  const rows = await database.query<HistoryRow>(
    historyStatement(caller, filter, { ...asked, limit: asked.limit + 1 }),
  )
  const page = rows.slice(0, asked.limit)
  const last = page.at(-1)
  const next = rows.length > asked.limit && last !== undefined ? `${last.place} ${last.id}` : undefined
  return {
    runs: page.map(runFrom),
    next: next === undefined ? undefined : Buffer.from(next).toString('base64url'),
  }
}

/**
 * One index scan for each workspace, notebook and state that is asked for, each in the order of the page and no longer
 * than it. Exported for the test that looks at the plans.
 */
export function historyStatement(
  caller: Caller,
  filter: HistoryFilter,
  { sort = 'newest', limit, cursor }: HistoryRequest,
): { readonly text: string; readonly values: readonly unknown[] } {
  const { parameter } = filter
  const values: unknown[] = []
  const place = (value: unknown) => `$${values.push(value)}`
  const conditions = ['run.hidden_at IS NULL']
  const when = (sql: string, value: unknown) => {
    if (value !== undefined) conditions.push(sql.replace('?', place(value)))
  }
  // A list of one is planned for that value; a longer one is gone through value by value.
  const lists: string[] = []
  const oneOf = (column: string, type: string, choices: readonly string[] | undefined) => {
    if (choices === undefined) return
    if (choices.length === 1) return when(`${column} = ?::${type}`, choices[0])
    const list = `list_${lists.length}`
    lists.push(`unnest(${place(choices)}::${type}[]) AS ${list} (choice)`)
    conditions.push(`${column} = ${list}.choice`)
  }
  const workspaces = [...new Set(caller.workspaces)]
  if (parameter === undefined) oneOf('run.workspace', 'text', workspaces)
  else {
    // The key has the workspace in it.
    when('run.workspace = ANY (?)', workspaces)
    const keys = workspaces.map((workspace) => parameterKey(workspace, parameter.name, parameter.value))
    oneOf('parameter.key', 'bigint', keys)
  }
  const { by, descending } = ORDERS[sort]
  const notebookIds = filter.notebookIds && [...new Set(filter.notebookIds.map(storable))]
  if (by === 'created') {
    oneOf('run.notebook_id', 'text', notebookIds)
    // The index by notebook has the state in it: any state is each of them.
    const states = filter.states ?? (notebookIds === undefined ? undefined : RUN_STATES)
    oneOf('run.state', 'text', states && [...new Set(states)])
  } else {
    // No index has them in this order, and PostgreSQL knows whether they are rare enough to be sorted.
    when('run.notebook_id = ANY (?::text[])', notebookIds)
    when('run.state = ANY (?::text[])', filter.states)
    conditions.push('run.duration IS NOT NULL')
  }
  when('run.duration >= ?', filter.minSeconds)
  when('run.duration <= ?', filter.maxSeconds)
  when('run.owner_name = ?', filter.person && storable(filter.person))
  when('run.batch_id = ?', filter.batchId)
  const [from, created, id] =
    parameter === undefined
      ? ['run', 'run.created_at', 'run.id']
      : [
          'run_parameter AS parameter JOIN run ON run.id = parameter.run_id',
          'parameter.created_at',
          'parameter.run_id',
        ]
  when(`${created} >= ?`, filter.from)
  when(`${created} <= ?`, filter.to)
  const [column, sorted] = by === 'created' ? [created, 'run.created_at'] : ['run.duration', 'run.duration']
  if (cursor !== undefined) {
    const last = readCursor(cursor, by)
    const at = PLACES[by].value(place(last.place))
    conditions.push(`(${column}, ${id}) ${descending ? '<' : '>'} (${at}, ${place(last.id)}::uuid)`)
  }
  const most = place(limit)
  const order = (first: string, second: string) => {
    const way = descending ? 'DESC' : 'ASC'
    return `ORDER BY ${first} ${way}, ${second} ${way} LIMIT ${most}`
  }
  const found = `SELECT run.* FROM ${from} WHERE ${conditions.join(' AND ')} ${order(column, id)}`
  return {
    text: `
      SELECT ${RUN_COLUMNS}, ${PLACES[by].text} AS place
      FROM ${lists.map((list) => `${list} CROSS JOIN `).join('')}LATERAL (${found}) AS run
      ${order(sorted, 'run.id')}`,
    values,
  }
}

const ORDERS = {
  newest: { by: 'created', descending: true },
  oldest: { by: 'created', descending: false },
  longest: { by: 'duration', descending: true },
  shortest: { by: 'duration', descending: false },
} as const satisfies Record<HistorySort, object>

/** How a place in an order is written in a cursor, exactly, and read again. */
const PLACES = {
  // In microseconds, which a Date does not hold.
  created: {
    text: '(extract(epoch FROM run.created_at) * 1000000)::bigint::text',
    value: (given: string) => `'epoch'::timestamptz + ${given}::bigint * interval '1 microsecond'`,
    pattern: /^(\d{1,16}) (\S+)$/,
  },
  duration: {
    text: "run.duration::text || 's'",
    value: (given: string) => `${given}::float8`,
    pattern: /^(\d{1,16}(?:\.\d{1,17})?(?:e[+-]\d{1,2})?)s (\S+)$/,
  },
} as const
const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

function readCursor(
  cursor: string,
  by: keyof typeof PLACES,
): { readonly place: string; readonly id: string } {
  const text = Buffer.from(cursor, 'base64url').toString()
  const [, place, id] = PLACES[by].pattern.exec(text) ?? []
  if (place !== undefined && id !== undefined && ID.test(id)) return { place, id }
  throw new RunnerError(
    'invalid-request',
    'The cursor is none that this service gave for this order: begin with the first page.',
  )
}
