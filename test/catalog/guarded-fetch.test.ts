import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { checkedRedirect, type FetchPolicy, isPublic, type Resolve } from '../../src/catalog/fetch-policy.ts'
import { guardedFetch } from '../../src/catalog/guarded-fetch.ts'
import { RunnerError } from '../../src/errors.ts'
import {
  type Answer,
  endless,
  html,
  redirect,
  silent,
  startHttpServer,
  status,
  stuck,
  type TestServer,
  tagged,
  text,
  truncated,
} from '../support/http-server.ts'

const MAX = 64 * 1024
const limits = { maxBytes: MAX, timeoutMs: 20_000 }
const SECRET = 'what-the-inside-says'

/** The operator's own catalogue. */
let own: TestServer
/** Something inside the network which nobody may reach. */
let inside: TestServer

beforeAll(async () => {
  own = await startHttpServer()
  inside = await startHttpServer()
  inside.on('/', text(SECRET))
})
afterAll(async () => {
  await own[Symbol.asyncDispose]()
  await inside[Symbol.asyncDispose]()
})
beforeEach(() => {
  inside.connections = 0
})

/** A resolver that never asks the outside. */
function answering(...addresses: string[]): Resolve {
  return async () => addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
}

function policy(more: Partial<FetchPolicy> = {}): FetchPolicy {
  return { allowedHosts: [], ownOrigin: own.origin, resolve: answering(), ...more }
}

async function refusal(
  url: string,
  rules: FetchPolicy,
  more: Partial<Parameters<typeof guardedFetch>[2]> = {},
) {
  const error = await guardedFetch(url, rules, { ...limits, ...more }).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof RunnerError)) throw new Error(`Not refused as it should be: ${url}: ${error}`)
  expect(error.code).toBe('template-unavailable')
  expect(error.message).not.toContain(SECRET)
  return error.message
}

describe('what is fetched', () => {
  it('comes from the catalogue’s own origin, also on loopback', async () => {
    own.on('/a.json', text('{"a": 1}', { etag: '"one"' }))
    const fetched = await guardedFetch(`${own.origin}/a.json`, policy(), limits)
    expect(fetched).toMatchObject({ status: 'fresh', etag: '"one"', url: `${own.origin}/a.json` })
    expect(fetched.status === 'fresh' && Buffer.from(fetched.body).toString()).toBe('{"a": 1}')
  })

  it('has nothing of ours in its request', async () => {
    own.on('/plain', text('{}'))
    await guardedFetch(`${own.origin}/plain`, policy(), limits)
    expect(Object.keys(own.headers.at(-1) ?? {}).sort()).toEqual([
      'accept',
      'accept-encoding',
      'connection',
      'host',
      'user-agent',
    ])
  })

  it('is not sent again while its ETag stays', async () => {
    own.on('/tagged', tagged('{}', 'W/"v1"'))
    expect(await guardedFetch(`${own.origin}/tagged`, policy(), limits)).toMatchObject({ etag: 'W/"v1"' })
    expect(await guardedFetch(`${own.origin}/tagged`, policy(), { ...limits, etag: 'W/"v1"' })).toEqual({
      status: 'unchanged',
    })
  })

  it('is decompressed', async () => {
    own.on('/gzip', text(gzipSync('{"z": 1}'), { 'content-encoding': 'gzip' }))
    const fetched = await guardedFetch(`${own.origin}/gzip`, policy(), limits)
    expect(fetched.status === 'fresh' && Buffer.from(fetched.body).toString()).toBe('{"z": 1}')
  })

  it('may be three redirects away', async () => {
    own.on('/r1', redirect('/r2'))
    own.on('/r2', redirect(`${own.origin}/r3`, 308))
    own.on('/r3', redirect('end', 301))
    own.on('/end', text('{}'))
    expect(await guardedFetch(`${own.origin}/r1`, policy(), limits)).toMatchObject({
      url: `${own.origin}/end`,
    })
    own.on('/r0', redirect('/r1'))
    expect(await refusal(`${own.origin}/r0`, policy())).toMatch(/redirects more than 3 times/)
  })
})

describe('which addresses are refused', () => {
  const internal = [
    '0.0.0.0',
    '0.1.2.3',
    '10.0.0.1',
    '100.64.0.1',
    '100.100.100.200',
    '127.0.0.1',
    '127.255.255.254',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.192',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::127.0.0.1',
    '::ffff:127.0.0.1',
    '::ffff:169.254.169.254',
    '::ffff:0:127.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b:1::a9fe:a9fe',
    '100::1',
    '2001::7f00:1',
    '2001:db8::1',
    '2002:7f00:1::',
    '2002:a9fe:a9fe::1',
    '3fff::1',
    'fc00::1',
    'fd00:ec2::254',
    'fe80::1',
    'fec0::1',
    'ff02::1',
    'not an address',
  ]

  it.each(internal)('%s as the answer of a name', async (address) => {
    const rules = policy({ allowedHosts: ['notebooks.test'], resolve: answering(address) })
    expect(await refusal('http://notebooks.test/a.ipynb', rules)).toBe(
      'Nothing can be fetched from notebooks.test: it has an address that is not a public one.',
    )
  })

  it('every name of which one address is internal', async () => {
    for (const address of internal) {
      const rules = policy({ allowedHosts: ['notebooks.test'], resolve: answering('93.184.215.14', address) })
      expect(await refusal('http://notebooks.test/', rules)).toMatch(/not a public one/)
    }
  })

  it('every spelling of an internal address, even one whose host is allowed', async () => {
    const octet = fc.integer({ min: 0, max: 255 })
    const address = fc.oneof(
      fc.tuple(fc.constant(127), octet, octet, octet),
      fc.tuple(fc.constant(10), octet, octet, octet),
      fc.tuple(fc.constant(0), octet, octet, octet),
      fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), octet, octet),
      fc.tuple(fc.constant(192), fc.constant(168), octet, octet),
      fc.tuple(fc.constant(100), fc.integer({ min: 64, max: 127 }), octet, octet),
      fc.constant<[number, number, number, number]>([169, 254, 169, 254]),
    )
    await fc.assert(
      fc.asyncProperty(address, async (octets) => {
        for (const host of spellings(octets)) {
          const url = `http://${host}:${inside.port}/`
          const rules = policy({ allowedHosts: [new URL(url).host] })
          expect(await refusal(url, rules)).toMatch(/not a public one/)
        }
      }),
      { numRuns: 60 },
    )
    expect(inside.connections).toBe(0)
  })

  function spellings([a, b, c, d]: readonly [number, number, number, number]): string[] {
    const whole = a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d
    const hex = (n: number) => n.toString(16)
    const pair = `${hex(a * 256 + b)}:${hex(c * 256 + d)}`
    return [
      `${a}.${b}.${c}.${d}`,
      `${whole}`,
      `0x${hex(whole)}`,
      `0${whole.toString(8)}`,
      `0x${hex(a)}.0x${hex(b)}.0x${hex(c)}.0x${hex(d)}`,
      `0${a.toString(8)}.0${b.toString(8)}.0${c.toString(8)}.0${d.toString(8)}`,
      `${a}.${b}.${c * 256 + d}`,
      `${a}.${b * 2 ** 16 + c * 256 + d}`,
      `${a}.${b}.${c}.${d}.`,
      `%3${`${a}`[0]}${`${a}`.slice(1)}.${b}.${c}.${d}`,
      `[::ffff:${a}.${b}.${c}.${d}]`,
      `[::ffff:${pair}]`,
      `[::${pair}]`,
      `[::ffff:0:${pair}]`,
      `[64:ff9b::${pair}]`,
      `[2002:${pair}::1]`,
      `[2001:0:${pair}::1]`,
    ]
  }

  it('but public ones are public', () => {
    for (const address of ['93.184.215.14', '1.1.1.1', '2606:4700:4700::1111', '2a00:1450:4009::200e']) {
      expect(isPublic(address)).toBe(true)
    }
  })

  it('localhost, as the system resolves it', async () => {
    const url = `http://localhost:${inside.port}/`
    expect(await refusal(url, { allowedHosts: [`localhost:${inside.port}`] })).toMatch(/not a public one/)
    expect(inside.connections).toBe(0)
  })
})

describe('a name that changes its answer', () => {
  it('is asked once for a connection, so that what was checked is what is connected to', async () => {
    let asked = 0
    const giveUp = new AbortController()
    const resolve: Resolve = async () => {
      asked += 1
      // Given up at the last moment, because the first answer is a host of the outside.
      if (asked === 1) giveUp.abort()
      return [{ address: asked === 1 ? '93.184.215.14' : '127.0.0.1', family: 4 }]
    }
    const rules = policy({ allowedHosts: [`rebind.test:${inside.port}`], resolve })
    const url = `http://rebind.test:${inside.port}/`
    expect(await refusal(url, rules, { signal: giveUp.signal })).toMatch(/given up/)
    expect(asked).toBe(1)
    expect(await refusal(url, rules)).toMatch(/not a public one/)
    expect(asked).toBe(2)
    expect(inside.connections).toBe(0)
  })
})

describe('which URLs are refused', () => {
  it.each([
    ['not a url', /not a URL/],
    ['/etc/passwd', /not a URL/],
    ['file:///etc/passwd', /only http and https are fetched, not file/],
    ['ftp://example.org/a', /not ftp/],
    ['gopher://example.org/_x', /not gopher/],
    ['data:application/json,[]', /not data/],
    ['http://user@example.org/', /user name or a password/],
    ['http://:secret@example.org/', /user name or a password/],
    ['http://example.org@127.0.0.1/', /user name or a password/],
    ['http://elsewhere.test/', /not among the hosts/],
    ['http://example.org.elsewhere.test/', /not among the hosts/],
    ['http://notexample.org/', /not among the hosts/],
    ['http://example.org:8080/', /not among the hosts/],
    ['http://sub.example.org/', /not among the hosts/],
    ['http://wild.test/', /not among the hosts/],
    ['http://.wild.test/', /not among the hosts/],
    ['http://a.wild.test:81/', /not among the hosts/],
    ['http://elsewhere.test\\@example.org/', /not among the hosts/],
    ['http://elsewhere.test#@example.org/', /not among the hosts/],
  ])('%s', async (url, reason) => {
    const rules = policy({ allowedHosts: ['example.org', '*.wild.test'] })
    expect(await refusal(url, rules)).toMatch(reason)
  })

  it('and a password in one is not told', async () => {
    expect(await refusal('http://user:hidden@example.org/', policy())).not.toContain('hidden')
  })

  it('with hosts in the list they get as far as the look-up', async () => {
    const rules = policy({ allowedHosts: ['example.org', 'Example.net:8443', '*.wild.test'] })
    for (const url of ['https://EXAMPLE.org/', 'https://example.net:8443/x', 'http://a.b.wild.test/']) {
      expect(await refusal(url, rules)).toMatch(/its name has no address/)
    }
  })

  it('own origin means scheme, host and port', async () => {
    expect(await refusal(`http://127.0.0.1:${inside.port}/`, policy())).toMatch(/not among the hosts/)
    expect(await refusal(`https://127.0.0.1:${own.port}/`, policy())).toMatch(/not among the hosts/)
    expect(inside.connections).toBe(0)
  })
})

describe('redirects', () => {
  it('to the inside are refused, whatever the form', async () => {
    const hex = `http://0x7f000001:${inside.port}/`
    for (const target of [
      `http://127.0.0.1:${inside.port}/`,
      hex,
      `//127.0.0.1:${inside.port}/`,
      `http://[::ffff:127.0.0.1]:${inside.port}/`,
      `http://rebind.test:${inside.port}/`,
      'http://169.254.169.254/latest/meta-data/',
      'http://[fd00:ec2::254]/latest/meta-data/',
    ]) {
      own.on('/to-inside', redirect(target))
      const host = new URL(target, own.origin).host
      const rules = policy({ allowedHosts: [host], resolve: answering('127.0.0.1') })
      expect(await refusal(`${own.origin}/to-inside`, rules)).toMatch(/not a public one/)
      expect(await refusal(`${own.origin}/to-inside`, policy())).toMatch(/not among the hosts/)
    }
    expect(inside.connections).toBe(0)
  })

  it('to less security, or by others to the catalogue’s own host, are refused', () => {
    const rules = policy({ allowedHosts: ['example.org'] })
    const redirected = (from: string, to: string) => () => checkedRedirect(new URL(from), new URL(to), rules)
    expect(redirected('https://example.org/', 'http://example.org/')).toThrow(/redirects from https to http/)
    expect(redirected('http://example.org/', `${own.origin}/admin`)).toThrow(/to the host of the catalogue/)
    expect(redirected('http://example.org/', 'https://example.org/')().href).toBe('https://example.org/')
    expect(redirected(`${own.origin}/`, 'https://example.org/a')().href).toBe('https://example.org/a')
  })

  it('to another scheme, to a password or to nothing are refused', async () => {
    own.on('/to-file', redirect('file:///etc/passwd'))
    expect(await refusal(`${own.origin}/to-file`, policy())).toMatch(/only http and https/)
    own.on('/to-password', redirect(`http://user:hidden@127.0.0.1:${own.port}/`))
    expect(await refusal(`${own.origin}/to-password`, policy())).toMatch(/user name or a password/)
    own.on('/to-nothing', status(302))
    expect(await refusal(`${own.origin}/to-nothing`, policy())).toMatch(
      /redirects to something that is not a URL/,
    )
  })
})

describe('an answer that is', () => {
  it.each<[string, Answer, RegExp]>([
    ['an error', status(500), /answers with status 500/],
    ['missing', status(404), /answers with status 404/],
    ['empty', status(204), /answers with status 204/],
    ['unchanged although nobody asked', status(304), /answers with status 304/],
    ['a web page', html(), /a web page and not with JSON/],
    ['a web page that says it is JSON', text(`\n\t <html>${SECRET}`), /a web page and not with JSON/],
    ['cut off', truncated(`{"a": "${SECRET}"}`), /broke before everything was there/],
    ['said to be huge', text('{}', { 'content-length': String(MAX + 1) }), /is larger than 0.0625 MiB/],
    ['huge without end', endless(), /is larger than/],
    [
      'a compressed bomb',
      text(gzipSync(Buffer.alloc(MAX + 1)), { 'content-encoding': 'gzip' }),
      /is larger than/,
    ],
    ['broken gzip', text('not gzip', { 'content-encoding': 'gzip' }), /what it sends is broken/],
    [
      'cut off gzip',
      text(gzipSync('{"a": 1}').subarray(0, 15), { 'content-encoding': 'gzip' }),
      /sends is broken/,
    ],
    ['no HTTP', (request) => request.socket.end(`${SECRET} 200`), /the connection failed/],
    ['compressed otherwise', text('x', { 'content-encoding': 'br' }), /compresses in a way/],
  ])('%s', async (_name, answer, reason) => {
    own.on('/faulty', answer)
    expect(await refusal(`${own.origin}/faulty`, policy())).toMatch(reason)
  })

  it.each([
    ['silent', silent()],
    ['stuck', stuck()],
  ])('%s is given up after the time that was set', async (_name, answer) => {
    own.on('/slow', answer)
    expect(await refusal(`${own.origin}/slow`, policy(), { timeoutMs: 300 })).toMatch(
      /longer than 0.3 seconds/,
    )
  })

  it('not https although it is asked for', async () => {
    const origin = own.origin.replace('http:', 'https:')
    expect(await refusal(`${origin}/`, policy({ ownOrigin: origin }))).toMatch(/no secure connection/)
  })

  it('slow in the resolver is given up as well', async () => {
    const rules = policy({ allowedHosts: ['slow.test'], resolve: () => new Promise(() => undefined) })
    expect(await refusal('http://slow.test/', rules, { timeoutMs: 300 })).toMatch(/longer than 0.3 seconds/)
  })

  it('not there at all', async () => {
    const gone = await startHttpServer()
    await gone[Symbol.asyncDispose]()
    expect(await refusal(gone.origin, policy({ ownOrigin: gone.origin }))).toMatch(/refuses the connection/)
    const rules = policy({ allowedHosts: ['gone.test'], resolve: () => Promise.reject(noSuchName()) })
    expect(await refusal('http://gone.test/', rules)).toMatch(/name cannot be resolved/)
  })

  function noSuchName(): Error {
    return Object.assign(new Error('getaddrinfo ENOTFOUND gone.test'), { code: 'ENOTFOUND' })
  }

  it('given up by the caller', async () => {
    own.on('/slow', silent())
    const giveUp = new AbortController()
    const refused = refusal(`${own.origin}/slow`, policy(), { signal: giveUp.signal })
    giveUp.abort()
    expect(await refused).toMatch(/given up/)
  })
})
