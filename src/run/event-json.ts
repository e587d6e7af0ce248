import { EXECUTION_FAILURES, type ExecutionResult } from '../kernel/execution.ts'
import { isObject, JsonNumber, type JsonObject, type JsonValue } from '../notebook/json.ts'
import type { ListChange } from '../notebook/output-list.ts'
import type { OutputChange } from '../notebook/outputs.ts'
import type { RunEvent } from './event.ts'
import { FAILURE_REASONS, isRunState } from './run.ts'

/** The event that this is; undefined where it is none. Members of an output stay as they were written. */
export function eventFrom(json: JsonObject): RunEvent | undefined {
  const cell = number(json.get('cell'))
  switch (json.get('type')) {
    case 'state':
      return stateFrom(json)
    case 'cell-started':
      return cell === undefined ? undefined : { type: 'cell-started', cell, ...ranAtFrom(json) }
    case 'cell-finished': {
      const status = json.get('status')
      const seconds = number(json.get('seconds'))
      if (cell === undefined || seconds === undefined) return undefined
      if (status !== 'completed' && status !== 'failed') return undefined
      return {
        type: 'cell-finished',
        cell,
        status,
        executionCount: number(json.get('executionCount')),
        seconds,
        ...ranAtFrom(json),
      }
    }
    case 'output': {
      const change = changeFrom(json.get('change'))
      return cell === undefined || change === undefined ? undefined : { type: 'output', cell, change }
    }
    case 'progress': {
      const [done, total] = [number(json.get('done')), number(json.get('total'))]
      const secondsLeft = number(json.get('secondsLeft'))
      if (done === undefined || total === undefined) return undefined
      return { type: 'progress', done, total, ...(secondsLeft !== undefined && { secondsLeft }) }
    }
    case 'note': {
      const text = json.get('text')
      return typeof text === 'string' ? { type: 'note', text } : undefined
    }
    default:
      return undefined
  }
}

function ranAtFrom(json: JsonObject): { readonly ranAt?: string } {
  const ranAt = json.get('ranAt')
  return typeof ranAt === 'string' ? { ranAt } : {}
}

function stateFrom(json: JsonObject): RunEvent | undefined {
  const state = json.get('state')
  const reason = FAILURE_REASONS.find((known) => known === json.get('reason'))
  const message = json.get('message')
  const result = resultFrom(json.get('result'))
  if (typeof state !== 'string' || !isRunState(state)) return undefined
  return {
    type: 'state',
    state,
    ...(reason !== undefined && { reason }),
    ...(typeof message === 'string' && { message }),
    ...(result !== undefined && { result }),
  }
}

function resultFrom(json: JsonValue | undefined): ExecutionResult | undefined {
  if (!isObject(json)) return undefined
  const [state, message] = [json.get('state'), json.get('message')]
  if (state === 'succeeded') return { state }
  if (typeof message !== 'string') return undefined
  if (state === 'cancelled') return { state, message }
  const reason = EXECUTION_FAILURES.find((known) => known === json.get('reason'))
  const failedCell = number(json.get('failedCell'))
  if (state !== 'failed' || reason === undefined) return undefined
  return { state, reason, message, ...(failedCell !== undefined && { failedCell }) }
}

function changeFrom(json: JsonValue | undefined): OutputChange | undefined {
  if (!isObject(json)) return undefined
  const model = json.get('model')
  switch (json.get('type')) {
    case 'widget': {
      const [state, buffers] = [json.get('state'), json.get('buffers')]
      if (typeof model !== 'string' || !isObject(state) || !Array.isArray(buffers)) return undefined
      if (!buffers.every(isObject)) return undefined
      return { type: 'widget', model, state, buffers }
    }
    case 'captured': {
      const change = listChangeFrom(json.get('change'))
      return typeof model !== 'string' || change === undefined
        ? undefined
        : { type: 'captured', model, change }
    }
    case 'times': {
      const times = json.get('times')
      return isObject(times) ? { type: 'times', times } : undefined
    }
    default:
      return listChangeFrom(json)
  }
}

function listChangeFrom(json: JsonValue | undefined): ListChange | undefined {
  if (!isObject(json)) return undefined
  const output = json.get('output')
  switch (json.get('type')) {
    case 'append': {
      const displayId = json.get('displayId')
      if (!isObject(output)) return undefined
      return { type: 'append', output, ...(typeof displayId === 'string' && { displayId }) }
    }
    case 'text': {
      const [drop, text] = [number(json.get('drop')), json.get('text')]
      return drop === undefined || typeof text !== 'string' ? undefined : { type: 'text', drop, text }
    }
    case 'replace': {
      const index = number(json.get('index'))
      return index === undefined || !isObject(output) ? undefined : { type: 'replace', index, output }
    }
    case 'clear':
      return { type: 'clear' }
    default:
      return undefined
  }
}

function number(json: JsonValue | undefined): number | undefined {
  return json instanceof JsonNumber ? Number(json.raw) : undefined
}
