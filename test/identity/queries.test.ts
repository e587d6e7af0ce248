import { afterAll, beforeAll, expect, it } from 'vitest'
import { connectDatabase } from '../../src/database/connect.ts'
import { migrate } from '../../src/database/migrate.ts'
import { runOf } from '../support/answers.ts'
import { type CountingPostgres, countingPostgres } from '../support/counting-postgres.ts'
import { silent, type TestPostgres, testPostgres } from '../support/postgres.ts'
import { type SignInRunner, startSignInRunner } from '../support/sign-in-runner.ts'
import { Visitor } from '../support/visitor.ts'

const LINK = '/run/notebook/cog_preview?cog_url=https://example.org/scene.tif'
const JSON_ONLY = { accept: 'application/json' }
/** The service also asks by itself, now and then: the least of several tries is what a request asks. */
const TRIES = 8

let postgres: TestPostgres
let counter: CountingPostgres
let service: SignInRunner
let run: string

beforeAll(async () => {
  postgres = await testPostgres()
  await using database = connectDatabase(postgres.target, silent)
  await migrate(database)
  counter = await countingPostgres(postgres.target)
  service = await startSignInRunner({ DATABASE_URL: counter.url, ROLE_CLAIM: 'roles' })
  service.provider.people.set('alice', { workspaces: ['alice-ws'], roles: ['alice-ws:manager'] })
  run = (await runOf(await withToken('alice', LINK))).id
})
afterAll(async () => {
  await service?.[Symbol.asyncDispose]()
  await counter?.[Symbol.asyncDispose]()
  await postgres?.[Symbol.asyncDispose]()
})

async function withToken(name: string, path: string, method = 'GET'): Promise<Response> {
  const authorization = `Bearer ${await service.tokenOf(name)}`
  return service.runner.fetch(path, { method, headers: { authorization, ...JSON_ONLY } })
}

/** The statements of one such request. */
async function statementsOf(send: () => Promise<{ readonly status: number }>, status: number) {
  let least: readonly string[] | undefined
  for (let attempt = 0; attempt < TRIES; attempt++) {
    counter.statements()
    expect((await send()).status).toBe(status)
    const asked = counter.statements()
    if (least === undefined || asked.length < least.length) least = asked
  }
  return least ?? []
}

it('with a token, whose a run is costs no query: it is part of the one that finds it', async () => {
  const asked = await statementsOf(() => withToken('alice', `/jobs/${run}`), 200)
  expect(asked).toHaveLength(1)
  expect(asked[0]).toContain('workspace = ANY ($2)')
  expect(await statementsOf(() => withToken('bob', `/jobs/${run}`), 404)).toHaveLength(1)
})

it('a list asks no more for somebody of many workspaces than for somebody of one', async () => {
  const workspaces = Array.from({ length: 50 }, (_, index) => `ws-${index}`)
  service.provider.people.set('mary', { workspaces })
  const one = await statementsOf(() => withToken('alice', '/jobs'), 200)
  const many = await statementsOf(() => withToken('mary', '/jobs'), 200)
  expect(one.length).toBeGreaterThan(0)
  expect(many).toHaveLength(one.length)
})

it('a role that is missing costs one query at most', async () => {
  service.provider.people.set('vera', { workspaces: ['alice-ws'], roles: ['alice-ws:viewer'] })
  const allowed = await statementsOf(() => withToken('alice', `/jobs/${run}/kernel`), 409)
  const refused = await statementsOf(() => withToken('vera', `/jobs/${run}/kernel`), 403)
  expect(refused.length).toBeLessThanOrEqual(allowed.length + 1)
})

it('a session costs one query', async () => {
  const visitor = new Visitor()
  await visitor.signIn(`${service.runner.url}/processes`, 'alice')
  const path = `/jobs/${run}`
  const byToken = await statementsOf(() => withToken('alice', path), 200)
  const bySession = await statementsOf(
    () =>
      visitor.send(`${service.runner.url}${path}`, {
        headers: { ...JSON_ONLY, 'sec-fetch-site': 'same-origin' },
      }),
    200,
  )
  expect(bySession).toHaveLength(byToken.length + 1)
})
