import type * as v from 'valibot'
import { pageStart } from '../page-start.ts'
import { parse } from './parse.ts'
import { ProblemError, problemSchema } from './problem.ts'

interface Sending {
  readonly method: 'POST' | 'DELETE' | 'PUT'
  readonly body?: unknown
  /** Makes a click that is repeated the same one. */
  readonly idempotencyKey?: string
  /** The person agrees that another server of theirs is stopped for it. */
  readonly stopServer?: boolean
}

/** The address of something of the service, such as `/jobs/1`, under whatever base path. */
export const addressOf = (path: string): string => `${pageStart.basePath}${path}`

/** A segment of a path. */
export const segment = (text: string): string => encodeURIComponent(text)

/**
 * Asks the service and reads its JSON by the schema.
 * @param path from the service's root, such as `/jobs?limit=10`
 * @throws ProblemError in the server's words; another error where no answer came
 */
export async function ask<Schema extends v.GenericSchema>(
  schema: Schema,
  path: string,
  signal?: AbortSignal,
): Promise<v.InferOutput<Schema>> {
  const response = await fetch(asJson(path), { signal: signal ?? null })
  return parse(schema, await answerOf(response))
}

/** The same for what changes something. Undefined where the answer has no body. */
export async function send<Schema extends v.GenericSchema>(
  schema: Schema,
  path: string,
  { method, body, idempotencyKey, stopServer = false }: Sending,
): Promise<v.InferOutput<Schema>> {
  const headers = new Headers({ accept: 'application/json' })
  if (body !== undefined) headers.set('content-type', 'application/json')
  if (idempotencyKey !== undefined) headers.set('idempotency-key', idempotencyKey)
  if (stopServer) headers.set('stop-server', 'yes')
  const response = await fetch(addressOf(path), {
    method,
    headers,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  return parse(schema, await answerOf(response))
}

/** Pages ask by the address, so that Back never shows JSON out of a cache. */
function asJson(path: string): string {
  const url = new URL(addressOf(path), window.location.href)
  url.searchParams.set('f', 'json')
  return url.href
}

async function answerOf(response: Response): Promise<unknown> {
  const text = await response.text()
  const value: unknown = text === '' ? undefined : JSON.parse(text)
  if (response.ok) return value
  throw new ProblemError(parse(problemSchema, value))
}
