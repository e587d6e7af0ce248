import { Writable } from 'node:stream'
import pino from 'pino'
import { request } from 'undici'
import { loadConfig } from '../../src/config/config.ts'
import { openTracing } from '../../src/context/open-tracing.ts'
import { createContext } from '../../src/context.ts'

/** A whole service of its own: real settings, database, storage and HTTP on a free port of 127.0.0.1. */
export interface TestRunner extends AsyncDisposable {
  readonly url: string
  readonly token: string
  /** All that it logged, as text. */
  readonly log: () => string
  /** A request that follows no redirect; `path` begins with `/`. */
  fetch(
    path: string,
    options?: { method?: string; headers?: Record<string, string>; body?: string },
  ): Promise<Response>
  /** As a program with the local user's token. */
  program(path: string): Promise<Response>
}

/**
 * @param env settings, as the environment would have them; a data folder must be among them. `extra` reaches child
 * processes only.
 */
export async function startRunner(env: Readonly<Record<string, string>>): Promise<TestRunner> {
  const lines: string[] = []
  const sink = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk))
      done()
    },
  })
  const { config } = loadConfig({
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    PORT: '0',
    LOG_LEVEL: 'debug',
    ...env,
  })
  const tracing = await openTracing(config, {
    info: (details, message) => log.info(details, message),
    warn: (details, message) => log.warn(details, message),
  })
  const mixin = tracing && { mixin: () => tracing.logFields() }
  const log = pino({ level: config.logLevel, ...mixin }, sink)
  const context = await createContext(config, log, tracing)
  const { url, link } = await context.listen().catch(async (error) => {
    await context[Symbol.asyncDispose]()
    throw error
  })
  await context.work()
  const token = link === undefined ? '' : (new URL(link).searchParams.get('token') ?? '')
  const send: TestRunner['fetch'] = async (path, options = {}) => {
    // Not fetch(), which puts Sec-Fetch-Mode and other headers of its own on each request.
    const { statusCode, headers, body } = await request(`${url}${path}`, options)
    const text = await body.arrayBuffer()
    const flat = Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)])
    return new Response(text.byteLength === 0 ? null : text, { status: statusCode, headers: flat })
  }
  return {
    url,
    token,
    log: () => lines.join(''),
    fetch: send,
    program: (path) => send(path, { headers: { authorization: `Bearer ${token}` } }),
    async [Symbol.asyncDispose]() {
      await context[Symbol.asyncDispose]()
      await tracing?.[Symbol.asyncDispose]()
    },
  }
}
