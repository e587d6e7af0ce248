import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ACCESS } from '../../src/http/access.ts'
import { batchOf, jobOf, problemOf } from '../support/answers.ts'
import { type OidcRunner, startOidcRunner } from './oidc-runner.ts'

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']
const NOBODY = '01890000-0000-7000-8000-000000000000'
const INPUTS = { cog_url: 'https://example.org/scene.tif' }

/** Tenants: nobody shares a workspace with anybody. */
const TENANTS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  alice: { sub: 'a', preferred_username: 'alice', workspaces: ['alice-ws'] },
  bob: { sub: 'b', preferred_username: 'bob', workspaces: ['bob-ws'] },
  'a namesake of alice': { sub: 'x', preferred_username: 'alice', workspaces: ['namesake-ws'] },
  'alice, who has left': { sub: 'a', preferred_username: 'alice', workspaces: [] },
  'alice, elsewhere': { sub: 'a', preferred_username: 'alice', workspaces: ['other-ws'] },
  'alice, with a token for one workspace': {
    sub: 'a',
    preferred_username: 'alice',
    workspace: 'other-ws',
    workspaces: ['alice-ws', 'other-ws'],
  },
}
const OWNERS = ['alice', 'bob', 'a namesake of alice']

/** People of one workspace. */
const MEMBERS = {
  viewer: { sub: 'v', preferred_username: 'vera', roles: ['team-ws:viewer'] },
  runner: { sub: 'r', preferred_username: 'rita', roles: ['team-ws:runner'] },
  manager: { sub: 'm', preferred_username: 'mona', roles: ['team-ws:manager'] },
  'no role': { sub: 'n', preferred_username: 'nils', roles: ['other-ws:manager'] },
} as const
type Member = keyof typeof MEMBERS
const MEMBER_NAMES: readonly Member[] = ['viewer', 'runner', 'manager', 'no role']

let oidc: OidcRunner
const tokens = new Map<string, string>()

beforeAll(async () => {
  // Runs are accepted and stay in the queue: nobody works on them.
  oidc = await startOidcRunner({
    KERNELS: 'server',
    JUPYTER_SERVER_URL: 'http://127.0.0.1:9',
    JUPYTER_SERVER_TOKEN: 'none',
    MAX_CONCURRENT_RUNS: '0',
    ROLE_CLAIM: 'roles',
    OIDC_DEVICE_CLIENT_ID: 'notebook-runner-cli',
  })
  const { mint } = oidc.issuer
  for (const [name, claims] of Object.entries(TENANTS)) {
    const roles = ['alice-ws', 'bob-ws', 'namesake-ws', 'other-ws'].map((one) => `${one}:manager`)
    tokens.set(name, await mint({ claims: { workspaces: undefined, roles, ...claims } }))
  }
  for (const name of MEMBER_NAMES)
    tokens.set(name, await mint({ claims: { ...MEMBERS[name], workspaces: ['team-ws'] } }))
})
afterAll(() => oidc?.[Symbol.asyncDispose]())

const as = (name: string, method: string, path: string, body?: unknown) =>
  oidc.runner.fetch(path, {
    method,
    headers: {
      authorization: `Bearer ${tokens.get(name)}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })

interface Owned {
  readonly run: string
  readonly prepared: string
  readonly batch: string
}

/** One of each thing that somebody can have. */
async function madeBy(name: string): Promise<Owned> {
  const post = (body: unknown) => as(name, 'POST', '/processes/cog_preview/execution', body)
  const { jobID: run } = await jobOf(await post({ inputs: INPUTS }))
  const swept = 'cog_url=https://example.org/a.tif&cog_url=https://example.org/b.tif&_each=cog_url'
  const { id: batch } = await batchOf(await post({ query: swept }))
  const link = await as(name, 'GET', '/run/notebook/cog_preview?cog_url=https://example.org/scene.tif')
  const prepared = /[0-9a-f-]{36}/.exec(link.headers.get('location') ?? '')?.[0] ?? ''
  expect(prepared).not.toBe('')
  return { run, prepared, batch }
}

const ROUTES = Object.entries(ACCESS).map(([key, access]) => {
  const [method = '', url = ''] = key.split(' ')
  return { key, method, url, access }
})
const OF_A_THING = ROUTES.filter(({ url }) => /^\/(jobs|batches|view-notebook)\//.test(url))

/** The address of a route about a thing. A parameter that this does not know makes the test fail. */
function addressOf(url: string, { run, prepared, batch }: Owned): string {
  // The events of a run that goes have no end.
  const id = url.startsWith('/batches/') ? batch : url.endsWith('/events') ? prepared : run
  const address = url
    .replace(':outputId', prepared)
    .replace(
      ':id',
      url.startsWith('/view-notebook/') || /^\/(processes|run)\//.test(url) ? 'cog_preview' : id,
    )
    .replace(':cell', '0')
    .replace('*', 'out/table.csv')
  if (/[:*]/.test(address)) throw new Error(`Say here what stands for the parameter in ${url}`)
  return address
}

async function standing(name: string, { run, prepared, batch }: Owned): Promise<unknown> {
  const paths = [`/jobs/${run}`, `/jobs/${prepared}`, `/batches/${batch}`, '/jobs']
  return Promise.all(paths.map(async (path) => (await as(name, 'GET', path)).text()))
}

it('knows the routes that there are: each answers, and says who may ask', async () => {
  expect(OF_A_THING.length).toBeGreaterThan(10)
  for (const { url, method, access } of ROUTES.filter(({ url: one }) => !one.startsWith('/auth/'))) {
    const address = addressOf(url, { run: NOBODY, prepared: NOBODY, batch: NOBODY })
    const answer = await oidc.runner.fetch(address, { method })
    const text = await answer.text()
    if (url !== '/assets/*' && url !== '/examples/data/*')
      expect([url, text]).toEqual([url, expect.not.stringContaining('There is nothing at this address')])
    if (access !== 'everybody') expect([method, url, answer.status]).toEqual([method, url, 401])
  }
})

describe.each(OWNERS)('what is of %s', (owner) => {
  let owned: Owned
  beforeAll(async () => {
    owned = await madeBy(owner)
  })

  it.each(Object.keys(TENANTS).filter((other) => other !== owner))(
    'is not there for %s, on any route, by any method',
    async (other) => {
      const before = await standing(owner, owned)
      const nobody = { run: NOBODY, prepared: NOBODY, batch: NOBODY }
      for (const url of new Set(OF_A_THING.map((route) => route.url)))
        for (const method of METHODS) {
          const answer = await as(other, method, addressOf(url, owned))
          expect([url, method, answer.status]).toEqual([url, method, 404])
          expect(answer.headers.get('location')).toBeNull()
          const text = await answer.text()
          for (const id of Object.values(owned)) expect(text).not.toContain(id)
          const nothing = await as(other, method, addressOf(url, nobody))
          const told = (said: string) => said.replaceAll(/[0-9a-f-]{36}/g, 'ID')
          expect([url, method, told(text)]).toEqual([url, method, told(await nothing.text())])
        }
      for (const query of ['', '?limit=1000', `?batch=${owned.batch}`, '?owner=alice', '?f=html']) {
        const text = await (await as(other, 'GET', `/jobs${query}`)).text()
        for (const id of [owned.run, owned.prepared]) expect(text).not.toContain(id)
      }
      expect(await standing(owner, owned)).toEqual(before)
    },
  )
})

it('what is of somebody is gone for them with the token that no longer has the workspace', async () => {
  const { run } = await madeBy('alice')
  expect((await as('alice', 'GET', `/jobs/${run}`)).status).toBe(200)
  expect((await as('alice, who has left', 'GET', `/jobs/${run}`)).status).toBe(404)
})

/** What each role may do, and to what: the rest of the table follows from the role that a route declares. */
const may = (member: Member, access: string): boolean =>
  access === 'everybody' ||
  access === 'viewer' ||
  (access === 'runner' && (member === 'runner' || member === 'manager')) ||
  (access === 'manager' && member === 'manager')

const BODIES: Readonly<Record<string, unknown>> = {
  '/processes/:id/execution': { inputs: INPUTS },
  '/processes/:id/plan': { query: `cog_url=${INPUTS.cog_url}` },
}

/** An answer in which the role was no obstacle, whatever else was. */
const isAllowed = async (answer: Response): Promise<boolean> => {
  // There is no Jupyter server behind this service, which it may say (503).
  expect(answer.status).not.toBe(500)
  if (answer.status !== 403) return true
  const { detail } = await problemOf(answer)
  expect(detail).toMatch(/you may look|only they or a manager/)
  return false
}

describe.each(MEMBER_NAMES)('in a workspace, %s', (member) => {
  it.each(ROUTES.filter(({ url }) => !/^\/(auth|assets|examples|metrics)/.test(url)))(
    'does on $key what the role allows',
    async ({ method, url, access }) => {
      const owned = await madeBy('runner')
      const body = method === 'POST' ? BODIES[url] : undefined
      const query =
        url.startsWith('/run/') || (url.endsWith('/execution') && method === 'GET')
          ? `?cog_url=${INPUTS.cog_url}`
          : ''
      const before = await standing('manager', owned)
      const answer = await as(member, method, `${addressOf(url, owned)}${query}`, body)
      expect(await isAllowed(answer)).toBe(may(member, access))
      if (!may(member, access)) expect(await standing('manager', owned)).toEqual(before)
    },
  )

  it('ends what is theirs or, as a manager, another’s', async () => {
    const theirs = member === 'runner' || member === 'manager' ? await madeBy(member) : undefined
    const others = await madeBy(member === 'runner' ? 'manager' : 'runner')
    for (const path of theirs === undefined ? [] : [`/jobs/${theirs.run}`, `/batches/${theirs.batch}`])
      expect([path, (await as(member, 'DELETE', path)).status]).toEqual([path, 200])
    for (const path of [
      `/jobs/${others.run}`,
      `/batches/${others.batch}`,
      `/jobs/${others.prepared}`,
      `/jobs/${others.prepared}?purge`,
    ])
      expect([path, (await as(member, 'DELETE', path)).status]).toEqual([
        path,
        member === 'manager' ? 200 : 403,
      ])
  })
})
