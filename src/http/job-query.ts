import type { ParameterFault } from '../errors.ts'
import { nearestName } from '../notebook/input-names.ts'
import { HISTORY_SORTS, type HistoryFilter, type HistorySort } from '../run/history.ts'
import { RUN_STATES, type RunState } from '../run/run.ts'
import { UUID } from '../run/uuid.ts'
import { QueryReader } from './query-reader.ts'
import { STATUS, STATUSES } from './status-info.ts'

interface JobQuery {
  readonly filter: HistoryFilter
  readonly sort: HistorySort
  readonly limit: number
  readonly cursor: string | undefined
  /** Nothing can be found. */
  readonly none: boolean
}

const MAX_LIMIT = 1000
const DEFAULT_LIMIT = 20

/** What each parameter of the list means: OGC's first, then ours. */
export const JOB_FILTERS = {
  type: 'process',
  processID: 'ids of notebooks, by comma',
  status: STATUSES.join(', '),
  datetime: 'when it was accepted: a time, a date, or an interval such as 2026-01-01T00:00:00Z/..',
  minDuration: 'seconds that an ended run took at least',
  maxDuration: 'seconds that an ended run took at most',
  limit: `runs a page, ${MAX_LIMIT} at most`,
  state: RUN_STATES.join(', '),
  owner: 'name of the person',
  batch: 'id of a sweep',
  parameter: 'name and value of an input, such as year:2024',
  sort: `${HISTORY_SORTS.join(', ')}; by duration, only runs that have one`,
  cursor: 'of the next link',
  f: 'json or html, whatever Accept says',
} as const
const NAMES = Object.keys(JOB_FILTERS)

/**
 * What a request for the job list asks for. A limit that is larger than ours is cut, as OGC wants it.
 * @throws RunnerError `invalid-parameters` with every fault.
 */
export function jobQuery(query: URLSearchParams): JobQuery {
  const read = new QueryReader(query)
  for (const name of new Set(query.keys())) if (!NAMES.includes(name)) read.fault(unknown(name))
  const types = read.many('type')
  const statuses = read.choices('status', STATUSES)
  const chosen = read.choices('state', RUN_STATES)
  const states = statuses.length + chosen.length === 0 ? undefined : statesOf(statuses, chosen)
  const notebookIds = read.many('processID')
  const time = read.as('datetime', DATETIME, interval)
  const minSeconds = read.as('minDuration', SECONDS, seconds)
  const maxSeconds = read.as('maxDuration', SECONDS, seconds)
  const person = read.one('owner')
  const batchId = read.as('batch', 'the id of a sweep', (text) => (UUID.test(text) ? text : undefined))
  const parameter = read.as('parameter', 'a name and a value, such as year:2024', parameterIn)
  const limit = read.as('limit', `1 to ${MAX_LIMIT}`, (text) =>
    /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined,
  )
  const sort = read.as('sort', HISTORY_SORTS.join(', '), (text) => HISTORY_SORTS.find((one) => one === text))
  const cursor = read.one('cursor')
  read.done()
  return {
    filter: {
      ...time,
      ...(states !== undefined && { states }),
      ...(notebookIds.length > 0 && { notebookIds }),
      ...(minSeconds !== undefined && { minSeconds }),
      ...(maxSeconds !== undefined && { maxSeconds }),
      ...(person !== undefined && { person }),
      ...(batchId !== undefined && { batchId }),
      ...(parameter !== undefined && { parameter }),
    },
    sort: sort ?? 'newest',
    limit: Math.min(limit ?? DEFAULT_LIMIT, MAX_LIMIT),
    cursor,
    none: states?.length === 0 || (types.length > 0 && !types.includes('process')),
  }
}

/** Those that have one of the statuses and are one of the states. */
function statesOf(statuses: readonly string[], states: readonly RunState[]): readonly RunState[] {
  return RUN_STATES.filter(
    (state) =>
      (statuses.length === 0 || statuses.includes(STATUS[state])) &&
      (states.length === 0 || states.includes(state)),
  )
}

const SECONDS = 'a number of seconds'
const seconds = (text: string): number | undefined =>
  /^\d{1,9}(\.\d{1,6})?$/.test(text) ? Number(text) : undefined

function parameterIn(text: string): HistoryFilter['parameter'] {
  const [, name, value] = /^([^:]+):(.*)$/s.exec(text) ?? []
  return name === undefined || value === undefined ? undefined : { name, value }
}

const DATETIME = 'a time such as 2026-01-31T12:00:00Z, or an interval such as 2026-01-01T00:00:00Z/..'

/** RFC 3339 times or dates; `..` or nothing for an open end. A date alone is the whole of its day. */
function interval(text: string): { from?: Date; to?: Date } | undefined {
  const [first = '', last = first, more] = text.split('/')
  const open = (end: string) => text.includes('/') && (end === '' || end === '..')
  const from = open(first) ? undefined : timeIn(first, 'T00:00:00Z')
  const to = open(last) ? undefined : timeIn(last, 'T23:59:59.999Z')
  if (more !== undefined || from === null || to === null) return undefined
  return { ...(from !== undefined && { from }), ...(to !== undefined && { to }) }
}

function timeIn(text: string, ofDay: string): Date | null {
  const pattern = /^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d))?$/i
  if (!pattern.test(text)) return null
  const date = new Date(text.length === 10 ? `${text}${ofDay}` : text)
  return Number.isNaN(date.getTime()) ? null : date
}

function unknown(name: string): ParameterFault {
  const shown = name.slice(0, 200)
  const nearest = nearestName(shown, NAMES)
  const hint = nearest === undefined ? `; there are ${NAMES.join(', ')}.` : `; did you mean ${nearest}?`
  return {
    name: shown,
    fault: 'unknown',
    message: `${shown} is no filter of the list${hint}`,
    ...(nearest !== undefined && { nearest }),
  }
}
