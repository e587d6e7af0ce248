import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type SignInRunner, startSignInRunner } from '../support/sign-in-runner.ts'
import { Visitor } from '../support/visitor.ts'

const HTTPS = 'https://runner.example'
const PROGRAM = { accept: 'application/json' }

let service: SignInRunner
let url: string

beforeAll(async () => {
  service = await startSignInRunner({}, [HTTPS])
  url = service.runner.url
})
afterAll(() => service?.[Symbol.asyncDispose]())

const problemOf = (text: string) => /urn:notebook-runner:problem:([a-z-]+)/.exec(text)?.[1]
const isSignedIn = async (visitor: Visitor) =>
  (await visitor.send(`${url}/jobs`, { headers: PROGRAM })).status === 200

/** A sign-in up to the callback, which is not sent. */
async function callbackOf(visitor: Visitor, name = 'alice'): Promise<URL> {
  const stop = (next: string) => next.startsWith(`${url}/auth/callback`)
  const page = await visitor.open(`${url}/jobs`, {}, stop)
  const done = await visitor.answerForms(page, name, stop)
  return new URL(done.way.at(-1) ?? '')
}

async function refused(visitor: Visitor, address: URL | string): Promise<void> {
  const before = visitor.set.length
  const { status, text, headers } = await visitor.send(String(address))
  expect([status, problemOf(text)]).toEqual([400, 'sign-in-failed'])
  expect(headers.get('location')).toBeNull()
  // Nothing but what takes a cookie away.
  for (const line of visitor.set.slice(before)) expect(line).toMatch(/Max-Age=0/)
  expect(await isSignedIn(visitor)).toBe(false)
}

describe('the callback', () => {
  it('is good for once', async () => {
    const visitor = new Visitor()
    const callback = await callbackOf(visitor)
    expect((await visitor.open(callback.href)).status).toBe(200)
    const other = new Visitor()
    for (const cookie of visitor.cookies) other.cookies.set(...cookie)
    const again = await visitor.send(callback.href)
    expect([again.status, problemOf(again.text)]).toEqual([400, 'sign-in-failed'])
    expect(await isSignedIn(visitor)).toBe(true)
  })

  it('is good in the browser that began it only, and is still good there after another one tried', async () => {
    const [visitor, victim] = [new Visitor(), new Visitor()]
    const callback = await callbackOf(visitor)
    await refused(victim, callback)
    // Who has a sign-in of their own under way is no better off.
    await victim.open(`${url}/jobs`)
    await refused(victim, callback)
    expect((await visitor.open(callback.href)).status).toBe(200)
  })

  it.each(['state', 'code', 'iss'])('is refused without its %s, and with another one', async (name) => {
    for (const value of [
      undefined,
      '',
      'x',
      randomBytes(32).toString('base64url'),
      'https://evil.example',
      '../..',
    ]) {
      const visitor = new Visitor()
      const callback = await callbackOf(visitor)
      if (value === undefined) callback.searchParams.delete(name)
      else callback.searchParams.set(name, value)
      await refused(visitor, callback)
    }
  })

  it('is refused with a parameter that is there twice', async () => {
    for (const name of ['state', 'code', 'iss']) {
      const visitor = new Visitor()
      const callback = await callbackOf(visitor)
      callback.searchParams.append(name, callback.searchParams.get(name) ?? '')
      await refused(visitor, callback)
    }
  })

  it('takes no code of another sign-in: it fits neither the nonce nor PKCE', async () => {
    const visitor = new Visitor()
    const [one, other] = [await callbackOf(visitor), await callbackOf(visitor, 'alice')]
    one.searchParams.set('code', other.searchParams.get('code') ?? '')
    await refused(visitor, one)
  })

  it('says why the issuer refused, and repeats no words of a stranger', async () => {
    const said: string[] = []
    for (const error of ['access_denied', '<script>alert(1)</script>', 'x'.repeat(5000)]) {
      const visitor = new Visitor()
      const callback = await callbackOf(visitor)
      callback.searchParams.delete('code')
      callback.searchParams.set('error', error)
      callback.searchParams.set('error_description', 'EVIL-WORDS')
      const { status, text } = await visitor.send(callback.href)
      expect(status).toBe(400)
      said.push(text)
    }
    expect(said[0]).toContain('(access_denied)')
    for (const text of said) expect(text).not.toMatch(/EVIL-WORDS|alert\(1\)|xxxxxx/)
  })
})

describe('the session', () => {
  it('has a new cookie after each sign-in, and the one before is none any more', async () => {
    const visitor = new Visitor()
    await visitor.signIn(`${url}/jobs`, 'alice')
    const [name, before] = [...visitor.cookies].find(([key]) => /browser-\d+ /.test(key)) ?? []
    if (name === undefined || before === undefined) throw new Error('There is no session')
    await visitor.signIn(`${url}/auth/login`, 'alice')
    expect(visitor.cookies.get(name)?.value).not.toBe(before.value)
    visitor.cookies.set(name, before)
    expect(await isSignedIn(visitor)).toBe(false)
  })

  it('is not the one that somebody else has put into the browser', async () => {
    const visitor = new Visitor()
    const planted = randomBytes(32).toString('base64url')
    const name = `notebook-runner-browser-${new URL(url).port}`
    visitor.cookies.set(`${name} /`, { name, value: planted, path: '/' })
    await visitor.signIn(`${url}/jobs`, 'alice')
    expect(visitor.cookies.get(`${name} /`)?.value).not.toBe(planted)
    const other = new Visitor()
    other.cookies.set(`${name} /`, { name, value: planted, path: '/' })
    expect(await isSignedIn(other)).toBe(false)
  })

  it.each(['', 'x', '..', 'a'.repeat(43), '__proto__', "' OR 1=1 --", 'a'.repeat(200)])(
    'is not %j',
    async (value) => {
      const headers = { ...PROGRAM, cookie: `notebook-runner-browser-${new URL(url).port}=${value}` }
      expect((await service.runner.fetch('/jobs', { headers })).status).toBe(401)
    },
  )

  it('does not make a GET act, nor a page of another site', async () => {
    const visitor = new Visitor()
    await visitor.signIn(`${url}/jobs`, 'alice')
    const link = `${url}/run/notebook/cog_preview?cog_url=https://example.org/x.tif&_workspace=alice-ws`
    const act = await visitor.send(link, { headers: PROGRAM })
    expect([act.status, problemOf(act.text)]).toEqual([403, 'not-allowed'])
    const forged = await visitor.send(`${url}/processes/cog_preview/execution`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        origin: 'https://evil.example',
        'sec-fetch-site': 'cross-site',
      },
      body: '{"inputs":{}}',
    })
    expect(forged.status).toBe(403)
  })

  it('keeps no token where a reader of the log or of a page could find it', async () => {
    const visitor = new Visitor()
    const page = await visitor.signIn(`${url}/jobs`, 'alice')
    // JWTs begin so; the provider's own cookies are not ours.
    expect(service.runner.log()).not.toContain('eyJ')
    expect(page.text).not.toContain('eyJ')
    expect(service.runner.log()).not.toContain(service.provider.clientSecret)
    expect(service.runner.log()).not.toContain(service.secret)
    for (const [, { name, value }] of visitor.cookies)
      if (name.startsWith('notebook-runner')) expect(service.runner.log()).not.toContain(value)
  })
})

describe('behind https', () => {
  it('all cookies are __Host-, Secure, HttpOnly and Lax', async () => {
    await using other = await service.another({ PUBLIC_URL: HTTPS })
    const [, place = ''] = /Server listening at (http:\/\/127\.0\.0\.1:\d+)/.exec(other.log()) ?? []
    const visitor = new Visitor({ [HTTPS]: place })
    const page = await visitor.signIn(`${HTTPS}/jobs`, 'alice')
    expect([page.status, page.url]).toEqual([200, `${HTTPS}/jobs`])
    const ours = visitor.set.filter((line) => line.includes('notebook-runner'))
    expect(ours.length).toBeGreaterThanOrEqual(3)
    for (const line of ours)
      expect(line).toMatch(
        /^__Host-notebook-runner(-sign-in-[0-9a-f]{16})?=[\w-]*; Max-Age=\d+; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
      )
  })
})

describe('the token of a proxy', () => {
  const headers = ['x-forwarded-access-token', 'x-auth-request-access-token']
  const link = '/run/notebook/cog_preview?cog_url=https://example.org/x.tif&_workspace=alice-ws'

  it.each(headers)('in %s is nothing where the proxy is not trusted', async (header) => {
    const token = await service.tokenOf('alice')
    const answer = await service.runner.fetch('/jobs', { headers: { ...PROGRAM, [header]: token } })
    expect(answer.status).toBe(401)
  })

  it.each(headers)(
    'in %s is who is signed in where it is, and makes no program of a browser',
    async (header) => {
      await using other = await service.another({ TRUSTED_PROXIES: '10.0.0.0/8,127.0.0.0/8' })
      const token = await service.tokenOf('alice')
      const as = (path: string, more: Record<string, string> = {}) =>
        other.fetch(path, { headers: { ...PROGRAM, [header]: token, ...more } })
      expect((await as('/jobs')).status).toBe(200)
      expect((await as(link)).status).toBe(403)
      expect(
        (await as(link, { accept: 'image/png,*/*', 'sec-fetch-dest': 'image', 'sec-fetch-mode': 'no-cors' }))
          .status,
      ).toBe(403)
      const bad = await other.fetch('/jobs', { headers: { ...PROGRAM, [header]: `${token}x` } })
      expect(bad.status).toBe(401)
      const spoofed = await service.runner.fetch('/jobs', {
        headers: { ...PROGRAM, [header]: token, 'x-forwarded-for': '10.0.0.1' },
      })
      expect(spoofed.status).toBe(401)
    },
  )
})
