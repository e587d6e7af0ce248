import { randomUUID } from 'node:crypto'
import { createServer, type ServerResponse } from 'node:http'
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'

/** A key of the issuer: the private half stays here, the public one goes out with the key set. */
export interface IssuerKey {
  readonly alg: 'RS256' | 'ES256'
  readonly kid: string
  readonly privateKey: CryptoKey
  readonly publicJwk: JWK
}

export interface Issuer {
  readonly url: string
  /** What was asked for, oldest first. */
  readonly requests: string[]
  /** The keys it publishes; a test changes the list to rotate or remove. */
  readonly keys: IssuerKey[]
  /** Answers each request in place of the issuer, until it is taken away again. */
  fault: ((response: ServerResponse) => void) | undefined
  /** The claims of a good access token, signed by the first key, with any claim or header member set otherwise. */
  mint(change?: TokenChange): Promise<string>
  [Symbol.asyncDispose](): Promise<void>
}

export interface TokenChange {
  readonly claims?: Readonly<Record<string, unknown>>
  readonly header?: Readonly<Record<string, unknown>>
  readonly key?: IssuerKey
}

/** A small real OpenID Connect issuer on a free port of 127.0.0.1, its keys made now. `path` is that of the realm. */
export async function startIssuer(path = '/auth/realms/eodhp'): Promise<Issuer> {
  const keys = [await issuerKey('RS256'), await issuerKey('ES256')]
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(request.url ?? '')
    if (issuer.fault !== undefined) return issuer.fault(response)
    response.setHeader('content-type', 'application/json')
    if (request.url === `${path}/.well-known/openid-configuration`) {
      return response.end(JSON.stringify({ issuer: issuer.url, jwks_uri: `${issuer.url}/certs` }))
    }
    if (request.url === `${path}/certs`) {
      return response.end(JSON.stringify({ keys: keys.map(({ publicJwk }) => publicJwk) }))
    }
    return response.writeHead(404).end()
  })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject).listen(0, '127.0.0.1', resolve)
  await promise
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The issuer has no port')
  const issuer: Issuer = {
    url: `http://127.0.0.1:${address.port}${path}`,
    requests,
    keys,
    fault: undefined,
    mint: (change = {}) => mint(issuer, change),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
  return issuer
}

export async function issuerKey(alg: IssuerKey['alg'], kid: string = randomUUID()): Promise<IssuerKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  return { alg, kid, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } }
}

function mint(
  issuer: Issuer,
  { claims = {}, header = {}, key = issuer.keys[0] }: TokenChange,
): Promise<string> {
  if (key === undefined) throw new Error('The issuer has no key to sign with')
  const now = Math.floor(Date.now() / 1000)
  const good = {
    iss: issuer.url,
    aud: 'eodhp',
    sub: randomUUID(),
    iat: now,
    exp: now + 300,
    typ: 'Bearer',
    preferred_username: 'alice',
    workspaces: ['alice-ws'],
  }
  // JSON leaves out what is undefined: that is how a test takes a claim away.
  return new SignJWT({ ...good, ...claims })
    .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'JWT', ...header })
    .sign(key.privateKey)
}
