import { compactJson } from '../../src/notebook/compact-json.ts'
import { fromPlain, isObject, parseJson } from '../../src/notebook/json.ts'
import type { OutputChange } from '../../src/notebook/outputs.ts'
import { eventFrom } from '../../src/run/event-json.ts'

/** The change as it comes back from where events are recorded. */
export function recorded(change: OutputChange): OutputChange {
  const json = parseJson(compactJson(fromPlain({ type: 'output', cell: 0, change })))
  const event = isObject(json) ? eventFrom(json) : undefined
  if (event?.type !== 'output') throw new Error('The change does not come back')
  return event.change
}
