/** What the form of the history has in its fields; empty where nothing is asked for. */
export interface FilterFields {
  readonly processID: string
  readonly state: string
  readonly owner: string
  /** Days of the person's own calendar, such as 2026-01-31. */
  readonly from: string
  readonly to: string
  readonly name: string
  readonly value: string
  readonly sort: string
}

/** Parameters of the address that the fields stand for; a filter that is none of these stays in the address. */
const OWN = ['processID', 'state', 'owner', 'datetime', 'parameter', 'sort', 'cursor', 'limit', 'f']

export function fieldsOf(query: URLSearchParams): FilterFields {
  const [first = '', last = first] = (query.get('datetime') ?? '').split('/')
  const [name = '', ...value] = (query.get('parameter') ?? '').split(':')
  return {
    processID: query.get('processID') ?? '',
    state: query.get('state') ?? '',
    owner: query.get('owner') ?? '',
    from: dayOf(first),
    to: dayOf(last),
    name,
    value: value.join(':'),
    sort: query.get('sort') ?? '',
  }
}

/** The address for the fields, on its first page, with the filters of `query` that have no field. */
export function queryOf(fields: FilterFields, query: URLSearchParams): URLSearchParams {
  const made = new URLSearchParams(others(query))
  const { from, to, name, value } = fields
  for (const key of ['processID', 'state', 'owner', 'sort'] as const) {
    const text = fields[key].trim()
    if (text !== '') made.set(key, text)
  }
  if (from !== '' || to !== '')
    made.set('datetime', `${timeOf(from, '00:00:00')}/${timeOf(to, '23:59:59.999')}`)
  if (name.trim() !== '') made.set('parameter', `${name.trim()}:${value}`)
  return made
}

/** Filters without a field, such as a sweep, as name and value. */
export const others = (query: URLSearchParams): [string, string][] =>
  [...query].filter(([name]) => !OWN.includes(name))

function timeOf(day: string, time: string): string {
  const date = new Date(`${day}T${time}`)
  return Number.isNaN(date.getTime()) ? '..' : date.toISOString()
}

function dayOf(time: string): string {
  if (/^\d{4}-\d\d-\d\d$/.test(time)) return time
  const date = new Date(time)
  if (Number.isNaN(date.getTime())) return ''
  const two = (number: number) => String(number).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
}
