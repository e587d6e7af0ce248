import type { LookupFunction } from 'node:net'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { Agent, type Dispatcher } from 'undici'
import { RunnerError } from '../errors.ts'
import {
  checkedAddresses,
  checkedRedirect,
  checkedUrl,
  type FetchPolicy,
  unavailable,
} from './fetch-policy.ts'

const MAX_REDIRECTS = 3

export interface FetchLimits {
  /** Of the body as it came and as it is after decompression. */
  readonly maxBytes: number
  /** For all of it: names, connections, redirects, body. */
  readonly timeoutMs: number
  /** Of the copy that is there already. */
  readonly etag?: string | undefined
  readonly signal?: AbortSignal | undefined
  /** Bytes that are wanted, both ends included, as they lie on the server. It may send the whole all the same. */
  readonly range?: { readonly from: number; readonly to: number } | undefined
}

export type Fetched =
  | { readonly status: 'unchanged' }
  | {
      readonly status: 'fresh'
      readonly body: Uint8Array<ArrayBuffer>
      readonly etag: string | undefined
      /** After redirects. */
      readonly url: string
      /** Bytes of the whole, where a part was asked for and came. */
      readonly total: number | undefined
    }

/**
 * Fetches a JSON document (a catalogue, a notebook), or a part of a file, under the policy, with nothing of ours sent along. Every hop of a
 * redirect obeys the same policy. Throws `template-unavailable` with a sentence that names the host and the one
 * reason, and never tells anything of the answer's body.
 */
export async function guardedFetch(
  address: string,
  policy: FetchPolicy,
  limits: FetchLimits,
): Promise<Fetched> {
  const timeout = AbortSignal.timeout(limits.timeoutMs)
  const signal = limits.signal === undefined ? timeout : AbortSignal.any([timeout, limits.signal])
  let url = checkedUrl(address, policy)
  try {
    for (let redirects = 0; ; redirects += 1) {
      const next = await hop(url, policy, { ...limits, signal })
      if (!(next instanceof URL)) return next
      if (redirects === MAX_REDIRECTS)
        throw unavailable(url.host, `it redirects more than ${MAX_REDIRECTS} times`)
      url = checkedRedirect(url, next, policy)
    }
  } catch (error) {
    if (error instanceof RunnerError) throw error
    if (timeout.aborted) {
      throw unavailable(url.host, `it takes longer than ${limits.timeoutMs / 1000} seconds`, error)
    }
    throw unavailable(url.host, signal.aborted ? 'the request was given up' : reasonOf(error), error)
  }
}

/** One request: its answer, or where that sends us. */
async function hop(
  url: URL,
  policy: FetchPolicy,
  limits: FetchLimits & { signal: AbortSignal },
): Promise<Fetched | URL> {
  // An agent of its own: a connection that was checked under one policy is never used under another.
  const agent = new Agent({
    allowH2: false,
    connect: { lookup: lookupFor(url, policy, limits.signal), timeout: limits.timeoutMs },
    headersTimeout: limits.timeoutMs,
    bodyTimeout: limits.timeoutMs,
  })
  try {
    const response = await agent.request({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method: 'GET',
      headers: {
        accept: 'application/json, */*;q=0.5',
        'accept-encoding': limits.range === undefined ? 'gzip' : 'identity',
        'user-agent': 'notebook-runner',
        ...(limits.range && { range: `bytes=${limits.range.from}-${limits.range.to}` }),
        ...(limits.etag === undefined ? {} : { 'if-none-match': limits.etag }),
      },
      signal: limits.signal,
    })
    // What is left unread when the agent is destroyed would otherwise end as an unhandled error event.
    response.body.on('error', () => undefined)
    return await answerOf(response, url, limits)
  } finally {
    await agent.destroy()
  }
}

async function answerOf(
  response: Dispatcher.ResponseData,
  url: URL,
  limits: FetchLimits,
): Promise<Fetched | URL> {
  const status = response.statusCode
  if ([301, 302, 303, 307, 308].includes(status)) {
    const { location } = response.headers
    const target = location === undefined ? null : URL.parse(single(location) ?? '', url)
    if (target === null) throw unavailable(url.host, 'it redirects to something that is not a URL')
    return target
  }
  if (status === 304 && limits.etag !== undefined) return { status: 'unchanged' }
  const isPart = status === 206 && limits.range !== undefined
  if (status !== 200 && !isPart) throw unavailable(url.host, `it answers with status ${status}`)
  const body = await readBody(response, url, limits.maxBytes)
  // JSON never begins with `<`: this is a sign-in or an error page, whatever its type says.
  if (/^\s*</.test(Buffer.from(body.buffer, 0, Math.min(body.length, 64)).toString('latin1'))) {
    throw unavailable(url.host, 'it answers with a web page and not with JSON')
  }
  const { etag, 'content-range': range } = response.headers
  const total = isPart ? totalOf(single(range), limits.range?.from) : undefined
  if (isPart && total === undefined) throw unavailable(url.host, 'it sends another part than was asked for')
  return { status: 'fresh', body, etag: usableEtag(single(etag)), url: url.href, total }
}

/** RFC 9110, 14.4. Undefined where the part begins elsewhere than was asked for, or the size of the whole is not told. */
function totalOf(range: string | undefined, from: number | undefined): number | undefined {
  const [, start, total] = /^bytes (\d{1,15})-\d{1,15}\/(\d{1,15})$/.exec(range ?? '') ?? []
  return start !== undefined && Number(start) === from ? Number(total) : undefined
}

async function readBody(
  response: Dispatcher.ResponseData,
  url: URL,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const tooLarge = unavailable(url.host, `what it sends is larger than ${maxBytes / 2 ** 20} MiB`)
  if (Number(single(response.headers['content-length']) ?? 0) > maxBytes) throw tooLarge
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of decoded(response, url)) {
    if (!(chunk instanceof Buffer)) continue
    size += chunk.length
    if (size > maxBytes) throw tooLarge
    chunks.push(chunk)
  }
  const body = new Uint8Array(size)
  let offset = 0
  for (const chunk of chunks) {
    body.set(chunk, offset)
    offset += chunk.length
  }
  return body
}

function decoded(response: Dispatcher.ResponseData, url: URL): Readable {
  const encoding = single(response.headers['content-encoding'])?.trim().toLowerCase() ?? 'identity'
  if (encoding === 'identity') return response.body
  if (encoding !== 'gzip') throw unavailable(url.host, 'it compresses in a way that was not asked for')
  const gunzip = createGunzip()
  response.body.on('error', (error) => gunzip.destroy(error))
  return response.body.pipe(gunzip)
}

/** The look-up that the connection itself makes. Node asks it for names only, never for literal addresses. */
function lookupFor(url: URL, policy: FetchPolicy, signal: AbortSignal): LookupFunction {
  return (hostname, options, callback) => {
    checkedAddresses(hostname, policy, url.origin === policy.ownOrigin).then(
      (addresses) => {
        const [first] = addresses
        if (signal.aborted || first === undefined) callback(new Error('given up'), '')
        else if (options.all === true) callback(null, [...addresses])
        else callback(null, first.address, first.family)
      },
      (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), ''),
    )
  }
}

/** Why a connection or an answer broke, by the error's code: its message may repeat what the other side sent. */
function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'its name cannot be resolved'
  if (code === 'ECONNREFUSED') return 'it refuses the connection'
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return 'it does not answer'
  if (code.startsWith('Z_')) return 'what it sends is broken'
  if (code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code.endsWith('CONTENT_LENGTH_MISMATCH')) {
    return 'the connection broke before everything was there'
  }
  if (/CERT|SSL|TLS|EPROTO|UNABLE_TO/.test(code))
    return 'no secure connection can be made; its certificate may be wrong'
  return 'the connection failed'
}

function single(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.[0]
}

/** Only what can be sent back in `If-None-Match` (RFC 9110, 8.8.3). */
function usableEtag(value: string | undefined): string | undefined {
  return value !== undefined && value.length <= 200 && /^(W\/)?"[\x21\x23-\x7e]*"$/.test(value)
    ? value
    : undefined
}
