import { type ParameterFault, RunnerError } from '../errors.ts'
import { nearestName } from '../notebook/input-names.ts'
import type { HistoryFilter } from '../run/history.ts'
import { isRunState, RUN_STATES, type RunState } from '../run/run.ts'
import { UUID } from './find-run.ts'
import { STATUS, STATUSES } from './status-info.ts'

interface JobQuery {
  readonly filter: HistoryFilter
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
  cursor: 'of the next link',
  f: 'json or html, whatever Accept says',
} as const
const NAMES = Object.keys(JOB_FILTERS)

/**
 * What a request for the job list asks for. A limit that is larger than ours is cut, as OGC wants it.
 * @throws RunnerError `invalid-parameters` with every fault.
 */
export function jobQuery(query: URLSearchParams): JobQuery {
  const faults: ParameterFault[] = []
  for (const name of new Set(query.keys()))
    if (!NAMES.some((known) => known === name)) faults.push(unknown(name))

  const invalid = (name: string, expected: string): undefined => {
    const received = query.getAll(name).join(',').slice(0, 200)
    faults.push({ name, fault: 'invalid', message: `${name}: expected ${expected}.`, received, expected })
  }
  const one = (name: string): string | undefined => {
    const [value, second] = query.getAll(name)
    if (second !== undefined)
      faults.push({ name, fault: 'repeated', message: `${name} is given more than once.` })
    return value === '' ? undefined : value
  }
  const many = (name: string): readonly string[] =>
    query
      .getAll(name)
      .flatMap((value) => value.split(','))
      .filter((value) => value !== '')
  const seconds = (name: string): number | undefined => {
    const text = one(name)
    if (text === undefined) return undefined
    return /^\d{1,9}(\.\d{1,6})?$/.test(text) ? Number(text) : invalid(name, 'a number of seconds')
  }
  const times = (): { from?: Date; to?: Date } => {
    const text = one('datetime')
    return text === undefined ? {} : (interval(text) ?? invalid('datetime', DATETIME) ?? {})
  }
  const parameterOf = (): HistoryFilter['parameter'] => {
    const text = one('parameter')
    if (text === undefined) return undefined
    const [, name, value] = /^([^:]+):(.*)$/s.exec(text) ?? []
    if (name !== undefined && value !== undefined) return { name, value }
    return invalid('parameter', 'a name and a value, such as year:2024')
  }

  const types = many('type')
  const states = statesOf(many('status'), many('state'), invalid)
  const notebookIds = many('processID')
  const person = one('owner')
  const batchId = one('batch')
  if (batchId !== undefined && !UUID.test(batchId)) invalid('batch', 'the id of a sweep')
  const limitText = one('limit') ?? String(DEFAULT_LIMIT)
  const limit = /^[1-9]\d{0,8}$/.test(limitText) ? Number(limitText) : invalid('limit', `1 to ${MAX_LIMIT}`)
  const cursor = one('cursor')
  const minSeconds = seconds('minDuration')
  const maxSeconds = seconds('maxDuration')
  const parameter = parameterOf()
  const time = times()
  if (faults.length > 0) {
    throw new RunnerError('invalid-parameters', faults.map(({ message }) => message).join(' '), {
      errors: faults,
    })
  }
  return {
    filter: {
      ...time,
      ...(notebookIds.length > 0 && { notebookIds }),
      ...(states !== undefined && { states }),
      ...(minSeconds !== undefined && { minSeconds }),
      ...(maxSeconds !== undefined && { maxSeconds }),
      ...(person !== undefined && { person }),
      ...(batchId !== undefined && { batchId }),
      ...(parameter !== undefined && { parameter }),
    },
    limit: Math.min(limit ?? DEFAULT_LIMIT, MAX_LIMIT),
    cursor,
    none: states?.length === 0 || (types.length > 0 && !types.includes('process')),
  }
}

/** Those that have one of the statuses and are one of the states; undefined: all. */
function statesOf(
  statuses: readonly string[],
  states: readonly string[],
  invalid: (name: string, expected: string) => undefined,
): readonly RunState[] | undefined {
  if (statuses.some((status) => STATUSES.every((known) => known !== status)))
    invalid('status', `some of ${STATUSES.join(', ')}`)
  if (!states.every(isRunState)) invalid('state', `some of ${RUN_STATES.join(', ')}`)
  if (statuses.length + states.length === 0) return undefined
  return RUN_STATES.filter(
    (state) =>
      (statuses.length === 0 || statuses.includes(STATUS[state])) &&
      (states.length === 0 || states.includes(state)),
  )
}

const DATETIME = 'a time such as 2026-01-31T12:00:00Z, or an interval such as 2026-01-01T00:00:00Z/..'

/** RFC 3339 times or dates; `..` or nothing for an open end. A date alone is the whole of its day. */
function interval(text: string): { from?: Date; to?: Date } | undefined {
  const [first = '', last = first, more] = text.split('/')
  const open = (end: string) => text.includes('/') && (end === '' || end === '..')
  const from = open(first) ? undefined : time(first, 'T00:00:00Z')
  const to = open(last) ? undefined : time(last, 'T23:59:59.999Z')
  if (more !== undefined || from === null || to === null) return undefined
  return { ...(from !== undefined && { from }), ...(to !== undefined && { to }) }
}

function time(text: string, ofDay: string): Date | null {
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
