import timers from 'node:timers/promises'
import { type Dispatcher, request } from 'undici'
import { RunnerError } from '../errors.ts'
import { isObject, type JsonObject, type JsonValue, parseJson } from '../notebook/json.ts'
import { textOf } from './message.ts'

/** Where a Jupyter server (or a gateway) is: `url` without a slash at its end. */
export interface JupyterAddress {
  readonly url: string
  readonly token: string
  /** What to say where the token is not accepted. */
  readonly refused?: string
}

export interface Answer {
  readonly status: number
  /** Null where there is none or it is no JSON. */
  readonly body: JsonValue
}

interface Call {
  readonly method: Dispatcher.HttpMethod
  /** From the address on, each segment encoded. */
  readonly path: string
  readonly body?: object
}

/** A server may fail for a moment, while it starts kernels (to list them) or restarts one (to end it). */
const PAUSES_MS = [50, 100, 200, 400, 800, 1_600]

/**
 * One request to the REST API of a Jupyter server. Every answer of the server is returned, but for a token that is not
 * accepted; no answer is `kernel-host-failed`. A server that fails is asked again for 3 s, unless it is a POST. The
 * token goes into a header, because it would be logged in an address.
 */
export async function callJupyter(address: JupyterAddress, call: Call, signal: AbortSignal): Promise<Answer> {
  for (const pause of call.method === 'POST' ? [] : PAUSES_MS) {
    const answer = await callOnce(address, call, signal)
    if (answer.status < 500) return answer
    await timers.setTimeout(pause, undefined, { signal }).catch(() => undefined)
  }
  return callOnce(address, call, signal)
}

async function callOnce(address: JupyterAddress, call: Call, signal: AbortSignal): Promise<Answer> {
  const answer = await ask('Jupyter server', address, call, signal)
  if (answer.status === 401 || answer.status === 403) throw failed(refusedBy(address), reasonOf(answer))
  return answer
}

export const refusedBy = ({ refused }: JupyterAddress): string =>
  refused ?? 'The Jupyter server does not accept our token: check JUPYTER_SERVER_TOKEN.'

/** One request, whatever is answered. No answer is `kernel-host-failed`, by which `who` does not answer. */
export async function ask(
  who: string,
  { url, token }: JupyterAddress,
  { method, path, body }: Call,
  signal: AbortSignal,
): Promise<Answer> {
  const answer = await request(`${url}${path}`, {
    method,
    headers: { authorization: `token ${token}`, 'content-type': 'application/json' },
    body: body === undefined ? null : JSON.stringify(body),
    signal,
    // A kernel may take long to start; the signal is the limit.
    headersTimeout: 0,
    bodyTimeout: 0,
  })
    .then(async (response) => ({ status: response.statusCode, text: await response.body.text() }))
    .catch((cause: unknown) => {
      throw failed(`The ${who} at ${new URL(url).origin} does not answer.`, cause)
    })
  return { status: answer.status, body: parsed(answer.text) }
}

/** What the server says went wrong, for the log: `cause` of an error. */
export function unexpected(what: string, answer: Answer): RunnerError {
  return failed(`${what} (status ${answer.status} of the Jupyter server).`, reasonOf(answer))
}

/** Jupyter's own words for what went wrong; undefined where the answer has none, or is of somebody else. */
export const reasonOf = ({ body }: Answer): string | undefined =>
  isObject(body) ? textOf(body, 'message') : undefined

/** A member that is an object, or an empty one. */
export function memberOf(value: JsonValue, name: string): JsonObject {
  const member = isObject(value) ? value.get(name) : undefined
  return isObject(member) ? member : new Map()
}

function failed(message: string, cause: unknown): RunnerError {
  return new RunnerError('kernel-host-failed', message, { cause })
}

function parsed(text: string): JsonValue {
  try {
    return parseJson(text)
  } catch {
    return null
  }
}
