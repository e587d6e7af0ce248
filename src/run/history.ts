import type { Database } from '../database/connect.ts'
import { RunnerError } from '../errors.ts'
import type { Caller } from '../identity/caller.ts'
import { parameterKey } from './parameter-key.ts'
import type { Run, RunState } from './run.ts'
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

/** One index scan for each workspace, notebook and state that is asked for, each in the order of the page. */
export function historyStatement(
  caller: Caller,
  filter: HistoryFilter,
  limit: number,
  cursor: string | undefined,
): { readonly text: string; readonly values: readonly unknown[] } {
  const values: unknown[] = []
  const conditions = ['hidden_at IS NULL']
  const sources: string[] = []
  const place = (value: unknown) => `$${values.push(value)}`
  const when = (sql: string, value: unknown) => {
    if (value !== undefined) conditions.push(sql.replace('?', place(value)))
  }
  const oneOf = (column: string, choices: readonly string[] | undefined) => {
    if (choices?.length === 1) return when(`run.${column} = ?`, storable(choices[0] ?? ''))
    if (choices === undefined) return
    sources.push(`unnest(${place([...new Set(choices.map(storable))])}::text[]) AS any_${column}`)
    conditions.push(`run.${column} = any_${column}`)
  }
  oneOf('workspace', caller.workspaces)
  oneOf('notebook_id', filter.notebookIds)
  oneOf('state', filter.states)
  when('created_at >= ?', filter.from)
  when('created_at <= ?', filter.to)
  when('finished_at IS NOT NULL AND finished_at - started_at >= make_interval(secs => ?)', filter.minSeconds)
  when('finished_at IS NOT NULL AND finished_at - started_at <= make_interval(secs => ?)', filter.maxSeconds)
  when('owner_name = ?', filter.person && storable(filter.person))
  when('batch_id = ?', filter.batchId)
  const { parameter } = filter
  when('parameter_keys @> ARRAY[?::bigint]', parameter && parameterKey(parameter.name, parameter.value))
  if (cursor !== undefined) {
    const [created, id] = readCursor(cursor)
    const at = `'epoch'::timestamptz + ${place(created)}::bigint * interval '1 microsecond'`
    conditions.push(`(created_at, id) < (${at}, ${place(id)}::uuid)`)
  }
  const order = `ORDER BY created_at DESC, id DESC LIMIT ${place(limit)}`
  const found = `SELECT * FROM run WHERE ${conditions.join(' AND ')} ${order}`
  const each = sources.map((source) => `${source} CROSS JOIN `).join('')
  return {
    text: `
      SELECT ${RUN_COLUMNS}, (extract(epoch FROM created_at) * 1000000)::bigint::text AS created
      FROM ${each}LATERAL (${found}) AS run ${order}`,
    values,
  }
}

function readCursor(cursor: string): readonly [string, string] {
  const text = Buffer.from(cursor, 'base64url').toString()
  const [, created, id] = /^(\d{1,16}) ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(text) ?? []
  if (created !== undefined && id !== undefined) return [created, id]
  throw new RunnerError(
    'invalid-request',
    'The cursor is none that this service gave: begin with the first page.',
  )
}
