import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Issuer, startIssuer } from '../support/issuer.ts'
import { temporaryDataDir } from '../support/postgres.ts'
import { startRunner, type TestRunner } from '../support/runner.ts'
import { LAB } from './local-runner.ts'
import { type Answer, send } from './raw-http.ts'

const LINK = '/run/notebook/cog_preview?cog_url=https://example.org/scene.tif'
const EVIL = 'evil.example'
/** Everything that says which host the request was for, or how it came. */
const CLAIMS: ReadonlyArray<Record<string, string>> = [
  { host: EVIL },
  { host: `${EVIL}:80` },
  { host: `127.0.0.1@${EVIL}` },
  { 'x-forwarded-host': EVIL },
  { 'x-forwarded-host': `127.0.0.1, ${EVIL}`, 'x-forwarded-proto': 'https' },
  { 'x-forwarded-server': EVIL },
  { 'x-forwarded-prefix': `//${EVIL}` },
  { 'x-forwarded-for': '10.0.0.1', 'x-forwarded-port': '1', 'x-forwarded-proto': 'javascript' },
  { forwarded: `host=${EVIL};proto=https;for=10.0.0.1` },
  { 'x-original-url': `//${EVIL}`, 'x-rewrite-url': `//${EVIL}` },
  { 'x-host': EVIL, 'x-http-host-override': EVIL, 'x-forwarded-scheme': 'https' },
  { origin: `https://${EVIL}`, referer: `https://${EVIL}/` },
]

let issuer: Issuer
let token: string

beforeAll(async () => {
  issuer = await startIssuer()
  token = await issuer.mint()
})
afterAll(() => issuer?.[Symbol.asyncDispose]())

async function answersOf(runner: TestRunner, claims: Record<string, string>): Promise<Answer[]> {
  const authorization = `Bearer ${token}`
  const ask = (target: string, headers = {}) =>
    send(runner.url, { target, headers: { authorization, ...headers, ...claims } })
  const prepared = await ask(LINK)
  const id = /"id":"([0-9a-f-]{36})"/.exec(prepared.body)?.[1]
  expect(id, JSON.stringify(claims)).toBeDefined()
  return [
    prepared,
    await ask(`/view-notebook/cog_preview/${id}`),
    await ask('/', { accept: 'text/html' }),
    await ask('/'),
    await ask('/processes'),
    await ask('/processes', { accept: 'text/html' }),
    await ask('/processes/cog_preview?f=html'),
    await ask('/api'),
    await ask('/nowhere'),
  ]
}

describe.each([
  ['no proxy is trusted', {}],
  ['the one who asks is a trusted proxy', { TRUSTED_PROXIES: '127.0.0.1' }],
  [
    'proxies are trusted, and the service has a public address',
    { TRUSTED_PROXIES: '127.0.0.0/8,::1', PUBLIC_URL: 'https://runner.example/nb' },
  ],
])('where %s', (_, env: Record<string, string>) => {
  it('no link and no redirect is made of what a request says of its host', async () => {
    await using folder = await temporaryDataDir()
    await using runner = await startRunner({
      DATA_DIR: folder.path,
      IDENTITY: 'oidc',
      OIDC_ISSUER: issuer.url,
      OIDC_AUDIENCE: 'eodhp',
      KERNELS: 'none',
      VIEW_URL: `${LAB}/lab/tree/{path}`,
      ...env,
    })
    const at = env['PUBLIC_URL'] === undefined ? runner : { ...runner, url: await listening(runner) }
    for (const claims of CLAIMS) {
      for (const { status, headers, body } of await answersOf(at, claims)) {
        const told = JSON.stringify([...headers]) + body
        expect(status).toBeLessThan(500)
        expect(told, JSON.stringify(claims)).not.toContain(EVIL)
        expect(told, JSON.stringify(claims)).not.toContain('javascript')
      }
    }
  })
})

/** Where it really is: `url` is what it is called. */
async function listening(runner: TestRunner): Promise<string> {
  const [, address] = /Server listening at (http:\/\/127\.0\.0\.1:\d+)/.exec(runner.log()) ?? []
  if (address === undefined) throw new Error('The service does not say where it listens')
  return address
}
