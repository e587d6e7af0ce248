import { METHODS } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { processorMsOf } from '../support/processor-time.ts'
import { type LocalRunner, startLocalRunner } from './local-runner.ts'
import { send, talk } from './raw-http.ts'

const LINK = '/run/notebook/cog_preview?cog_url=https://example.org/scene.tif'
const NOBODY = '01890000-0000-7000-8000-000000000000'
const ROUTES = [
  '/',
  '/processes',
  '/processes/cog_preview',
  LINK,
  `/view-notebook/cog_preview/${NOBODY}`,
  '/api',
  '/health',
  '/livez',
  '/readyz',
  '/metrics',
  '/assets/style.css',
  '/examples/data/scene.tif',
  '/nowhere',
  '/processes/%zz',
  '/assets/%2e%2e/app.ts',
]

let local: LocalRunner
/** Lines of a good request. */
let good: string

beforeAll(async () => {
  local = await startLocalRunner({ LOG_LEVEL: 'trace' })
  good = `Host: ${new URL(local.runner.url).host}\r\nAuthorization: Bearer ${local.runner.token}\r\n`
})
afterAll(() => local?.[Symbol.asyncDispose]())

const alive = async () => expect((await local.runner.fetch('/livez')).status).toBe(200)

describe('every answer', () => {
  it.each(ROUTES)('at %s tells the browser to keep to its place', async (target) => {
    for (const accept of ['text/html', 'application/json']) {
      for (const headers of [{ accept }, { accept, ...local.bearer }]) {
        const answer = await send(local.runner.url, { target, headers })
        const told = Object.fromEntries(answer.headers)
        expect(told).toMatchObject({
          'x-content-type-options': 'nosniff',
          'referrer-policy': 'no-referrer',
          'x-frame-options': 'DENY',
          'cross-origin-opener-policy': 'same-origin',
          'cross-origin-resource-policy': 'same-origin',
          'content-security-policy': expect.stringMatching(
            /^default-src 'none'; script-src 'self'; .*base-uri 'none'; frame-ancestors 'none'$/,
          ),
        })
        // No other site may read anything, and nobody learns what we are made of.
        for (const name of ['access-control-allow-origin', 'server', 'x-powered-by', 'etag-weak'])
          expect(told).not.toHaveProperty(name)
      }
    }
  })

  it.each(ROUTES.filter((route) => !/^\/(assets|examples|metrics)/.test(route)))(
    'at %s is nobody else’s to keep',
    async (target) => {
      const { headers } = await send(local.runner.url, { target, headers: local.bearer })
      expect(headers.get('cache-control')).toContain('no-store')
    },
  )

  it('has an id of ours, whatever the request calls itself', async () => {
    const id = 'forged\\n{"level":60}'
    const headers = { ...local.bearer, 'x-request-id': id, 'request-id': id, 'x-correlation-id': id }
    const answer = await send(local.runner.url, { target: '/processes', headers })
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
    expect(local.runner.log()).not.toContain('forged')
  })
})

describe('a request by another method', () => {
  const others = METHODS.filter((method) => !['GET', 'HEAD', 'CONNECT'].includes(method))
  it.each(ROUTES)('does nothing at %s', async (target) => {
    const before = await local.prepared()
    for (const method of others) {
      const headers = { ...local.bearer, 'content-length': '0' }
      const { status, headers: told } = await send(local.runner.url, { method, target, headers })
      expect([method, status]).toEqual([
        method,
        expect.toSatisfy((code: number) => code >= 400 && code < 500),
      ])
      expect(told.get('location')).toBeUndefined()
    }
    expect(await local.prepared()).toEqual(before)
  })

  it.each(['X-HTTP-Method-Override', 'X-Method-Override', 'X-HTTP-Method'])(
    'is not read from %s',
    async (name) => {
      const { status } = await send(local.runner.url, {
        target: '/processes',
        headers: { ...local.bearer, [name]: 'DELETE' },
      })
      expect(status).toBe(200)
    },
  )

  it('asks in vain for a tunnel, another protocol, or leave for another site', async () => {
    const { answers } = await talk(local.runner.url, `CONNECT evil.example:80 HTTP/1.1\r\n${good}\r\n`)
    expect(answers).toEqual([])
    const upgrade = { connection: 'Upgrade, close', upgrade: 'websocket', 'sec-websocket-version': '13' }
    const upgraded = await send(local.runner.url, {
      target: '/processes',
      headers: { ...local.bearer, ...upgrade },
    })
    expect(upgraded.status).toBe(200)
    const preflight = { origin: 'https://evil.example', 'access-control-request-method': 'POST' }
    const answer = await send(local.runner.url, {
      method: 'OPTIONS',
      target: '/processes',
      headers: preflight,
    })
    expect([...answer.headers.keys()].join()).not.toContain('access-control')
  })
})

describe('what is no request, or two in one', () => {
  const body = 'GET /livez HTTP/1.1\r\n'
  it.each<readonly [string, string]>([
    ['both a length and chunks', 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['two lengths', 'Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef'],
    ['a list of lengths', 'Content-Length: 5, 6\r\n\r\nabcdef'],
    ['a length with a sign', 'Content-Length: +5\r\n\r\nabcde'],
    ['a length in hexadecimal', 'Content-Length: 0x5\r\n\r\nabcde'],
    ['a length below zero', 'Content-Length: -1\r\n\r\n'],
    ['chunks that are none', 'Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n'],
    ['chunks before something else', 'Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n'],
    ['a blank before the colon', 'Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n'],
    ['a chunk of a wrong size', 'Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n'],
    ['a chunk that is longer than it says', 'Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n'],
    ['a folded header', 'X: a\r\n b\r\n\r\n'],
    ['a header without a colon', 'X\r\n\r\n'],
    ['a NUL in a header', 'X: a\0b\r\n\r\n'],
    ['a carriage return in a header', 'X: a\rb\r\n\r\n'],
    ['a header without a name', ': x\r\n\r\n'],
  ])('with %s is refused whole, and what follows is not answered', async (_, rest) => {
    const bytes = `POST /processes HTTP/1.1\r\n${good}${rest}${body}${good}\r\n`
    const { answers, closedAfter } = await talk(local.runner.url, Buffer.from(bytes, 'latin1'))
    // Where the headers alone are good, there is an answer to them already: no such address, no such type of body.
    expect(answers.length).toBeLessThanOrEqual(2)
    for (const { status } of answers) expect([400, 404, 415]).toContain(status)
    expect(answers.at(-1)?.headers.get('content-type')).toContain('application/problem+json')
    expect(closedAfter).toBeDefined()
    await alive()
  })

  it.each<readonly [string, string]>([
    ['nothing but blanks', ' \r\n\r\n'],
    ['another protocol', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['an older version', 'GET /processes HTTP/0.9\r\n\r\n'],
    ['a newer one', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a method in lower case', 'get /processes HTTP/1.1\r\n\r\n'],
    ['a blank in the address', 'GET /processes x HTTP/1.1\r\n\r\n'],
    ['a NUL in the address', 'GET /proc\0esses HTTP/1.1\r\n\r\n'],
    ['no host', 'GET /processes HTTP/1.1\r\n\r\n'],
  ])('such as %s is refused', async (_, bytes) => {
    const { answers, closedAfter } = await talk(local.runner.url, Buffer.from(bytes, 'latin1'))
    for (const { status } of answers) expect(status).toBeGreaterThanOrEqual(400)
    expect(closedAfter).toBeDefined()
    await alive()
  })

  it('is logged at no level, for a token may be in it', () => {
    const log = local.runner.log()
    for (const seen of [local.runner.token, [...Buffer.from(local.runner.token)].join(',')]) {
      expect(log).not.toContain(seen)
      expect(log).not.toContain(Buffer.from(seen).toString('base64').slice(4, -4))
    }
  })

  it('and a whole body where none is read is not taken for the next request', async () => {
    const inner = `GET ${LINK} HTTP/1.1\r\n${good}\r\n`
    const before = await local.prepared()
    const { answers } = await talk(
      local.runner.url,
      `GET /livez HTTP/1.1\r\n${good}Content-Length: ${inner.length}\r\n\r\n${inner}GET /livez HTTP/1.1\r\n${good}Connection: close\r\n\r\n`,
    )
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    expect(await local.prepared()).toEqual(before)
  })
})

describe('a request that is large', () => {
  it.each<readonly [string, string]>([
    ['in its address', `GET /${'a'.repeat(70_000)} HTTP/1.1\r\n`],
    ['in its query', `GET ${LINK}&x=${'a'.repeat(70_000)} HTTP/1.1\r\n`],
    ['in one header', `GET /processes HTTP/1.1\r\nX: ${'a'.repeat(70_000)}\r\n`],
    ['in all its headers', `GET /processes HTTP/1.1\r\n${'X-Header: aaaaaaaaaaaaaaaaaaaa\r\n'.repeat(2500)}`],
    ['in its cookies', `GET /processes HTTP/1.1\r\nCookie: ${'a=b; '.repeat(15_000)}\r\n`],
  ])('%s is refused, and says how large one may be', async (_, head) => {
    const { answers } = await talk(local.runner.url, `${head}${good}\r\n`)
    expect(answers.map(({ status }) => status)).toEqual([413])
    expect(answers[0]?.body).toContain('64 kB')
    await alive()
  })

  it.each<readonly [string, Record<string, string>]>([
    ['cookies', { cookie: '__proto__=x; constructor=y; a=b; '.repeat(1800) }],
    ['types that it accepts', { accept: 'a/b;q=0.1,'.repeat(6000) }],
    ['types with parameters', { accept: `${'a/b;'.repeat(15_000)}q=1` }],
    [
      'languages and encodings',
      { 'accept-language': 'x,'.repeat(15_000), 'accept-encoding': 'y;q=0,'.repeat(4000) },
    ],
    ['a header of blanks', { authorization: `Bearer ${' '.repeat(60_000)}x y` }],
    ['forwarders', { 'x-forwarded-for': '127.0.0.1,'.repeat(6000) }],
    ['ranges', { range: `bytes=${'0-1,'.repeat(12_000)}0-1` }],
  ])('in %s costs next to nothing', async (_, headers) => {
    for (const target of ['/processes', '/nowhere', '/examples/data/scene.tif']) {
      // The best of three: this process does other things too.
      const times: number[] = []
      for (let round = 0; round < 3; round++) {
        const took = await processorMsOf(async () => {
          const { status } = await send(local.runner.url, { target, headers })
          expect(status).toBeLessThan(500)
        })
        times.push(took)
      }
      expect(Math.min(...times)).toBeLessThan(100)
    }
  })

  it('has only its first hundred faults told, and its answer stays small', async () => {
    const queries = [
      '&_'.repeat(30_000),
      '&user='.repeat(10_000),
      Array.from({ length: 5000 }, (_, index) => `&_x${index}=1`).join(''),
      Array.from({ length: 5000 }, (_, index) => `&x${index}=1`).join(''),
      `&_${'x'.repeat(60_000)}=1`,
      `&${'x'.repeat(60_000)}=1`,
      `&_kernel=${'%0a'.repeat(20_000)}`,
      `&_mode=${'x'.repeat(60_000)}`,
      `&_workspace=${'x'.repeat(60_000)}`,
      `&cog_url=${'x'.repeat(60_000)}`,
      '&cog_url=x'.repeat(5000),
      `&cog_url=${'%5b'.repeat(20_000)}`,
    ]
    const [before, logged] = [await local.prepared(), local.runner.log().length]
    for (const query of queries) {
      const took = await processorMsOf(async () => {
        const answer = await send(local.runner.url, { target: LINK + query, headers: local.bearer })
        expect(answer.status, query.slice(0, 20)).toBeGreaterThanOrEqual(400)
        expect(answer.status, query.slice(0, 20)).toBeLessThan(500)
        expect(answer.body.length, query.slice(0, 20)).toBeLessThan(64 * 1024)
      })
      expect(took, query.slice(0, 20)).toBeLessThan(2000)
    }
    expect(local.runner.log().length - logged).toBeLessThan(queries.length * 10_000)
    expect(await local.prepared()).toEqual(before)
  })
})

describe('a client that is slow', () => {
  it('to send its headers or its body is hung up on', { timeout: 90_000 }, async () => {
    const slow: ReadonlyArray<readonly [string, string]> = [
      ['', ''],
      ['GET /processes HTTP/1.1\r\n', 'X: y\r\n'],
      [`GET /${'a'.repeat(100)}`, 'a'],
      [
        `POST /processes HTTP/1.1\r\n${good}Content-Type: application/json\r\nContent-Length: 9999\r\n\r\n`,
        '[',
      ],
      [`POST /processes HTTP/1.1\r\n${good}Transfer-Encoding: chunked\r\n\r\n`, '1\r\n[\r\n'],
      [`GET /livez HTTP/1.1\r\n${good}Content-Length: 9999\r\n\r\n`, 'x'],
    ]
    const ends = await Promise.all(
      slow.flatMap(([bytes, drip]) =>
        // Several of each: one alone may be lucky.
        [1, 2, 3].map(() => talk(local.runner.url, bytes, { drip, waitMs: 60_000 })),
      ),
    )
    for (const { closedAfter } of ends) expect(closedAfter).toBeLessThan(30_000)
    await alive()
  })
})
