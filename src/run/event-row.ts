import { compactJson } from '../notebook/compact-json.ts'
import { fromPlain, isObject, parseJson } from '../notebook/json.ts'
import type { NumberedEvent, RunEvent } from './event.ts'
import { eventFrom } from './event-json.ts'

/** As the driver gives it. */
export interface EventRow {
  readonly number: number
  readonly at: Date
  readonly data: string
}

/** A page ends early where its texts become long, so that it fits into memory whatever cells print. */
const PAGE_BYTES = 1_000_000

/** Selects the rows of `where` (of run_event) by their number, `limit` at most, the first in any case. */
export const eventPage = (where: string, limit: string): string => `
  SELECT number, at, data FROM (
    SELECT number, at, data, sum(octet_length(data)) OVER (ORDER BY number) - octet_length(data) AS before
    FROM (SELECT number, at, data FROM run_event WHERE ${where} ORDER BY number LIMIT ${limit}) candidates
  ) page WHERE before < ${PAGE_BYTES} ORDER BY number`

/** The event as JSON on one line, numbers as they were written. */
export const eventText = (event: RunEvent): string => compactJson(fromPlain(event))

export function numberedEvent({ number, at, data }: EventRow): NumberedEvent {
  const json = parseJson(data)
  const event = isObject(json) ? eventFrom(json) : undefined
  if (event === undefined)
    throw new TypeError(`Event ${number} is none that this version knows: ${data.slice(0, 200)}`)
  return { number, at, event, json: data }
}
