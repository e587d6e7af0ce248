import { createHmac, createPublicKey } from 'node:crypto'
import { createServer } from 'node:http'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bearerVerifier } from '../../src/identity/bearer.ts'
import type { TokenVerifier } from '../../src/identity/identity.ts'
import { type Issuer, issuerKey, startIssuer, type TokenChange } from '../support/issuer.ts'

let issuer: Issuer
let verifier: TokenVerifier
let clock = Date.now
const now = () => Math.floor(clock() / 1000)
beforeAll(async () => {
  issuer = await startIssuer()
  verifier = bearerVerifier({ issuer: issuer.url, audiences: ['eodhp', 'account'], now: () => clock() })
})
afterAll(async () => {
  await verifier[Symbol.asyncDispose]()
  await issuer[Symbol.asyncDispose]()
})

/** Refused with that reason, twice (nothing is remembered of the first time), and never quoting the token. */
async function refused(token: string, why: string | RegExp): Promise<void> {
  for (const attempt of [1, 2]) {
    const error: unknown = await verifier.verify(token).catch((caught: unknown) => caught)
    expect(error, `attempt ${attempt}`).toMatchObject({
      code: 'invalid-token',
      message: expect.stringMatching(/^The access token is not accepted: .*\.$/),
    })
    expect(error).toMatchObject({ message: expect.stringMatching(why) })
    const { message } = Error.isError(error) ? error : { message: '' }
    for (const part of token.split('.')) if (part.length > 8) expect(message).not.toContain(part)
    expect(error).not.toHaveProperty('cause')
  }
}
const minted = async (change: TokenChange, why: string | RegExp) => refused(await issuer.mint(change), why)
const b64 = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
const claimsOf = (token: string): unknown =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'))

describe('a good token', () => {
  it('says who asks', async () => {
    const claims = { sub: 'f3b1', preferred_username: 'ann', workspaces: ['ann-ws', 'shared-ws'] }
    expect(await verifier.verify(await issuer.mint({ claims }))).toEqual({
      issuer: issuer.url,
      subject: 'f3b1',
      user: 'ann',
      workspaces: ['ann-ws', 'shared-ws'],
      accessToken: expect.any(Function),
    })
    expect(await verifier.healthy()).toBe(true)
  })

  it.each<TokenChange>([
    { claims: { aud: ['other', 'account'] } },
    { claims: { aud: 'account' } },
    { claims: { typ: undefined } },
    { header: { typ: undefined } },
    { header: { typ: 'at+jwt' } },
    { header: { typ: 'application/at+jwt' } },
    { claims: { iat: undefined, nbf: undefined } },
  ])('may look like %j', async (change) => {
    expect(await verifier.verify(await issuer.mint(change))).toMatchObject({ user: 'alice' })
  })

  it('may be signed by an elliptic curve', async () => {
    const key = issuer.keys.find(({ alg }) => alg === 'ES256')
    if (key === undefined) throw new Error('The issuer has such a key')
    expect(await verifier.verify(await issuer.mint({ key }))).toMatchObject({ user: 'alice' })
  })
})

describe('a token that is none', () => {
  it.each(['', '.', '..', 'a.b', 'a.b.c', 'a.b.c.d', 'a.b.c.d.e', 'Bearer x', '\0', '%00.%00.%00', 'é.é.é'])(
    '%j',
    async (token) => {
      await refused(token, /./)
    },
  )

  it('of more than 16 kB is not even read', async () => {
    await refused('a'.repeat(16_385), /longer than 16384/)
    await minted({ header: { kid: 'k'.repeat(1024 * 1024) } }, /longer than 16384/)
  })

  it('with its parts swapped, cut or padded', async () => {
    const [header, payload, signature] = (await issuer.mint()).split('.')
    await refused(`${payload}.${header}.${signature}`, /./)
    await refused(`${header}.${payload}.`, /not a signed/)
    await refused(`${header}.${payload}.${signature?.slice(4)}`, /signature/)
    await refused(`${header}.${b64('[]')}.${signature}`, /payload/)
    await refused(`${header}.${b64('"x"')}.${signature}`, /payload/)
  })
})

describe('an algorithm of the sender', () => {
  it.each([
    'none',
    'None',
    'NONE',
    'nOnE',
    'HS256',
    'HS512',
    'PS256',
    'RS384',
    'RS512',
    'ES384',
    'EdDSA',
    'rs256',
    '',
  ])('%j is refused', async (alg) => {
    const [, payload, signature] = (await issuer.mint()).split('.')
    const header = b64({ alg, typ: 'JWT', kid: issuer.keys[0]?.kid })
    await refused(`${header}.${payload}.`, /not a signed JSON Web Token/)
    await refused(`${header}.${payload}.${signature}`, /not signed by RS256 or ES256/)
  })

  it.each([null, 1, ['RS256'], { RS256: 1 }])('%j is refused', async (alg) => {
    const [, payload, signature] = (await issuer.mint()).split('.')
    await refused(`${b64({ alg, kid: issuer.keys[0]?.kid })}.${payload}.${signature}`, /not signed by/)
  })

  it('cannot make the public key a shared secret', async () => {
    const [key] = issuer.keys
    if (key === undefined) throw new Error('The issuer has a key')
    const publicKey = createPublicKey({ key: { ...key.publicJwk }, format: 'jwk' })
    const secrets = [
      publicKey.export({ type: 'spki', format: 'pem' }),
      publicKey.export({ type: 'pkcs1', format: 'pem' }),
      publicKey.export({ type: 'spki', format: 'der' }),
      JSON.stringify(key.publicJwk),
    ]
    const [header, payload] = (await issuer.mint()).split('.')
    for (const secret of secrets) {
      for (const first of [header, b64({ alg: 'HS256', typ: 'JWT', kid: key.kid })]) {
        const signature = createHmac('sha256', secret).update(`${first}.${payload}`).digest('base64url')
        await refused(`${first}.${payload}.${signature}`, /signature is wrong|not signed by/)
      }
    }
  })

  it('must be the one of the key', async () => {
    const [rsa, ec] = issuer.keys
    if (rsa === undefined || ec === undefined) throw new Error('The issuer has two keys')
    await minted({ key: { ...ec, kid: rsa.kid } }, /no key that fits/)
    await minted({ key: { ...rsa, kid: ec.kid } }, /no key that fits/)
  })
})

describe('a key of the sender', () => {
  it('is neither believed nor fetched', async () => {
    const asked: (string | undefined)[] = []
    const attacker = createServer((request, response) => {
      asked.push(request.url)
      response.end()
    })
    await new Promise<void>((done) => attacker.listen(0, '127.0.0.1', done))
    const address = attacker.address()
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/keys`
    const before = issuer.requests.length
    const own = await issuerKey('RS256', issuer.keys[0]?.kid)
    await minted({ key: own }, /signature is wrong/)
    for (const header of [{ jwk: own.publicJwk }, { jku: url }, { x5u: url }, { x5c: ['MIIB'] }]) {
      await minted({ key: own, header }, /brings a key of its own/)
      await minted({ header }, /brings a key of its own/)
    }
    await minted({ claims: { iss: url } }, /another issuer/)
    expect(asked).toEqual([])
    expect(issuer.requests.length).toBe(before)
    attacker.close()
  })

  it.each([
    '../../../../dev/null',
    '/dev/null',
    "x' OR '1'='1",
    'a\0b',
    'http://169.254.169.254/',
    '__proto__',
    ' ',
  ])('named %j is just unknown', async (kid) => {
    const before = issuer.requests.length
    await minted({ header: { kid } }, /no key that fits/)
    for (const url of issuer.requests.slice(before)) expect(url).not.toContain(kid.trim() || 'kid')
  })

  it.each([undefined, '', 'k'.repeat(257), 7, null, ['a'], {}])('named %j is refused', async (kid) => {
    const [, payload, signature] = (await issuer.mint()).split('.')
    await refused(`${b64({ alg: 'RS256', kid })}.${payload}.${signature}`, /name its key by a short text/)
  })
})

describe('a header', () => {
  it.each([{ crit: ['exp'] }, { crit: [] }, { crit: ['b64'], b64: false }, { crit: ['urn:x'], 'urn:x': 1 }])(
    'with %j is refused',
    async (more) => {
      const [, payload, signature] = (await issuer.mint()).split('.')
      const header = b64({ alg: 'RS256', kid: issuer.keys[0]?.kid, ...more })
      await refused(`${header}.${payload}.${signature}`, /extension/)
    },
  )

  it.each(['ID', 'logout+jwt', 'dpop+jwt', 'secevent+jwt', 'JWTX', 'xjwt'])(
    'of type %j is refused',
    async (typ) => {
      await minted({ header: { typ } }, /header says that it is not an access token/)
    },
  )

  it('or payload that names a key twice is refused', async () => {
    const [key] = issuer.keys
    if (key === undefined) throw new Error('The issuer has a key')
    const kid = JSON.stringify(key.kid)
    const [header, payload, signature] = (await issuer.mint()).split('.')
    for (const twice of [
      `{"alg":"none","alg":"RS256","kid":${kid}}`,
      `{"alg":"RS256","kid":"x","kid":${kid}}`,
      `{"alg":"RS256","kid":"x","k\\u0069d":${kid}}`,
      `{"alg":"RS256","kid":${kid},"x":{"a":[{"b":1,"b":2}]}}`,
    ]) {
      await refused(`${b64(twice)}.${payload}.${signature}`, /header is not a JSON object with each key once/)
    }
    // Signed by the issuer itself, so that nothing but the double key is wrong.
    const claims = JSON.stringify(claimsOf(await issuer.mint()))
    const text = claims.replace('{', '{"workspaces":["bob-ws"],')
    const signed = Buffer.from(
      await crypto.subtle.sign('RSASSA-PKCS1-v1_5', key.privateKey, Buffer.from(`${header}.${b64(text)}`)),
    )
    await refused(
      `${header}.${b64(text)}.${signed.toString('base64url')}`,
      /payload is not a JSON object with each key once/,
    )
  })
})

describe('the claims', () => {
  it.each<[string, Record<string, unknown>, RegExp]>([
    ['no exp', { exp: undefined }, /no “exp” claim/],
    ['exp is no number', { exp: '9999999999' }, /“exp” claim is not valid/],
    ['nbf is no number', { nbf: 'now' }, /“nbf” claim is not valid/],
    ['iat is no number', { iat: 'now' }, /“iat” claim is not valid/],
    ['another audience', { aud: 'other' }, /meant for another service/],
    ['other audiences', { aud: ['other', 'eodhp2'] }, /meant for another service/],
    ['an audience within a text', { aud: 'eodhp account' }, /meant for another service/],
    ['an audience within a list', { aud: [['eodhp']] }, /meant for another service/],
    ['no audience', { aud: undefined }, /no “aud” claim/],
    ['no issuer', { iss: undefined }, /no “iss” claim/],
    ['issuers', { iss: ['x'] }, /another issuer/],
    ['an ID token of Keycloak', { typ: 'ID' }, /not an access token/],
    ['a refresh token of Keycloak', { typ: 'Refresh' }, /not an access token/],
    ['a token bound to a key', { typ: 'DPoP' }, /not an access token/],
    ['an ID token by its hash', { at_hash: 'x' }, /ID token/],
    ['no subject', { sub: undefined }, /no “sub” claim/],
    ['an empty subject', { sub: '' }, /“sub” claim is not a printable text/],
    ['no user', { preferred_username: undefined }, /no “preferred_username” claim/],
    [
      'a user with a line end',
      { preferred_username: 'a\nb' },
      /“preferred_username” claim is not a printable text/,
    ],
    [
      'a user with a NUL',
      { preferred_username: 'a\0' },
      /“preferred_username” claim is not a printable text/,
    ],
    ['a user of 256 characters', { preferred_username: 'a'.repeat(256) }, /1 to 255 characters/],
    ['workspaces as text', { workspaces: 'alice-ws' }, /“workspaces” claim is not a list of texts/],
    ['workspaces of numbers', { workspaces: [1] }, /“workspaces” claim is not a list of texts/],
    ['a workspace as list', { workspace: ['alice-ws'] }, /“workspace” claim is not a text/],
  ])('%s', async (_, claims, why) => {
    await minted({ claims }, why)
  })

  it('name the issuer exactly', async () => {
    for (const iss of [
      `${issuer.url}/`,
      issuer.url.toUpperCase(),
      ` ${issuer.url}`,
      issuer.url.slice(0, -1),
    ]) {
      await minted({ claims: { iss } }, /another issuer/)
    }
  })

  it('hold for 30 seconds of skew and no longer', async () => {
    const at = now()
    clock = () => at * 1000
    for (const good of [{ exp: at - 29 }, { nbf: at + 30 }, { iat: at + 30 }]) {
      await verifier.verify(await issuer.mint({ claims: good }))
    }
    await minted({ claims: { exp: at - 30 } }, /has expired/)
    await minted({ claims: { nbf: at + 31 } }, /not valid yet/)
    await minted({ claims: { iat: at + 31 } }, /issued in the future/)
    clock = Date.now
  })

  it('of another issuer are not believed, even with the same names of keys', async () => {
    const { privateKey, publicKey } = await generateKeyPair('RS256')
    await exportJWK(publicKey)
    const forged = await new SignJWT({ iss: issuer.url, aud: 'eodhp', sub: 'x', preferred_username: 'alice' })
      .setProtectedHeader({ alg: 'RS256', kid: issuer.keys[0]?.kid ?? '' })
      .setExpirationTime('5m')
      .sign(privateKey)
    await refused(forged, /signature is wrong/)
  })
})

describe('a token that was good before', () => {
  it('is good no longer than its time', async () => {
    const at = now()
    const token = await issuer.mint({ claims: { exp: at + 100, nbf: at - 10 } })
    await verifier.verify(token)
    clock = () => (at + 129) * 1000
    await verifier.verify(token)
    clock = () => (at + 130) * 1000
    await refused(token, /has expired/)
    clock = () => (at - 41) * 1000
    await refused(token, /not valid yet|future/)
    clock = Date.now
    await verifier.verify(token)
  })

  it('does not lend its goodness to one that differs', async () => {
    const token = await issuer.mint()
    await verifier.verify(token)
    const [header, , signature] = token.split('.')
    const claims = claimsOf(token)
    if (typeof claims !== 'object') throw new Error('Claims are an object')
    await refused(
      `${header}.${b64({ ...claims, workspaces: ['bob-ws'] })}.${signature}`,
      /signature is wrong/,
    )
    for (const spelling of [
      `${token} `,
      ` ${token}`,
      `${token}=`,
      token.replaceAll('.', '. '),
      `${token}\n`,
    ]) {
      await refused(spelling, /not a signed JSON Web Token/)
    }
    await refused(`${token}AAAA`, /signature is wrong/)
  })

  it('is not checked all over again', async () => {
    const token = await issuer.mint()
    const caller = await verifier.verify(token)
    const before = issuer.requests.length
    expect(await verifier.verify(token)).toBe(caller)
    expect(issuer.requests.length).toBe(before)
  })
})
