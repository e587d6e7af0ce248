import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { returnTarget } from '../../src/http/return-target.ts'
import { type SignInRunner, startSignInRunner } from '../support/sign-in-runner.ts'
import { leadingAway } from './payloads.ts'

const HOME = 'https://runner.example/notebook-runner'
let service: SignInRunner

beforeAll(async () => {
  service = await startSignInRunner()
})
afterAll(() => service?.[Symbol.asyncDispose]())

/** In front of, behind and inside of a page that may be asked for. */
const PLACES: ReadonlyArray<(text: string) => string> = [
  (text) => text,
  (text) => `/${text}`,
  (text) => `/processes${text}`,
  (text) => `/processes/${text}`,
  (text) => `/processes/..${text}`,
  (text) => `/jobs/x/..//${text}`,
  (text) => `/auth/${text}`,
]
const decoded = (text: string) => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
/** As it is after the decoding of the query; what was encoded twice is encoded still. */
const PAYLOADS = [
  ...new Set(
    leadingAway.flatMap((text) => [text, decoded(text)].flatMap((one) => PLACES.map((place) => place(one)))),
  ),
]

it('has hundreds of payloads', () => {
  expect(PAYLOADS.length).toBeGreaterThan(1000)
})

it('leads nowhere but to pages of the service, whatever is asked for', () => {
  const led: string[] = []
  for (const payload of PAYLOADS) {
    let target: string
    try {
      target = returnTarget(payload)
    } catch {
      continue
    }
    led.push(target)
    // As a browser reads it, and as one does that takes backslashes for slashes or decodes once too often.
    for (const read of [target, decoded(target), target.replaceAll('\\', '/')]) {
      const url = new URL(`${HOME}${read}`)
      expect([payload, url.origin]).toEqual([payload, 'https://runner.example'])
      expect([payload, url.pathname]).toEqual([
        payload,
        expect.stringMatching(
          /^\/notebook-runner\/(processes|jobs|run|batches|view-notebook|auth\/signed-in|$)/,
        ),
      ])
    }
  }
  // Only what is harmless text in a query or a name.
  for (const target of led)
    expect(target.split('?', 1)[0]).not.toMatch(/\/\/|\\|@|%2f|%5c|(^|\/)\.\.?(\/|$)/i)
})

it.each([
  ['/', '/'],
  ['/processes', '/processes'],
  [
    '/processes/ndvi?cog_url=https://data.example/a%20b.tif&bbox=1,2',
    '/processes/ndvi?cog_url=https://data.example/a%20b.tif&bbox=1,2',
  ],
  ['/run/notebook/ndvi?x=%2F%2Fevil.example', '/run/notebook/ndvi?x=%2F%2Fevil.example'],
  ['/jobs?cursor=a%3D', '/jobs?cursor=a%3D'],
  ['/processes/NDVI%20%C3%A9', '/processes/NDVI%20%C3%A9'],
])('leads to %s', (text, target) => {
  expect(returnTarget(text)).toBe(target)
})

it.each([
  '/auth/logout',
  '/auth/login',
  '/auth/callback?code=x',
  '/metrics',
  '/assets/style.css',
  '/processesx',
  'processes',
  '?x',
  '',
])('does not lead to %j', (text) => {
  expect(() => returnTarget(text)).toThrow('return must be the path of a page')
})

it('is what the sign-in asks: a refused target begins none', async () => {
  const sample = PAYLOADS.filter((_, index) => index % 9 === 0)
  for (const payload of sample) {
    const response = await service.runner.fetch(`/auth/login?return=${encodeURIComponent(payload)}`)
    const location = response.headers.get('location')
    if (response.status === 303) expect(location).toMatch(new RegExp(`^${service.provider.url}/auth\\?`))
    else {
      expect([payload, response.status, location]).toEqual([payload, 400, null])
      expect(response.headers.get('set-cookie')).toBeNull()
    }
  }
})

it('sends nobody elsewhere by another parameter', async () => {
  const away = `https://evil.example/${randomBytes(4).toString('hex')}`
  for (const name of [
    'next',
    'rd',
    'redirect',
    'redirect_uri',
    'returnTo',
    'url',
    'state',
    'post_logout_redirect_uri',
  ])
    for (const path of ['/auth/login', '/auth/logout', '/auth/signed-in', '/auth/callback', '/']) {
      const response = await service.runner.fetch(`${path}?${name}=${encodeURIComponent(away)}`)
      expect(response.headers.get('location') ?? '').not.toContain('evil.example')
      expect(await response.text()).not.toContain(away)
    }
})
