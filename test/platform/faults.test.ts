import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { table } from '../../bench/table.ts'
import { launchBrowser } from '../support/browser.ts'
import { counterNotebook, serviceFolder } from '../support/service-process.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { type Platform, startPlatform } from './platform.ts'
import { enter, signIn } from './sign-in.ts'

const CELLS = 4
const PATIENCE = { timeout: 240_000, interval: 500 }
const ALL = Array.from({ length: CELLS }, (_, cell) => cell)

let stack: AsyncDisposableStack
let platform: Platform
let browser: Browser
const rows: (readonly (string | number)[])[] = []

beforeAll(async () => {
  stack = new AsyncDisposableStack()
  const { path } = stack.use(await tempFolder())
  const { catalogue } = await serviceFolder(path, '', counterNotebook(CELLS, 10))
  const settings = { CONFIG_URL: catalogue, MAX_REQUESTS: '0', KEEP_FAILED_KERNELS: '0' }
  const say = (line: string) => console.log(line)
  platform = stack.use(await startPlatform(say, new AbortController().signal, settings))
  browser = await launchBrowser()
  stack.defer(() => browser.close())
  // The hub learns of people's workspaces as they sign in there.
  const page = await signIn(browser, platform, 'alice', `${platform.hub.url}/hub/home`)
  await page.context().close()
})
afterAll(async () => {
  if (rows.length > 0)
    console.log(`\n${table(['fault', 'answers', 'runs', 'ended as', 'lost', 'doubled', 'wrong'], rows)}\n`)
  await stack?.disposeAsync()
})

/** A row of the table, once all of it was as it must be. */
const held = (fault: string, answers: number, runs = 0) =>
  rows.push([fault, answers, runs, runs === 0 ? '' : `${runs} succeeded`, 0, 0, 0])

/** As a program. Every answer of 500 and more has a problem type. */
async function ask(path: string, token: string, body?: object): Promise<Response> {
  const answer = await fetch(`${platform.runnerUrl}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      accept: 'application/json',
      authorization: `Bearer ${token}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  if (answer.status >= 500)
    expect(await answer.clone().text()).toContain('"type":"urn:notebook-runner:problem:')
  return answer
}

const textOf = (value: unknown, name: string): string =>
  String(typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined)

/** Starts a run of 4 cells that take 4 s each, or so long as `seconds` says. */
async function accept(token: string, seconds = 4): Promise<string> {
  const answer = await ask('/processes/counter/execution', token, { inputs: { pause: seconds / 10 } })
  expect(answer.status, await answer.clone().text()).toBe(201)
  return textOf(await answer.json(), 'jobID')
}

async function cellsOf(id: string): Promise<readonly number[]> {
  const path = join(platform.hub.home('alice'), 'runs', id, 'ran')
  const text = await readFile(path, 'utf8').catch(() => '')
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => Number(line.split(' ')[0]))
}

const reached = (id: string, cell: number) => expect.poll(() => cellsOf(id), PATIENCE).toContain(cell)

/** It succeeds, and each cell has run once. */
async function expectWhole(id: string): Promise<void> {
  const job = async () => (await ask(`/jobs/${id}`, await platform.token('alice'))).json()
  await expect.poll(async () => textOf(await job(), 'state'), PATIENCE).toMatch(/succeeded|failed|cancelled/)
  expect(await job()).toMatchObject({ state: 'succeeded' })
  expect(await cellsOf(id)).toEqual(ALL)
  expect((await ask(`/jobs/${id}/notebook`, await platform.token('alice'))).status).toBe(200)
}

/** By a key that nobody can look up while the issuer is away. */
async function byStrangerKey(): Promise<string> {
  const { privateKey, publicKey } = await generateKeyPair('RS256')
  const { n = '' } = await exportJWK(publicKey)
  return new SignJWT({ workspaces: ['alice-ws'], preferred_username: 'alice' })
    .setProtectedHeader({ alg: 'RS256', kid: n.slice(0, 20), typ: 'JWT' })
    .setIssuer(platform.issuer)
    .setAudience('eodhp')
    .setSubject('stranger')
    .setIssuedAt()
    .setExpirationTime('5 min')
    .sign(privateKey)
}

it('a person whom the hub lets in nowhere is told so, in its words', async () => {
  await platform.hub.addUsers('bob')
  const token = await platform.token('bob')
  const accepted = await ask('/processes/counter/execution', token, { inputs: { pause: 0 } })
  const id = textOf(await accepted.json(), 'jobID')
  const job = async () => (await ask(`/jobs/${id}`, token)).json()
  await expect.poll(async () => textOf(await job(), 'state'), PATIENCE).toBe('failed')
  expect(await job()).toMatchObject({
    reason: 'start-failed',
    message: 'The server of bob did not start: auth has expired for bob, login again',
  })
})

it('Keycloak is killed: known keys and sessions go on, a sign-in says so, and all is well without a restart', async () => {
  const { keycloak, runnerUrl } = platform
  const token = await platform.token('alice')
  const alice = await signIn(browser, platform, 'alice', `${runnerUrl}/jobs`)
  const id = await accept(token)
  await reached(id, 0)
  await keycloak.stop()
  let answers = 0
  const end = performance.now() + 20_000
  while (performance.now() < end) {
    expect((await ask('/jobs', token)).status).toBe(200)
    expect((await alice.request.get(`${runnerUrl}/jobs?f=json`)).status()).toBe(200)
    const stranger = await ask('/jobs', await byStrangerKey())
    expect([stranger.status, textOf(await stranger.json(), 'code')]).toEqual([503, 'identity-unavailable'])
    answers += 3
    await pause(250)
  }
  const context = await browser.newContext()
  const page = await context.newPage()
  const shown = await page.goto(`${runnerUrl}/jobs`)
  expect(shown?.status()).toBe(503)
  await page.getByText('the sign-in service does not answer').first().waitFor()
  await expectRunGoesOn(id, token)
  await keycloak.restart()
  await page.goto(`${runnerUrl}/jobs`)
  await enter(platform, page, 'bob')
  await page.waitForURL(`${runnerUrl}/jobs`)
  await expectWhole(id)
  await Promise.all([context.close(), alice.context().close()])
  held('Keycloak killed in mid-run, and started again', answers, 1)
})

/** With the token of before, while no other can be had. */
async function expectRunGoesOn(id: string, token: string): Promise<void> {
  const state = async () => textOf(await (await ask(`/jobs/${id}`, token)).json(), 'state')
  expect(await state()).toMatch(/running|saving|succeeded/)
}

// Neither needs what the other one takes away, and both take a minute.
describe.concurrent('at the same time', () => {
  it('the keys of Keycloak are changed twice under load', async () => {
    const { keycloak, issuer } = platform
    const realm: unknown = await (await keycloak.admin('GET', '/realms/eodhp')).json()
    const over = new AbortController()
    const kids = new Set<string>()
    let answers = 0
    const load = Array.from({ length: 8 }, async () => {
      let token = await platform.token('alice')
      for (let count = 0; !over.signal.aborted; count++) {
        if (count % 50 === 0) token = await platform.token('alice')
        kids.add(textOf(JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()), 'kid'))
        const { status } = await ask('/jobs', token)
        expect(status).toBe(200)
        answers += 1
        await pause(20)
      }
    })
    for (const priority of ['200', '300']) {
      await pause(2_000)
      const added = await keycloak.admin('POST', '/realms/eodhp/components', {
        name: `key-${priority}`,
        providerId: 'rsa-generated',
        providerType: 'org.keycloak.keys.KeyProvider',
        parentId: textOf(realm, 'id'),
        config: { priority: [priority], enabled: ['true'], active: ['true'], algorithm: ['RS256'] },
      })
      expect(added.status, issuer).toBe(201)
      // Longer than a key that nobody knows is looked for again.
      await Promise.race([pause(31_000), Promise.all(load)])
    }
    over.abort()
    await Promise.all(load)
    expect(kids.size).toBe(3)
    held('Keycloak’s keys changed twice under load', answers)
  })

  it('S3 is down for a minute in mid-run', { timeout: 600_000 }, async () => {
    const { s3 } = platform
    const token = await platform.token('alice')
    const id = await accept(token)
    await reached(id, 1)
    await s3.stop()
    const down = performance.now() + 60_000
    let answers = 0
    while (performance.now() < down) {
      expect((await ask(`/jobs/${id}`, token)).status).toBe(200)
      const link = await ask('/run/notebook/counter?pause=0&_mode=prepare', token)
      expect([link.status, textOf(await link.json(), 'code')]).toEqual([502, 'storage-failed'])
      answers += 2
      await pause(1_000)
    }
    await s3.restart()
    await expectWhole(id)
    held('S3 killed for a minute in mid-run', answers, 1)
  })
})

it('JupyterHub is down for half a minute in mid-run', { timeout: 600_000 }, async () => {
  const { hub } = platform
  const token = await platform.token('alice')
  const id = await accept(token)
  await reached(id, 1)
  await hub.stopHub()
  const waiting = await accept(token, 0)
  const down = performance.now() + 30_000
  let answers = 0
  while (performance.now() < down) {
    for (const one of [id, waiting]) expect((await ask(`/jobs/${one}`, token)).status).toBe(200)
    answers += 2
    await pause(1_000)
  }
  await hub.startHub()
  await expectWhole(id)
  await expectWhole(waiting)
  held('JupyterHub stopped for half a minute in mid-run', answers, 2)
})

it('the database is away for ten seconds in mid-run', { timeout: 600_000 }, async () => {
  const { database } = platform
  const token = await platform.token('alice')
  const id = await accept(token)
  await reached(id, 1)
  await database.close()
  const down = performance.now() + 10_000
  let answers = 0
  while (performance.now() < down) {
    const answer = await ask(`/jobs/${id}`, token)
    expect([answer.status, textOf(await answer.json(), 'code')]).toEqual([503, 'database-failed'])
    answers += 1
    await pause(500)
  }
  await database.open()
  await expectWhole(id)
  held('PostgreSQL out of reach for ten seconds in mid-run', answers, 1)
})
