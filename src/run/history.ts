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

export interface HistoryPage {
  /** Newest first. */
  readonly runs: readonly Run[]
  /** For the page after this one; undefined where this is the last. */
  readonly next: string | undefined
}

interface HistoryRow extends RunRow {
  /** `created_at` in microseconds, which a Date does not hold. */
  readonly created: string
}

/**
 * The runs in the caller's workspaces that nobody took out of the history, newest first, `limit` at most, after the
 * page that gave `cursor`. Each page costs the same, however deep. Throws `invalid-request` for a cursor that is none
 * of ours, `database-failed`.
 */
export async function listRuns(
  database: Database,
  caller: Caller,
  filter: HistoryFilter,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
): Promise<HistoryPage> {
  // Without a name, so that it is planned for these values: an index that serves a rare one is no good for a common one.
  const rows = await database.query<HistoryRow>(historyStatement(caller, filter, limit + 1, cursor))
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  const next = rows.length > limit && last !== undefined ? `${last.created} ${last.id}` : undefined
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
  limit: number,
  cursor: string | undefined,
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
  oneOf('run.notebook_id', 'text', filter.notebookIds && [...new Set(filter.notebookIds.map(storable))])
  // The index by notebook has the state in it: any state is each of them.
  const states = filter.states ?? (filter.notebookIds === undefined ? undefined : RUN_STATES)
  oneOf('run.state', 'text', states && [...new Set(states)])
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
  if (cursor !== undefined) {
    const last = readCursor(cursor)
    const at = `'epoch'::timestamptz + ${place(last.created)}::bigint * interval '1 microsecond'`
    conditions.push(`(${created}, ${id}) < (${at}, ${place(last.id)}::uuid)`)
  }
  const most = place(limit)
  const found = `
    SELECT run.* FROM ${from} WHERE ${conditions.join(' AND ')} ORDER BY ${created} DESC, ${id} DESC LIMIT ${most}`
  return {
    text: `
      SELECT ${RUN_COLUMNS}, (extract(epoch FROM run.created_at) * 1000000)::bigint::text AS created
      FROM ${lists.map((list) => `${list} CROSS JOIN `).join('')}LATERAL (${found}) AS run
      ORDER BY run.created_at DESC, run.id DESC LIMIT ${most}`,
    values,
  }
}

function readCursor(cursor: string): { readonly created: string; readonly id: string } {
  const text = Buffer.from(cursor, 'base64url').toString()
  const [, created, id] = /^(\d{1,16}) ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(text) ?? []
  if (created !== undefined && id !== undefined) return { created, id }
  throw new RunnerError(
    'invalid-request',
    'The cursor is none that this service gave: begin with the first page.',
  )
}
