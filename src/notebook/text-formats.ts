import { shown } from './misfit.ts'

/** What is wrong with a text, or undefined. */
type Problem = string | undefined

const DATE = /^\d{4}-\d\d-\d\d$/
const DATE_TIME = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:[0-5]\d(?:\.\d{1,9})?(?:[Zz]|[-+]\d\d:\d\d)$/
const MAX_URI_LENGTH = 8192

/** Absolute http, https or s3; no login in it, no blanks and no control characters. Others' hosts are not asked. */
export function uriProblem(text: string): Problem {
  const [, authority] = /^(?:https?|s3):\/\/([^/?#]*)/i.exec(text) ?? []
  if (authority === undefined) return `got ${shown(text)}`
  if (text.length > MAX_URI_LENGTH) return `got a URL of more than ${MAX_URI_LENGTH} characters`
  if (/[\p{C}\p{Z}\\]/u.test(text)) return 'the URL has a blank, a backslash or a control character in it'
  if (authority.includes('@')) return 'the URL has a user name or a password in it'
  return URL.canParse(text) && authority !== '' ? undefined : `got ${shown(text)}`
}

/** RFC 3339 full-date, of a day that exists. */
export function dateProblem(text: string): Problem {
  if (!DATE.test(text)) return `got ${shown(text)}`
  return exists(() => Temporal.PlainDate.from(text)) ? undefined : `there is no day ${text}`
}

/** RFC 3339 date-time. Seconds end at 59: Python's `datetime` has no leap seconds. */
export function dateTimeProblem(text: string): Problem {
  if (!DATE_TIME.test(text)) {
    // In a link `+` is a blank: the commonest way to lose an offset.
    const hint = /:\d\d(?:\.\d+)? \d\d:\d\d$/.test(text)
      ? ' (in a link, write the + of an offset as %2B)'
      : ''
    return `got ${shown(text)}${hint}`
  }
  return exists(() => Temporal.Instant.from(text)) ? undefined : `there is no time ${text}`
}

function exists(read: () => unknown): boolean {
  try {
    read()
    return true
  } catch {
    return false
  }
}

/** `start/end` of dates or date-times, either of them `..`, as `datetime` of OGC API and STAC has it. */
export function intervalProblem(text: string): Problem {
  const ends = text.split('/')
  const [start = '', end = ''] = ends
  if (ends.length !== 2) return `got ${shown(text)}`
  if (start === '..' && end === '..') return 'both ends are open'
  for (const one of ends) {
    if (one === '..') continue
    const problem = DATE.test(one) ? dateProblem(one) : dateTimeProblem(one)
    if (problem !== undefined) return problem
  }
  if (start === '..' || end === '..') return undefined
  const span = Temporal.Instant.compare(moment(start, '00:00:00'), moment(end, '23:59:59.999999999'))
  return span <= 0 ? undefined : `its start ${start} is after its end ${end}`
}

/** A date alone that ends an interval means the whole day. */
function moment(text: string, time: string): Temporal.Instant {
  return Temporal.Instant.from(DATE.test(text) ? `${text}T${time}Z` : text)
}
