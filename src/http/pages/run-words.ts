import { html } from 'ghtml'
import { compactJson } from '../../notebook/compact-json.ts'
import { JsonNumber, type JsonValue } from '../../notebook/json.ts'
import type { Waiting } from '../../run/queue.ts'
import type { FailureReason, Run, RunState } from '../../run/run.ts'
import { WAITING_WORDS } from '../status-info.ts'

/** What people read for a state. */
export const STATE_WORDS: Readonly<Record<RunState, string>> = {
  prepared: 'Prepared',
  queued: 'Waiting',
  starting: 'Starting',
  running: 'Running',
  saving: 'Saving',
  succeeded: 'Succeeded',
  failed: 'Failed',
  cancelled: 'Cancelled',
}

const REASON_WORDS: Readonly<Record<FailureReason, string>> = {
  'cell-error': 'a cell raised an error',
  'kernel-died': 'the kernel died',
  'out-of-memory': 'it needed more memory than there was',
  timeout: 'it took longer than it may',
  'start-failed': 'the kernel could not be started',
  'storage-failed': 'the notebook could not be stored',
  'outcome-unknown': 'it is not known what became of a cell',
}

/** State and why, in a few words. */
export function stateText({ state, reason }: Run, waiting?: Waiting): string {
  const words = STATE_WORDS[state]
  if (waiting !== undefined)
    return `${words}: place ${waiting.position} in the queue, ${WAITING_WORDS[waiting.reason]}`
  return reason === undefined ? words : `${words}: ${REASON_WORDS[reason]}`
}

/** From the start (or the acceptance) to the end, so far; empty where it never ran. */
export function durationText({ startedAt, finishedAt }: Run): string {
  if (startedAt === undefined || finishedAt === undefined) return ''
  const seconds = (finishedAt.getTime() - startedAt.getTime()) / 1000
  if (seconds < 60) return `${seconds.toFixed(1)} s`
  const minutes = Math.floor(seconds / 60)
  return minutes < 60
    ? `${minutes} min ${Math.floor(seconds % 60)} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

export const timeTag = (time: Date): string =>
  html`<time datetime="${time.toISOString()}">${time.toISOString().slice(0, 19).replace('T', ' ')} UTC</time>`

/** A value as a link carries it. */
export function valueText(value: JsonValue): string {
  if (typeof value === 'string') return value
  if (value instanceof JsonNumber) return value.raw
  if (Array.isArray(value) && value.every((item) => typeof item === 'string' || item instanceof JsonNumber))
    return value.map(valueText).join(',')
  return compactJson(value)
}
