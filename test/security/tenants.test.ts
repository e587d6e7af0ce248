import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { problemOf, runOf } from '../support/answers.ts'
import { type OidcRunner, startOidcRunner } from './oidc-runner.ts'

const LINK = '/run/notebook/cog_preview?cog_url=https://example.org/scene.tif'
const NOBODY = '01890000-0000-7000-8000-000000000000'

/** Who they are, and the workspaces they share nothing of but `shared-ws`. */
const PEOPLE: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  alice: { sub: 'a', preferred_username: 'alice', workspaces: ['alice-ws'] },
  bob: { sub: 'b', preferred_username: 'bob', workspaces: ['bob-ws'] },
  carol: { sub: 'c', preferred_username: 'carol', workspaces: ['shared-ws'] },
  dave: { sub: 'd', preferred_username: 'dave', workspaces: ['shared-ws', 'dave-ws'] },
  'a namesake of alice': { sub: 'x', preferred_username: 'alice', workspaces: ['namesake-ws'] },
  'alice, taken out of her workspace': { sub: 'a', preferred_username: 'alice', workspaces: ['other-ws'] },
  'alice, in no workspace': { sub: 'a', preferred_username: 'alice', workspaces: [] },
  'dave, with a token for one workspace': { sub: 'd', preferred_username: 'dave', workspace: 'dave-ws' },
  'a name that climbs': { sub: 'y', preferred_username: '../alice', workspaces: ['climb-ws'] },
  'names of workspaces that climb': {
    sub: 'z',
    preferred_username: 'z',
    workspaces: ['../alice-ws', 'alice-ws/', 'ALICE-WS', 'alice-ws\0'],
  },
}
const workspacesOf = (name: string): readonly string[] => {
  const { workspaces, workspace } = PEOPLE[name] ?? {}
  return typeof workspace === 'string' ? [workspace] : Array.isArray(workspaces) ? workspaces.map(String) : []
}

/** Every route that takes the id of a run. */
const ROUTES: ReadonlyArray<readonly [string, (run: string) => string]> = [
  ['GET', (run) => `/view-notebook/cog_preview/${run}`],
  ['GET', (run) => `/view-notebook/cog_preview/${run}?workspace=alice-ws`],
  ['HEAD', (run) => `/view-notebook/cog_preview/${run}`],
  ['GET', (run) => `/jobs/${run}`],
  ['GET', (run) => `/jobs/${run}?f=html`],
  ['HEAD', (run) => `/jobs/${run}`],
  ['GET', (run) => `/jobs/${run}/results`],
  ['GET', (run) => `/jobs/${run}/notebook`],
  ['GET', (run) => `/jobs/${run}/thumbnail`],
  ['GET', (run) => `/jobs/${run}/events`],
  ['GET', (run) => `/jobs/${run}/kernel`],
  ['GET', (run) => `/batches/${run}`],
  ['DELETE', (run) => `/batches/${run}`],
  ['DELETE', (run) => `/jobs/${run}`],
]

let oidc: OidcRunner
const runs = new Map<string, string>()
const tokens = new Map<string, string>()

async function as(name: string, path: string, method = 'GET'): Promise<Response> {
  return oidc.runner.fetch(path, { method, headers: { authorization: `Bearer ${tokens.get(name)}` } })
}

beforeAll(async () => {
  oidc = await startOidcRunner()
  for (const [name, claims] of Object.entries(PEOPLE)) {
    tokens.set(name, await oidc.issuer.mint({ claims: { workspaces: undefined, ...claims } }))
  }
  for (const name of ['alice', 'bob', 'carol', 'a namesake of alice', 'a name that climbs'])
    runs.set(name, (await runOf(await as(name, LINK))).id)
})
afterAll(() => oidc?.[Symbol.asyncDispose]())

/** What an answer says, but for what is of this very request. */
async function said(response: Response, id: string): Promise<string> {
  const text = (await response.text())
    .replaceAll(id, 'ID')
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'REQUEST')
    .replaceAll(/data-nonce="[^"]+"/g, 'NONCE')
  const headers = [...response.headers]
    .filter(([name]) => !['date', 'x-request-id'].includes(name))
    .map(([name, value]) => [name, value.replaceAll(/'nonce-[^']+'/g, 'NONCE')])
  return JSON.stringify([response.status, headers.sort(), text])
}

const pairs = (shares: boolean) =>
  Object.keys(PEOPLE).flatMap((other) =>
    ['alice', 'bob', 'carol', 'a namesake of alice', 'a name that climbs']
      .filter((owner) => workspacesOf(other).some((one) => workspacesOf(owner).includes(one)) === shares)
      .map((owner) => [other, owner] as const),
  )

describe('a run of another workspace', () => {
  it.each(pairs(false))('does not exist for %s, where it is of %s', async (other, owner) => {
    const run = runs.get(owner) ?? ''
    for (const [method, route] of ROUTES) {
      const answer = await as(other, route(run), method)
      const nothing = await as(other, route(NOBODY), method)
      expect([method, route('ID'), answer.status]).toEqual([method, route('ID'), 404])
      expect(answer.headers.get('location')).toBeNull()
      // Not a word that there is one.
      expect(await said(answer, run)).toBe(await said(nothing, NOBODY))
    }
    for (const query of ['', '?person=alice', '?processID=cog_preview', '?f=html', '?status=successful'])
      expect(await (await as(other, `/jobs${query}`)).text()).not.toContain(run)
  })

  it('is still there, and as it was', async () => {
    for (const [owner, run] of runs) {
      const view = await as(owner, `/view-notebook/cog_preview/${run}`)
      expect(view.status).toBe(302)
      const job = await as(owner, `/jobs/${run}`)
      expect(await job.json()).toMatchObject({ jobID: run, status: 'successful' })
      expect(await (await as(owner, '/jobs')).text()).toContain(run)
      expect((await as(owner, `/jobs/${run}/notebook`)).status).toBe(200)
    }
  })

  it.each(pairs(true).filter(([other, owner]) => other !== owner))(
    'exists for %s, who shares the workspace of %s',
    async (other, owner) => {
      const run = runs.get(owner) ?? ''
      const view = await as(other, `/view-notebook/cog_preview/${run}`)
      expect(view.status).toBe(302)
      // To a server of their own: that of the owner is closed to them.
      const name = String(PEOPLE[other]?.['preferred_username'])
      expect(view.headers.get('location')).toContain(`/hub/${encodeURIComponent(name)}/lab/`)
      expect((await as(other, `/jobs/${run}/notebook`)).status).toBe(200)
    },
  )
})

describe('another workspace', () => {
  it.each(Object.keys(PEOPLE))('takes nothing of %s', async (name) => {
    const all = ['alice-ws', 'bob-ws', 'shared-ws', 'dave-ws', 'namesake-ws', 'nobodys-ws']
    const before = await Promise.all(all.map(oidc.notebooks))
    for (const workspace of all.filter((one) => !workspacesOf(name).includes(one))) {
      for (const written of [
        workspace,
        `${workspace}%00`,
        workspace.toUpperCase(),
        `../${workspace}`,
        `${workspace}/../alice-ws`,
      ]) {
        const response = await as(name, `${LINK}&_workspace=${encodeURIComponent(written)}`)
        const { type, detail } = await problemOf(response)
        expect(type).toMatch(/:(not-found|no-workspace)$/)
        expect(detail).not.toContain(written)
      }
    }
    expect(await Promise.all(all.map(oidc.notebooks))).toEqual(before)
  })

  it('is entered by no name of a user or a workspace', async () => {
    for (const name of await oidc.workspaces()) expect(name).toMatch(/^(alice|bob|shared|namesake|climb)-ws$/)
    const view = await as(
      'a name that climbs',
      `/view-notebook/cog_preview/${runs.get('a name that climbs')}`,
    )
    expect(new URL(view.headers.get('location') ?? '').pathname).toMatch(/^\/hub\/\.\.%2Falice\/lab\/tree\//)
  })
})
