import { request } from 'node:http'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LocalRunner, startLocalRunner } from './local-runner.ts'
import { send } from './raw-http.ts'

const LINK = '/run/notebook/cog_preview?cog_url=https://example.org/scene.tif'

let local: LocalRunner
let cookie: string

beforeAll(async () => {
  local = await startLocalRunner()
  cookie = await local.cookie()
})
afterAll(() => local?.[Symbol.asyncDispose]())

const PERSON = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', 'sec-fetch-user': '?1' }

/** Mostly not there, or nothing would ever act. */
const maybe = (name: string, ...values: readonly string[]) =>
  fc.oneof(
    { weight: 9, arbitrary: fc.constant({}) },
    { weight: 1, arbitrary: fc.constantFrom(...values.map((value) => ({ [name]: value }))) },
  )

/** What browsers, programs, proxies, previews and attackers send, in every combination. */
const headers = fc
  .tuple(
    fc.constantFrom('bearer', 'cookie', 'both', 'proxy', 'none'),
    fc.constantFrom({}, PERSON),
    maybe('accept', '*/*', 'text/html,*/*;q=0.8', 'TEXT/HTML', 'application/json', 'image/avif,*/*'),
    maybe('sec-fetch-mode', 'navigate', 'no-cors', 'cors', 'same-origin', 'websocket', 'nested-navigate'),
    maybe('sec-fetch-dest', 'document', 'iframe', 'frame', 'image', 'empty', 'object', 'embed', 'script'),
    maybe('sec-fetch-user', '?1', '?0', ''),
    maybe('sec-fetch-site', 'cross-site', 'same-origin', 'none'),
    maybe('sec-purpose', 'prefetch', 'prefetch;prerender', ''),
    maybe('purpose', 'prefetch', 'preview'),
    maybe('x-moz', 'prefetch'),
    maybe('user-agent', 'curl/8', 'Slackbot-LinkExpanding 1.0', 'facebookexternalhit/1.1', 'Mozilla/5.0'),
  )
  .map(([who, ...rest]) => ({ who, sent: Object.assign({}, ...rest) }))

/** The rule, said once more and otherwise than the service says it (OWASP ASVS 5.0, 3.5). */
function mayAct(method: string, who: string, sent: Record<string, string>): boolean {
  if (method !== 'GET' || who === 'none') return false
  if (['sec-purpose', 'purpose', 'x-moz'].some((name) => name in sent)) return false
  const fetched = Object.keys(sent).filter((name) => name.startsWith('sec-fetch-'))
  const person =
    sent['sec-fetch-mode'] === 'navigate' &&
    sent['sec-fetch-dest'] === 'document' &&
    sent['sec-fetch-user'] === '?1'
  const nodes = fetched.length === 1 && sent['sec-fetch-mode'] === 'cors'
  const program =
    who === 'bearer' && (fetched.length === 0 || nodes) && !/text\/html/i.test(sent['accept'] ?? '')
  return person || program
}

describe('a run link', () => {
  it('acts for a person’s own click and for a program, and for nothing else', async () => {
    const credentials: Readonly<Record<string, Record<string, string>>> = {
      bearer: local.bearer,
      cookie: { cookie },
      both: { ...local.bearer, cookie },
      // A proxy that adds the token, and leaves its own cookie on the request.
      proxy: { ...local.bearer, cookie: '_oauth2_proxy=x' },
      none: {},
    }
    let acted = 0
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('GET', 'HEAD'), headers, async (method, { who, sent }) => {
        const before = (await local.prepared()).length
        const { status } = await send(local.runner.url, {
          method,
          target: LINK,
          headers: { ...credentials[who], ...sent },
        })
        const made = (await local.prepared()).length - before
        acted += made
        expect(made).toBe(mayAct(method, who, sent) ? 1 : 0)
        expect(status === 303).toBe(made === 1)
        expect(status).toBeLessThan(500)
      }),
      { numRuns: 400 },
    )
    expect(acted).toBeGreaterThan(10)
  })

  it('has made one notebook for each of many followed at the same moment', async () => {
    const before = (await local.prepared()).length
    const ids = await Promise.all(
      Array.from({ length: 60 }, async () => {
        const { body } = await send(local.runner.url, { target: LINK, headers: local.bearer })
        return /"id":"([0-9a-f-]{36})"/.exec(body)?.[1]
      }),
    )
    expect(new Set(ids).size).toBe(60)
    expect(ids).not.toContain(undefined)
    expect((await local.prepared()).length - before).toBe(60)
  })
})

describe('a run, a sweep and their end', () => {
  const body = '{"inputs":{"cog_url":"https://example.org/scene.tif"}}'
  const nobody = '01890000-0000-7000-8000-000000000000'
  const sites: ReadonlyArray<Record<string, string>> = [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: 'http://127.0.0.1:1' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'none' },
    { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site', 'content-type': 'text/plain' },
    {},
  ]
  it.each([
    ['POST', '/processes/cog_preview/execution'],
    ['DELETE', `/jobs/${nobody}`],
    ['DELETE', `/batches/${nobody}`],
  ])(
    '%s %s is not for another site’s page, whose browser has the cookie or a proxy’s token',
    async (method, path) => {
      for (const site of sites) {
        for (const who of [{ cookie }, { ...local.bearer, cookie: '_oauth2_proxy=x' }]) {
          // A DELETE without a body is what a page could send most easily.
          const headers =
            method === 'POST' ? { 'content-type': 'application/json', ...who, ...site } : { ...who, ...site }
          const response = await fetchRaw(method, path, headers, method === 'POST' ? body : undefined)
          expect([site, response]).toEqual([
            site,
            expect.toSatisfy((status: number) => status === 403 || status === 415),
          ])
        }
      }
    },
  )

  it('are asked for in JSON, which no form of another site can send', async () => {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      '',
      'application/jsonx',
      'text/plain; application/json',
    ]) {
      const headers = { cookie, 'sec-fetch-site': 'same-origin', 'content-type': type }
      expect([type, await fetchRaw('POST', '/processes/cog_preview/execution', headers, body)]).toEqual([
        type,
        expect.toSatisfy((status: number) => status >= 400 && status < 500 && status !== 409),
      ])
    }
  })

  async function fetchRaw(
    method: string,
    path: string,
    headers: Record<string, string>,
    text?: string,
  ): Promise<number> {
    const { hostname, port } = new URL(local.runner.url)
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    const length = text === undefined ? {} : { 'content-length': String(Buffer.byteLength(text)) }
    request({ method, hostname, port, path, headers: { ...headers, ...length } }, (answer) => {
      answer.resume()
      resolve(answer.statusCode ?? 0)
    })
      .on('error', reject)
      .end(text)
    return promise
  }
})
