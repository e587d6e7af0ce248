import { RunnerError } from '../errors.ts'
import { isObject, type JsonObject } from '../notebook/json.ts'
import type { RunRequest } from '../run/filled-notebook.ts'
import { linkRequest } from './accept-run.ts'
import { plainValue } from './ogc-values.ts'

/**
 * What the body of an execution asks for: `inputs` (with `each`, `workspace`, `kernel` and `limits`), or `query`, the query of a run link.
 * Members that nobody knows are passed over, as OGC wants it.
 * @throws RunnerError `invalid-request`
 */
export function requestIn(body: JsonObject): RunRequest {
  if (body.has('subscriber')) {
    throw new RunnerError(
      'invalid-request',
      'subscriber is refused: nobody is called back yet. Watch the events of the run, or ask for its status.',
    )
  }
  const query = textIn(body, 'query')
  const inputs = body.get('inputs') ?? new Map()
  if (!isObject(inputs))
    throw new RunnerError('invalid-request', 'inputs must be an object: a value for each name.')
  const each = body.get('each') ?? new Map()
  if (!isObject(each))
    throw new RunnerError('invalid-request', 'each must be an object: a list of values for each name.')
  const limits = body.get('limits') ?? new Map()
  if (!isObject(limits))
    throw new RunnerError('invalid-request', 'limits must be an object: a number for each name.')
  if (query !== undefined) {
    if (['inputs', 'each', 'workspace', 'kernel', 'limits'].some((name) => body.has(name)))
      throw new RunnerError(
        'invalid-request',
        'query says all that inputs, each, workspace, kernel and limits say: send one or the other.',
      )
    return linkRequest(query)
  }
  return {
    kind: 'values',
    values: new Map([...inputs].map(([name, value]) => [name, plainValue(value)])),
    each,
    workspace: textIn(body, 'workspace'),
    kernel: textIn(body, 'kernel'),
    limits,
  }
}

function textIn(body: JsonObject, name: string): string | undefined {
  const value = body.get(name)
  if (value === undefined || value === null || typeof value === 'string') return value ?? undefined
  throw new RunnerError('invalid-request', `${name} must be text.`)
}
