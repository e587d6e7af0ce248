import { createHmac, KeyObject, sign } from 'node:crypto'
import { base64url, exportJWK, exportSPKI, generateKeyPair, importJWK, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { problemOf } from '../support/answers.ts'
import { startHttpServer, type TestServer, text } from '../support/http-server.ts'
import { issuerKey, startIssuer } from '../support/issuer.ts'
import { type OidcRunner, startOidcRunner } from './oidc-runner.ts'

const LINK = '/run/notebook/cog_preview?cog_url=https://example.org/scene.tif'
const ROUTES = [
  LINK,
  '/processes',
  '/processes/cog_preview',
  '/api',
  '/jobs',
  '/view-notebook/a/01890000-0000-7000-8000-000000000000',
]

let oidc: OidcRunner
/** Where a token would like its keys to be fetched from. */
let elsewhere: TestServer

beforeAll(async () => {
  ;[oidc, elsewhere] = await Promise.all([startOidcRunner(), startHttpServer()])
})
afterAll(async () => {
  await oidc?.[Symbol.asyncDispose]()
  await elsewhere?.[Symbol.asyncDispose]()
})

const part = (value: unknown) => base64url.encode(JSON.stringify(value))
const now = () => Math.floor(Date.now() / 1000)
const good = () => ({
  iss: oidc.issuer.url,
  aud: 'eodhp',
  sub: 'a',
  iat: now(),
  exp: now() + 300,
  preferred_username: 'alice',
  workspaces: ['alice-ws'],
})
function ours() {
  const [key] = oidc.issuer.keys
  if (key === undefined) throw new Error('The issuer has no key')
  return key
}

const unsigned = (alg: unknown) => async () =>
  `${part({ alg, typ: 'JWT', kid: ours().kid })}.${part(good())}.`
const withSecret = (secretOf: () => Promise<string | Uint8Array>) => async () => {
  const head = `${part({ alg: 'HS256', typ: 'JWT', kid: ours().kid })}.${part(good())}`
  return `${head}.${createHmac('sha256', await secretOf())
    .update(head)
    .digest('base64url')}`
}
const publicKey = async () => importJWK(ours().publicJwk, 'RS256', { extractable: true })
const spki = async () => {
  const key = await publicKey()
  if (!(key instanceof CryptoKey)) throw new Error('No public key')
  return exportSPKI(key)
}
const stranger = (header: Record<string, unknown>) => async () => {
  const { privateKey, publicKey: own } = await generateKeyPair('RS256', { extractable: true })
  const jwk = { ...(await exportJWK(own)), kid: 'own', alg: 'RS256', use: 'sig' }
  elsewhere.on('/keys', text(JSON.stringify({ keys: [jwk] })))
  const filled = JSON.parse(
    JSON.stringify(header)
      .replaceAll('"JWK"', JSON.stringify(jwk))
      .replaceAll('ELSEWHERE', elsewhere.origin)
      .replaceAll('KID', ours().kid),
  )
  return new SignJWT(good()).setProtectedHeader({ alg: 'RS256', kid: 'own', ...filled }).sign(privateKey)
}
const claims = (change: Record<string, unknown>) => () => oidc.issuer.mint({ claims: change })
/** By our own key, with a header that no library would sign. */
const signed = (more: Record<string, unknown>) => async () => {
  const head = `${part({ alg: 'RS256', typ: 'JWT', kid: ours().kid, ...more })}.${part(good())}`
  return `${head}.${sign('sha256', Buffer.from(head), KeyObject.from(ours().privateKey)).toString('base64url')}`
}
const header = (change: Record<string, unknown>) => () => oidc.issuer.mint({ header: change })

const ATTACKS: ReadonlyArray<readonly [string, () => Promise<string>]> = [
  ...['none', 'None', 'NONE', 'nOnE', 'none ', '', null, ['none'], 0].map(
    (alg) => [`alg ${JSON.stringify(alg)}`, unsigned(alg)] as const,
  ),
  ['the public key as a secret, as PEM', withSecret(spki)],
  [
    'the public key as a secret, as PEM without its last line end',
    withSecret(async () => (await spki()).trimEnd()),
  ],
  ['the public key as a secret, as JWK', withSecret(async () => JSON.stringify(ours().publicJwk))],
  [
    'the public key as a secret, as DER',
    withSecret(async () => Buffer.from((await spki()).replace(/-----[^-]+-----|\s/g, ''), 'base64')),
  ],
  ['the modulus as a secret', withSecret(async () => Buffer.from(String(ours().publicJwk.n), 'base64url'))],
  ['no secret', withSecret(async () => '')],
  ['a key of its own', stranger({ jwk: 'JWK' })],
  ['a key of its own under our name', stranger({ jwk: 'JWK', kid: 'KID' })],
  ['a key set elsewhere', stranger({ jku: 'ELSEWHERE/keys' })],
  ['a certificate elsewhere', stranger({ x5u: 'ELSEWHERE/keys' })],
  ['a certificate with it', stranger({ x5c: ['MIIB'] })],
  ['a key by an address', stranger({ kid: 'ELSEWHERE/keys' })],
  ['a key by a path', stranger({ kid: '../../../../dev/null' })],
  ['a key by a statement', stranger({ kid: "x' UNION SELECT 'key" })],
  ['a key with a NUL', stranger({ kid: 'own\0' })],
  ['a key with a long name', stranger({ kid: 'x'.repeat(8000) })],
  ['an extension that must be known', signed({ crit: ['b64'], b64: true })],
  ['an extension that nobody knows', signed({ crit: ['x'], x: 1 })],
  ['no extension that must be known', signed({ crit: [] })],
  ['the type of another token', header({ typ: 'logout+jwt' })],
  ['an algorithm that is not its key’s', header({ alg: 'RS256', kid: undefined })],
  ['a time that is over', claims({ exp: now() - 60 })],
  ['no end', claims({ exp: undefined })],
  ['an end that is no number', claims({ exp: '9999999999' })],
  ['a time to come', claims({ nbf: now() + 600 })],
  ['an issue in the future', claims({ iat: now() + 600 })],
  ['another audience', claims({ aud: 'somebody' })],
  ['other audiences', claims({ aud: ['somebody', 'eodhp-admin'] })],
  ['an audience that begins as ours does', claims({ aud: 'eodhp.evil.example' })],
  ['no audience', claims({ aud: undefined })],
  ['another issuer', claims({ iss: 'https://evil.example/' })],
  ['our issuer with a slash more', () => oidc.issuer.mint({ claims: { iss: `${oidc.issuer.url}/` } })],
  ['an ID token', claims({ typ: 'ID' })],
  ['an ID token by its hash', claims({ at_hash: 'x' })],
  ['a refresh token', claims({ typ: 'Refresh' })],
  ['no subject', claims({ sub: undefined })],
  ['workspaces that are none', claims({ workspaces: { 'alice-ws': true } })],
  ['a workspace that is a list', claims({ workspace: ['alice-ws'] })],
  ['nothing in it', async () => '..'],
  ['16 kB and more', async () => `${'a'.repeat(17_000)}.b.c`],
]

describe('a token with', () => {
  it.each(ATTACKS)('%s opens nothing', async (_, make) => {
    const token = await make()
    for (const path of ROUTES) {
      const response = await oidc.runner.fetch(path, { headers: { authorization: `Bearer ${token}` } })
      expect([path, response.status]).toEqual([path, 401])
      expect(response.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"')
      const problem = await problemOf(response)
      expect(problem.type).toBe('urn:notebook-runner:problem:invalid-token')
      expect(JSON.stringify(problem)).not.toContain(token.split('.').find((one) => one.length > 8) ?? 'eyJ')
    }
  })

  it('claims, header or key of its own has nothing fetched and nothing stored', async () => {
    expect(elsewhere.connections).toBe(0)
    expect(await oidc.workspaces()).toEqual([])
    // Discovery and the keys, and the keys once more for the first unknown name.
    expect(oidc.issuer.requests.length).toBeLessThanOrEqual(4)
  })

  it('the same key name from another issuer opens nothing', async () => {
    await using other = await startIssuer()
    other.keys.splice(0, 2, await issuerKey('RS256', ours().kid))
    for (const iss of [other.url, oidc.issuer.url]) {
      const token = await other.mint({ claims: { iss } })
      expect(
        (await oidc.runner.fetch('/processes', { headers: { authorization: `Bearer ${token}` } })).status,
      ).toBe(401)
    }
  })

  it('nothing wrong opens its own workspace', async () => {
    const response = await oidc.runner.fetch(LINK, {
      headers: { authorization: `Bearer ${await oidc.issuer.mint()}` },
    })
    expect(response.status).toBe(303)
    expect(await oidc.workspaces()).toEqual(['alice-ws'])
  })
})

describe('a token elsewhere than in its header', () => {
  it.each([
    ['the query', (token: string) => ({ path: `/processes?access_token=${token}&token=${token}` })],
    [
      'a cookie',
      (token: string) => ({
        path: '/processes',
        headers: { cookie: `token=${token}; access_token=${token}` },
      }),
    ],
    [
      'a header of another name',
      (token: string) => ({
        path: '/processes',
        headers: {
          'x-forwarded-access-token': token,
          'x-auth-request-access-token': token,
          'x-access-token': token,
        },
      }),
    ],
    [
      'the name of a user',
      (token: string) => ({
        path: '/processes',
        headers: {
          'x-forwarded-user': 'alice',
          'x-remote-user': 'alice',
          authorization: `Basic ${btoa(`alice:${token}`)}`,
        },
      }),
    ],
  ])('is not read from %s', async (_, request) => {
    const { path, headers = {} }: { path: string; headers?: Record<string, string> } = request(
      await oidc.issuer.mint(),
    )
    expect((await oidc.runner.fetch(path, { headers })).status).toBe(401)
  })
})
