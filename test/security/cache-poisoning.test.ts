import { afterAll, beforeAll, expect, it } from 'vitest'
import { ACCESS } from '../../src/http/access.ts'
import { type OidcRunner, startOidcRunner } from './oidc-runner.ts'

const PAGES = Object.entries(ACCESS)
  .filter(
    ([route, access]) => route.startsWith('GET /') && access !== 'everybody' && !/[:*]/.test(route.slice(5)),
  )
  .map(([route]) => route.slice(4))
/** What caches leave out of their keys, and services have been seen to write into answers. */
const UNKEYED = [
  'x-forwarded-host',
  'x-forwarded-scheme',
  'x-forwarded-proto',
  'x-forwarded-port',
  'x-forwarded-prefix',
  'x-forwarded-server',
  'x-original-url',
  'x-rewrite-url',
  'x-original-host',
  'x-host',
  'x-http-method-override',
  'forwarded',
  'via',
  'referer',
  'user-agent',
  'true-client-ip',
  'x-wap-profile',
]
const CANARY = 'canary-7f3b.example'

let oidc: OidcRunner
let token: string

beforeAll(async () => {
  oidc = await startOidcRunner({ TRUSTED_PROXIES: '127.0.0.1' })
  token = await oidc.issuer.mint()
})
afterAll(() => oidc?.[Symbol.asyncDispose]())

const as = (path: string, headers: Record<string, string> = {}) =>
  oidc.runner.fetch(path, { headers: { authorization: `Bearer ${token}`, ...headers } })

it.each(PAGES)(
  '%s is kept by no cache, and has no word of a header that is not part of a key',
  async (page) => {
    for (const accept of ['application/json', 'text/html'])
      for (const name of UNKEYED) {
        const answer = await as(page, { accept, [name]: name === 'forwarded' ? `host=${CANARY}` : CANARY })
        expect([name, await answer.text()]).toEqual([name, expect.not.stringContaining(CANARY)])
        expect([name, JSON.stringify([...answer.headers])]).toEqual([
          name,
          expect.not.stringContaining(CANARY),
        ])
        expect(answer.headers.get('cache-control')).toMatch(/no-store/)
        expect(answer.headers.get('vary')).toMatch(/Authorization/)
      }
  },
)

it.each(PAGES)('%s is not taken for a file by what is added to its address', async (page) => {
  for (const end of [
    '/x.css',
    '/x.js',
    '/logo.png',
    '.css',
    ';x.css',
    '%2fx.css',
    '%00.css',
    '?x.css',
    '/..%2fassets/style.css',
  ]) {
    const answer = await as(`${page}${end}`, { accept: 'text/html' })
    expect([end, answer.headers.get('cache-control') ?? 'none']).toEqual([
      end,
      expect.not.stringMatching(/public|max-age=[1-9]/),
    ])
  }
})

it('errors are kept by no cache, or everybody would get them', async () => {
  for (const path of [
    '/processes/none',
    '/jobs?limit=x',
    '/run/notebook/none',
    '/nothing',
    '/jobs/no-run',
    '/%ff',
  ]) {
    const answer = await as(path)
    expect([path, answer.status >= 400]).toEqual([path, true])
    expect([path, answer.headers.get('cache-control')]).toEqual([path, expect.stringContaining('no-store')])
  }
})
