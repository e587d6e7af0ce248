import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkHubSignIn } from '../../src/doctor/hub-sign-in.ts'
import { callerOfHub } from '../../src/identity/hub-person.ts'
import { freePorts } from '../support/free-ports.ts'
import { HUB_VERSIONS, startHub, type TestHub } from '../support/hub.ts'
import { temporaryDataDir } from '../support/postgres.ts'
import { startRunner, type TestRunner } from '../support/runner.ts'
import { Visitor } from '../support/visitor.ts'

const PATIENCE = { timeout: 60_000, interval: 500 }
const SERVICE = 'access:services!service=notebook-runner'

describe.each(HUB_VERSIONS)('sign-in through JupyterHub %i', { timeout: 120_000 }, (version) => {
  let folder: Awaited<ReturnType<typeof temporaryDataDir>>
  let hub: TestHub
  let runner: TestRunner
  beforeAll(async () => {
    folder = await temporaryDataDir()
    const [port = 0] = await freePorts(1)
    hub = await startHub(version, { redirectUri: `http://127.0.0.1:${port}/auth/callback` })
    await hub.addUsers('alice', 'bob')
    for (const [group, user] of [
      ['team-coast', 'alice'],
      ['team-own-alice', 'bob'],
      ['others', 'bob'],
    ] as const) {
      expect((await hub.admin('POST', `/groups/${group}`)).status).toBe(201)
      expect((await hub.admin('POST', `/groups/${group}/users`, { users: [user] })).status).toBe(200)
    }
    runner = await startRunner({
      DATA_DIR: folder.path,
      PORT: String(port),
      IDENTITY: 'hub',
      JUPYTERHUB_API_URL: hub.apiUrl,
      JUPYTERHUB_API_TOKEN: hub.token,
      JUPYTERHUB_WORKSPACES: 'own-{user},group:team-{workspace}',
      SESSION_SECRET: hub.password.repeat(2),
      ROLE_CLAIM: 'groups',
      ROLES: 'runner=team-{workspace}',
      KERNELS: 'none',
      VIEW_URL: 'https://lab.example/{user}/{path}',
    })
  })
  afterAll(async () => {
    await runner?.[Symbol.asyncDispose]()
    await hub?.[Symbol.asyncDispose]()
    await folder?.[Symbol.asyncDispose]()
  })

  /** At the hub's own login page, and back. */
  async function signIn(visitor: Visitor, link: string, username: string) {
    const login = await visitor.open(link)
    const [, token = ''] = /name="_xsrf"\s+value="([^"]+)"/.exec(login.text) ?? []
    const page = await visitor.open(login.url, {
      method: 'POST',
      headers: {
        accept: 'text/html',
        'sec-fetch-mode': 'navigate',
        'sec-fetch-dest': 'document',
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: new URLSearchParams({ username, password: hub.password, _xsrf: token }).toString(),
    })
    return { ...page, way: [...login.way, ...page.way] }
  }

  const json = { accept: 'application/json' }
  const me = async (visitor: Visitor) => visitor.send(`${runner.url}/me`, { headers: json })
  const asProgram = (token: string, scheme = 'Bearer') =>
    runner.fetch('/me', { headers: { ...json, authorization: `${scheme} ${token}` } })

  async function tokenOf(user: string, scopes?: readonly string[]) {
    const answer = await hub.admin('POST', `/users/${user}/tokens`, {
      note: 'test',
      ...(scopes && { scopes }),
    })
    return Value.Parse(Type.Object({ token: Type.String(), id: Type.String() }), await answer.json())
  }

  it('comes back to the very link, with groups as workspaces and the role of each', async () => {
    const link = `${runner.url}/processes/cog_preview?cog_url=a%20b&x=%C3%A9`
    const visitor = new Visitor()
    const page = await signIn(visitor, link, 'alice')
    expect(page).toMatchObject({ url: link, status: 200 })
    const asked = new URL(page.way[1] ?? '')
    expect(`${asked.origin}${asked.pathname}`).toBe(`${hub.url}/hub/api/oauth2/authorize`)
    expect(Object.fromEntries(asked.searchParams)).toEqual({
      client_id: 'service-notebook-runner',
      response_type: 'code',
      redirect_uri: `${runner.url}/auth/callback`,
      state: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
    })
    const { status, text } = await me(visitor)
    expect(status).toBe(200)
    expect(JSON.parse(text)).toMatchObject({ user: 'alice' })
    expect(text).toContain('"own-alice"')
    expect(text).toContain('"coast"')
    // Nobody comes into another's workspace by the name of a group, nor in at all by one that is not for it.
    const bob = new Visitor()
    await signIn(bob, link, 'bob')
    const his = (await me(bob)).text
    expect(his).toContain('"own-bob"')
    expect(his).not.toMatch(/alice|coast|others/)
  })

  it('a callback in another browser, or used twice, signs nobody in', async () => {
    const visitor = new Visitor()
    const { way } = await signIn(visitor, `${runner.url}/processes`, 'alice')
    const callback = way.find((one) => one.includes('/auth/callback')) ?? ''
    expect((await visitor.send(callback)).status).toBe(400)
    const other = new Visitor()
    expect((await other.send(callback)).status).toBe(400)
    expect((await me(other)).status).toBe(401)
  })

  it('takes tokens of people that are for it, until they are taken back', async () => {
    const { token, id } = await tokenOf('alice', [SERVICE])
    expect((await asProgram(token)).status).toBe(200)
    const answer = await asProgram(token, 'token')
    expect(answer.status).toBe(200)
    expect(await answer.text()).toContain('"coast"')
    const server = await tokenOf('alice', ['access:servers!user=alice'])
    for (const other of [server.token, hub.token, 'x', token.toUpperCase(), 'x'.repeat(600)]) {
      const refused = await asProgram(other)
      expect([refused.status, refused.headers.get('content-type')]).toEqual([
        401,
        expect.stringContaining('application/problem+json'),
      ])
      expect(await refused.text()).not.toContain(other.length > 1 ? other : hub.token)
    }
    expect(await (await asProgram(server.token)).text()).toContain(SERVICE)
    expect((await hub.admin('DELETE', `/users/alice/tokens/${id}`)).status).toBe(204)
    await expect.poll(async () => (await asProgram(token)).status, PATIENCE).toBe(401)
  })

  it('signs out here and at the hub, and a sign-out at the hub ends the session here', async () => {
    const visitor = new Visitor()
    await signIn(visitor, `${runner.url}/processes`, 'alice')
    const out = await visitor.send(`${runner.url}/auth/logout`, {
      method: 'POST',
      headers: { origin: runner.url, 'content-type': 'application/x-www-form-urlencoded' },
      body: '',
    })
    expect([out.status, out.headers.get('location')]).toEqual([303, `${hub.url}/hub/logout`])
    expect((await me(visitor)).status).toBe(401)

    const other = new Visitor()
    await signIn(other, `${runner.url}/processes`, 'bob')
    expect((await me(other)).status).toBe(200)
    await other.open(`${hub.url}/hub/logout`)
    await expect.poll(async () => (await me(other)).status, PATIENCE).toBe(401)
  })

  it('doctor finds a service that is not registered, and a token without the scope', async () => {
    const settings = {
      kind: 'hub',
      apiUrl: hub.apiUrl,
      url: hub.url,
      token: hub.token,
      service: 'notebook-runner',
      workspaces: { own: 'own-{user}', groups: [] },
      roles: undefined,
      secrets: ['x'],
    } as const
    const callback = `${runner.url}/auth/callback`
    const good = await tokenOf('alice', [SERVICE])
    expect(await checkHubSignIn(settings, callback, good.token)).toEqual([
      { check: 'sign-in through the hub', result: 'ok', what: expect.stringContaining(callback) },
      { check: 'token', result: 'ok', what: 'It is of alice, in own-alice.' },
    ])
    const bare = await tokenOf('alice', ['access:servers!user=alice'])
    const away = `${new URL(runner.url).origin}/nothing/hub/api`
    for (const [change, token, ...codes] of [
      [{ token: 'another' }, undefined, 'hub-service'],
      [{ service: 'admin' }, undefined, 'hub-service'],
      [{}, bare.token, undefined, 'token-refused'],
      [{ apiUrl: away }, undefined, 'hub-service'],
    ] as const) {
      const found = await checkHubSignIn({ ...settings, ...change }, callback, token)
      expect(found.map((one) => ('code' in one ? one.code : undefined)).slice(0, codes.length)).toEqual(codes)
    }
  })

  it('says that it cannot know while the hub is down, and goes on after that', async () => {
    const { token } = await tokenOf('bob', [SERVICE])
    await hub.stopHub()
    expect((await asProgram(token)).status).toBe(503)
    await hub.startHub()
    await expect.poll(async () => (await asProgram(token)).status, PATIENCE).toBe(200)
  })
})

it('a name gives a person nobody else’s workspace, and in their own they are the manager', () => {
  const roles = { claim: ['groups'], values: [{ role: 'runner' as const, value: 'lab-{workspace}' }] }
  const rules = {
    issuer: 'https://hub.example/hub',
    workspaces: { own: 'own-{user}', groups: ['lab-{workspace}'] },
  }
  const groups = ['lab-coast', 'lab-own-bob', 'lab-', 'coast2', 'lab-Not Allowed', 'lab-../x']
  const caller = callerOfHub('alice', groups, { ...rules, roles })
  expect(caller).toMatchObject({ issuer: rules.issuer, subject: 'alice', user: 'alice' })
  expect(caller.workspaces).toEqual(['own-alice', 'coast'])
  expect(caller.roles).toEqual(
    new Map([
      ['own-alice', 'manager'],
      ['coast', 'runner'],
    ]),
  )
  expect(callerOfHub('a@b.example', [], rules).workspaces).toEqual([])
  expect(
    callerOfHub('alice', ['lab-coast'], {
      ...rules,
      workspaces: { own: undefined, groups: ['lab-{workspace}'] },
    }).workspaces,
  ).toEqual(['coast'])
})
