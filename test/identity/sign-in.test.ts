import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { problemOf } from '../support/answers.ts'
import { type SignInRunner, startSignInRunner } from '../support/sign-in-runner.ts'
import { Visitor } from '../support/visitor.ts'

const PROGRAM = { accept: 'application/json' }
const LINK = '/run/notebook/cog_preview?cog_url=https://example.org/scene.tif&_workspace=shared-ws'

let service: SignInRunner
let url: string

beforeAll(async () => {
  service = await startSignInRunner()
  url = service.runner.url
})
afterAll(() => service?.[Symbol.asyncDispose]())
beforeEach(() => {
  service.provider.lifetime = 300
  service.provider.down = false
})

const renewals = () => service.provider.grants.filter(({ type }) => type === 'refresh_token').length

async function signedIn(name = 'alice'): Promise<Visitor> {
  const visitor = new Visitor()
  expect((await visitor.signIn(`${url}/processes`, name)).status).toBe(200)
  return visitor
}

/** As a script of a page does. */
const statusOf = async (visitor: Visitor, path = '/jobs') =>
  (await visitor.send(`${url}${path}`, { headers: PROGRAM })).status

describe('a link that is opened without a session', () => {
  it('is followed after the sign-in, with two redirects of ours', async () => {
    const visitor = new Visitor()
    const page = await visitor.signIn(`${url}${LINK}`, 'alice')
    expect(page.way.filter((one) => one === `${url}${LINK}`)).toHaveLength(2)
    // To the issuer, and from the callback: what follows is what the link does for everybody.
    const ours = page.way.slice(0, page.way.lastIndexOf(`${url}${LINK}`)).filter((one) => one.startsWith(url))
    expect(ours).toHaveLength(2)
    expect(page.way.at(-1)).toMatch(/^https:\/\/lab\.example\/alice\//)
    const jobs = await visitor.send(`${url}/jobs`, { headers: PROGRAM })
    expect(JSON.parse(jobs.text).jobs).toMatchObject([{ processID: 'cog_preview', status: 'successful' }])
  })

  it('asks the issuer by a code, PKCE, a state and a nonce of its own', async () => {
    const asked = await Promise.all(
      ['', ''].map(async () => new URL((await new Visitor().open(`${url}/jobs`)).way[1] ?? '').searchParams),
    )
    for (const query of asked) {
      expect(query.get('response_type')).toBe('code')
      expect(query.get('code_challenge_method')).toBe('S256')
      expect(query.get('redirect_uri')).toBe(`${url}/auth/callback`)
    }
    for (const name of ['state', 'nonce', 'code_challenge']) {
      const [one, other] = asked.map((query) => query.get(name))
      expect(one?.length).toBeGreaterThanOrEqual(43)
      expect(one).not.toBe(other)
    }
  })

  it('keeps every parameter as it was written, whatever its length', async () => {
    const long = Array.from({ length: 2500 }, (_, index) => `a${index}%2Fb%20%C3%A9+`).join(',')
    const link = `${url}/processes/cog_preview?b=1&a=2&b=&cog_url=${long}&_each=a`
    expect(link.length).toBeGreaterThan(40_000)
    const page = await new Visitor().signIn(link, 'alice')
    expect(page.status).toBe(200)
    expect(page.way.at(-1)).toBe(link)
  })

  it('is one of several, each of which comes to its own end', async () => {
    const visitor = new Visitor()
    const links = ['a', 'b', 'c'].map((name) => `${url}/processes/cog_preview?cog_url=${name}`)
    const tabs = await Promise.all(links.map((link) => visitor.open(link)))
    for (const [index, tab] of [...tabs.entries()].reverse()) {
      const done = await visitor.answerForms(tab, 'alice')
      expect([done.status, done.way.at(-1)]).toEqual([200, links[index]])
    }
    expect(await statusOf(visitor)).toBe(200)
  })

  it.each([
    ['a script', { ...PROGRAM }],
    [
      'a script that asks for a page',
      { accept: 'text/html', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' },
    ],
    ['a frame', { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' }],
    ['a prefetch', { accept: 'text/html', 'sec-purpose': 'prefetch' }],
  ])('is a problem for %s, which says where to sign in', async (_name, headers) => {
    const visitor = new Visitor()
    const page = await visitor.send(`${url}/jobs`, { headers })
    expect(page.status).toBe(401)
    expect(page.text).toContain(`${url}/auth/login`)
    expect(visitor.set).toEqual([])
  })

  it('is no way to an issuer that is gone: a page says so, and leads there again once it is back', {
    timeout: 120_000,
  }, async () => {
    expect((await new Visitor().signIn(`${url}/jobs`, 'alice')).status).toBe(200)
    service.provider.down = true
    // That it is there is known for some seconds.
    const patience = { timeout: 60_000, interval: 500 }
    const seen = async () => {
      const { status, way, text } = await new Visitor().open(`${url}/jobs`)
      return { status, end: way.at(-1), says: text.includes('the sign-in service does not answer') }
    }
    await expect.poll(seen, patience).toEqual({ status: 503, end: `${url}/jobs`, says: true })
    service.provider.down = false
    await expect
      .poll(async () => (await new Visitor().signIn(`${url}/jobs`, 'alice')).status, patience)
      .toBe(200)
  })

  it('is a problem that a program can read', async () => {
    const response = await service.runner.fetch('/jobs', { headers: PROGRAM })
    expect(await problemOf(response)).toMatchObject({
      type: 'urn:notebook-runner:problem:not-signed-in',
      detail: 'You are not signed in. Sign in (a program sends an access token as Authorization: Bearer).',
      signIn: `${url}/auth/login`,
    })
  })
})

describe('a session', () => {
  it('sees what its token allows, at each token anew', async () => {
    const visitor = await signedIn('bob')
    const link = `${url}/run/notebook/cog_preview?cog_url=https://example.org/scene.tif&_workspace=alice-ws`
    expect((await visitor.open(link)).status).toBe(404)
    service.provider.people.set('bob', { workspaces: ['bob-ws', 'alice-ws'] })
    expect((await visitor.open(link)).status).toBe(404)
    expect((await visitor.signIn(`${url}/auth/login`, 'bob')).status).toBe(200)
    expect((await visitor.open(link)).way.at(-1)).toMatch(/^https:\/\/lab\.example/)
    service.provider.people.set('bob', { workspaces: ['bob-ws'] })
  })

  it('of a token for one workspace sees that one only', async () => {
    service.provider.people.set('carol', { workspace: 'shared-ws', workspaces: ['alice-ws', 'shared-ws'] })
    const visitor = await signedIn('carol')
    expect((await visitor.open(`${url}${LINK}`)).way.at(-1)).toMatch(/^https:\/\/lab\.example/)
    expect((await visitor.open(`${url}${LINK.replace('shared-ws', 'alice-ws')}`)).status).toBe(404)
  })

  it('renews its tokens once, however many requests and servers need them', async () => {
    service.provider.lifetime = 1
    const visitor = await signedIn()
    await using second = await service.another()
    service.provider.lifetime = 300
    const before = renewals()
    await new Promise((done) => setTimeout(done, 1100))
    const cookie = visitor.cookieFor(url)
    // Cookies of http are named by port: the other server gets it under its own.
    const other = cookie.replaceAll(new URL(url).port, new URL(second.url).port)
    const answers = await Promise.all(
      Array.from({ length: 24 }, (_, index) =>
        index % 2 === 0
          ? service.runner.fetch('/jobs', { headers: { ...PROGRAM, cookie } })
          : second.fetch('/jobs', { headers: { ...PROGRAM, cookie: other } }),
      ),
    )
    expect(answers.map(({ status }) => status)).toEqual(Array(24).fill(200))
    expect(renewals() - before).toBe(1)
    expect(service.provider.grants.filter(({ ok }) => !ok)).toEqual([])
  })

  it('ends where the issuer renews nothing, and the page leads to the sign-in', async () => {
    service.provider.lifetime = 1
    const visitor = await signedIn()
    await service.provider.forget()
    await new Promise((done) => setTimeout(done, 1100))
    const problem = await visitor.send(`${url}/jobs`, { headers: PROGRAM })
    expect(problem.status).toBe(401)
    expect(problem.text).toContain('Your session has ended')
    expect((await visitor.open(`${url}/jobs`)).way[1]).toMatch(`${service.provider.url}/auth?`)
  })

  it('goes on while the issuer is down, and waits for it once its tokens are over', async () => {
    service.provider.lifetime = 2
    const visitor = await signedIn()
    service.provider.down = true
    expect(await statusOf(visitor)).toBe(200)
    const stranger = await new Visitor().send(`${url}/jobs`)
    // What is known of the issuer goes on being known.
    expect(stranger.status).toBe(303)
    await new Promise((done) => setTimeout(done, 2100))
    const waiting = await visitor.send(`${url}/jobs`, { headers: PROGRAM })
    expect([waiting.status, JSON.parse(waiting.text).type]).toEqual([
      503,
      'urn:notebook-runner:problem:identity-unavailable',
    ])
    service.provider.down = false
    expect(await statusOf(visitor)).toBe(200)
  })
})

describe('signing out', () => {
  const sameOrigin = {
    accept: 'text/html',
    'sec-fetch-site': 'same-origin',
    'content-type': 'application/x-www-form-urlencoded',
  }

  it('ends the session here and at the issuer', async () => {
    const visitor = await signedIn()
    const cookies = [...visitor.cookies]
    expect((await visitor.send(`${url}/auth/logout`)).text).toContain('Sign out?')
    expect(await statusOf(visitor)).toBe(200)
    const left = await visitor.send(`${url}/auth/logout`, { method: 'POST', headers: sameOrigin, body: '' })
    expect(left.status).toBe(303)
    const end = new URL(left.headers.get('location') ?? '')
    expect(`${end.origin}${end.pathname}`).toBe(`${service.provider.url}/session/end`)
    expect(end.searchParams.get('post_logout_redirect_uri')).toBe(`${url}/auth/logout`)
    expect(end.searchParams.get('id_token_hint')).toMatch(/^eyJ/)
    // The cookie is no good any more, whoever kept it.
    for (const [name, value] of cookies) visitor.cookies.set(name, value)
    expect(await statusOf(visitor)).toBe(401)
  })

  it('is asked for by a page of ours only', async () => {
    const visitor = await signedIn()
    for (const headers of [
      { ...sameOrigin, 'sec-fetch-site': 'cross-site' },
      { origin: 'https://evil.example' },
      {},
    ])
      expect((await visitor.send(`${url}/auth/logout`, { method: 'POST', headers, body: '' })).status).toBe(
        403,
      )
    expect(await statusOf(visitor)).toBe(200)
  })

  it('at the issuer ends the session here, and no other one', async () => {
    const [visitor, elsewhere] = [await signedIn(), await signedIn()]
    const end = await visitor.open(`${service.provider.url}/session/end`)
    const [, action = ''] = /action="([^"]+)"/.exec(end.text) ?? []
    const [, xsrf = ''] = /name="xsrf" value="([^"]+)"/.exec(end.text) ?? []
    const body = `xsrf=${xsrf}&logout=yes`
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    await visitor.send(new URL(action, end.url).href, { method: 'POST', headers, body })
    expect(await statusOf(visitor)).toBe(401)
    expect(await statusOf(elsewhere)).toBe(200)
  })
})

describe('the secret of sessions', () => {
  it('is changed without ending them, as long as the old one is named too', async () => {
    const visitor = await signedIn()
    const fresh = 'x'.repeat(32)
    const status = async (SESSION_SECRET: string) => {
      await using other = await service.another({ SESSION_SECRET })
      const cookie = visitor.cookieFor(url)
      const headers = { ...PROGRAM, cookie: cookie.replaceAll(new URL(url).port, new URL(other.url).port) }
      return (await other.fetch('/jobs', { headers })).status
    }
    expect(await status(`${fresh},${service.secret}`)).toBe(200)
    expect(await status(fresh)).toBe(401)
  })
})
