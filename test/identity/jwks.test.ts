import { createServer } from 'node:http'
import { describe, expect, it } from 'vitest'
import { type BearerSettings, bearerVerifier } from '../../src/identity/bearer.ts'
import type { TokenVerifier } from '../../src/identity/identity.ts'
import { type Issuer, issuerKey, startIssuer } from '../support/issuer.ts'

const checking = (issuer: Issuer, change: Partial<BearerSettings> = {}) =>
  bearerVerifier({ issuer: issuer.url, audiences: ['eodhp'], ...change })
const setsFetched = (issuer: Issuer) => issuer.requests.filter((url) => url.endsWith('/certs')).length
const outcome = (verifier: TokenVerifier, token: string) =>
  verifier.verify(token).then(
    () => 'good',
    (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
  )

describe("the issuer's keys", () => {
  it('are fetched once, however many tokens wait for them', async () => {
    await using issuer = await startIssuer()
    await using verifier = checking(issuer)
    const tokens = await Promise.all(Array.from({ length: 20 }, () => issuer.mint()))
    await Promise.all(tokens.map((token) => verifier.verify(token)))
    expect(issuer.requests).toEqual([
      '/auth/realms/eodhp/.well-known/openid-configuration',
      '/auth/realms/eodhp/certs',
    ])
  })

  it('may be at an address of their own', async () => {
    await using issuer = await startIssuer()
    await using verifier = checking(issuer, { jwksUri: `${issuer.url}/certs` })
    expect(await outcome(verifier, await issuer.mint())).toBe('good')
    expect(issuer.requests).toEqual(['/auth/realms/eodhp/certs'])
  })

  it('rotate: a new one is fetched when the first token names it', async () => {
    await using issuer = await startIssuer()
    await using verifier = checking(issuer)
    const old = await issuer.mint()
    expect(await outcome(verifier, old)).toBe('good')
    issuer.keys.unshift(await issuerKey('RS256'))
    expect(await outcome(verifier, await issuer.mint())).toBe('good')
    expect(await outcome(verifier, old)).toBe('good')
    expect(setsFetched(issuer)).toBe(2)
  })

  it('are asked for once by a herd of unknown ones, and then not again for a while', async () => {
    await using issuer = await startIssuer()
    await using verifier = checking(issuer)
    expect(await outcome(verifier, await issuer.mint())).toBe('good')
    const herd = await Promise.all(
      Array.from({ length: 200 }, (_, index) => issuer.mint({ header: { kid: `unknown-${index}` } })),
    )
    const outcomes = await Promise.all(herd.map((token) => outcome(verifier, token)))
    expect(new Set(outcomes)).toEqual(new Set(['invalid-token']))
    for (const token of herd) expect(await outcome(verifier, token)).toBe('invalid-token')
    expect(setsFetched(issuer)).toBe(2)
  })

  it('are asked for again by an unknown one after the pause', async () => {
    await using issuer = await startIssuer()
    await using verifier = checking(issuer, { coolDownSeconds: 0 })
    expect(await outcome(verifier, await issuer.mint())).toBe('good')
    for (const kid of ['a', 'b', 'c'])
      expect(await outcome(verifier, await issuer.mint({ header: { kid } }))).toBe('invalid-token')
    expect(setsFetched(issuer)).toBe(4)
  })

  it('end with their removal, for tokens already known too', async () => {
    await using issuer = await startIssuer()
    await using verifier = checking(issuer, { refreshSeconds: 0.05 })
    const token = await issuer.mint()
    expect(await outcome(verifier, token)).toBe('good')
    issuer.keys.shift()
    await expect.poll(() => outcome(verifier, token), { timeout: 30_000 }).toBe('invalid-token')
  })

  it('empty what is remembered whenever they change, and only then', async () => {
    await using issuer = await startIssuer()
    await using verifier = checking(issuer, { refreshSeconds: 0.05 })
    const token = await issuer.mint()
    const known = await verifier.verify(token)
    const before = setsFetched(issuer)
    await expect.poll(() => setsFetched(issuer), { timeout: 30_000 }).toBeGreaterThan(before + 2)
    expect(await verifier.verify(token)).toBe(known)
    issuer.keys.push(await issuerKey('ES256'))
    await expect.poll(async () => (await verifier.verify(token)) === known, { timeout: 30_000 }).toBe(false)
  })
})

describe('an issuer that fails', () => {
  type Fault = NonNullable<Issuer['fault']>
  const json =
    (body: string): Fault =>
    (response) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(body)
  const faults: Record<string, Fault> = {
    'answers 500': (response) => response.writeHead(500).end('canary'),
    'breaks off': (response) => response.destroy(),
    'answers HTML': (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
    'is slow': () => undefined,
    'never ends': (response) => {
      response.writeHead(200)
      const more = setInterval(() => response.write(' '.repeat(64 * 1024)), 1)
      response.on('close', () => clearInterval(more))
    },
    'sends nothing': json(''),
    'sends no keys': json('{"keys":[]}'),
    'sends no list': json('{"keys":{}}'),
    'sends a list alone': json('[]'),
    redirects: (response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
  }

  it.each(Object.entries(faults))('and %s: the last good keys go on working', async (_, fault) => {
    await using issuer = await startIssuer()
    await using verifier = checking(issuer, { coolDownSeconds: 0.05, timeoutSeconds: 0.3 })
    expect(await outcome(verifier, await issuer.mint())).toBe('good')
    issuer.fault = fault
    // An unknown key can't be judged while the issuer can't be asked.
    expect(await outcome(verifier, await issuer.mint({ header: { kid: 'unknown' } }))).toBe(
      'identity-unavailable',
    )
    expect(await outcome(verifier, await issuer.mint())).toBe('good')
    expect(await verifier.healthy()).toBe(true)
    issuer.fault = undefined
    const unknown = await issuer.mint({ header: { kid: 'unknown' } })
    await expect.poll(() => outcome(verifier, unknown), { timeout: 30_000 }).toBe('invalid-token')
  })

  it.each(Object.entries(faults))(
    'and %s from the start: tokens cannot be checked, until it is back',
    async (_, fault) => {
      await using issuer = await startIssuer()
      issuer.fault = fault
      await using verifier = checking(issuer, { timeoutSeconds: 0.3 })
      const token = await issuer.mint()
      await expect(verifier.verify(token)).rejects.toMatchObject({
        code: 'identity-unavailable',
        message: expect.stringContaining('does not answer with its keys'),
      })
      expect(await verifier.healthy()).toBe(false)
      issuer.fault = undefined
      await expect.poll(() => outcome(verifier, token), { timeout: 30_000 }).toBe('good')
      expect(await verifier.healthy()).toBe(true)
    },
  )

  it('is not asked more than once a second by tokens while there are no keys', async () => {
    await using issuer = await startIssuer()
    issuer.fault = faults['answers 500']
    await using verifier = checking(issuer)
    const started = performance.now()
    const token = await issuer.mint()
    for (let index = 0; index < 200; index++)
      expect(await outcome(verifier, token)).toBe('identity-unavailable')
    const seconds = (performance.now() - started) / 1000
    expect(issuer.requests.length).toBeLessThanOrEqual(2 + 2 * seconds)
  })

  it.each([
    ['another origin', (url: string) => ({ issuer: url, jwks_uri: 'http://localhost:1/certs' })],
    ['no address', (url: string) => ({ issuer: url })],
    ['no URL', (url: string) => ({ issuer: url, jwks_uri: 'certs' })],
    ['another issuer', (url: string) => ({ issuer: `${url}/`, jwks_uri: `${url}/certs` })],
  ])('to speak for itself in its discovery document is not followed: %s', async (_, document) => {
    await using issuer = await startIssuer()
    issuer.fault = json(JSON.stringify(document(issuer.url)))
    await using verifier = checking(issuer)
    expect(await outcome(verifier, await issuer.mint())).toBe('identity-unavailable')
    expect(new Set(issuer.requests)).toEqual(new Set(['/auth/realms/eodhp/.well-known/openid-configuration']))
  })

  it('does not get its symmetric or private keys used', async () => {
    await using issuer = await startIssuer()
    const secret = { kty: 'oct', kid: 'secret', k: Buffer.from('x'.repeat(32)).toString('base64url') }
    const encryption = { ...issuer.keys[0]?.publicJwk, use: 'enc' }
    const set = createServer((_, response) =>
      response.end(JSON.stringify({ keys: [secret, encryption, 7, null] })),
    )
    await new Promise<void>((done) => set.listen(0, '127.0.0.1', done))
    const address = set.address()
    const jwksUri = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`
    await using verifier = checking(issuer, { jwksUri })
    expect(await outcome(verifier, await issuer.mint())).toBe('identity-unavailable')
    set.closeAllConnections()
    set.close()
  })
})
