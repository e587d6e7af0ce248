import { CreateBucketCommand, DeleteBucketCommand, ListObjectsV2Command } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FAULTS } from '../../src/doctor/faults.ts'
import { runner } from '../cli/command-line.ts'
import { freePort } from '../support/free-ports.ts'
import { type Platform, startPlatform } from './platform.ts'

let platform: Platform
beforeAll(async () => {
  platform = await startPlatform((line) => console.log(line), new AbortController().signal)
})
afterAll(() => platform?.[Symbol.asyncDispose]())

interface Found {
  readonly check: string
  readonly result: string
  readonly code?: string
  readonly what: string
  readonly todo?: string
}

/** `doctor` with the settings of the service that runs, but for what is changed. */
async function doctor(change: Readonly<Record<string, string>>, ...args: readonly string[]) {
  const { stdout, stderr, code } = await runner(['doctor', '--json', '--user', 'alice', ...args], {
    env: { ...platform.settings, ...change },
    cwd: platform.folder,
  })
  expect(stdout, stderr).not.toBe('')
  const found: readonly Found[] = JSON.parse(stdout)
  return { code, found, faults: found.filter(({ result }) => result === 'fault') }
}

const PATIENCE = { timeout: 90_000, interval: 1_000 }
const ALICE = ['--workspace', 'alice-ws']

/** Exactly one fault: what is broken, by its code, with a sentence that names it and what to do. */
async function expectFault(
  code: keyof typeof FAULTS,
  about: string,
  change: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<void> {
  const { code: exit, faults } = await doctor(change, ...(args.length > 0 ? args : ALICE))
  expect(faults, JSON.stringify(faults)).toMatchObject([
    { code, what: expect.stringContaining(about), todo: FAULTS[code].todo },
  ])
  expect(exit).toBe(1)
}

interface Point {
  readonly point: string
  readonly result: string
  readonly what: string
}

/** `verify` on the service that runs. */
async function verify(name: string) {
  const args = ['verify', platform.runnerUrl, '--json', '--token', await platform.token(name)]
  const { code, stdout, stderr } = await runner(args)
  expect(stdout, stderr).not.toBe('')
  const points: readonly Point[] = JSON.parse(stdout)
  return { code, points, faults: points.filter(({ result }) => result === 'fault') }
}

async function expectBadPoint(name: string, point: string, about: RegExp): Promise<void> {
  const { code, faults } = await verify(name)
  expect(faults, JSON.stringify(faults)).toMatchObject([{ point, what: expect.stringMatching(about) }])
  expect(code).toBe(1)
}

const addressOf = (url: string) => new URL(url).host

describe('a whole platform', () => {
  it('has no fault', async () => {
    const { code, found, faults } = await doctor({}, ...ALICE, '--token', await platform.token('alice'))
    expect({ code, faults }).toEqual({ code: 0, faults: [] })
    const good = found.filter(({ result }) => result === 'ok').map(({ check }) => check)
    const parts = ['issuer', 'keys of the issuer', 'token', 'storage of alice-ws', 'hub', 'scopes of the hub']
    for (const check of [...parts, 'database', 'tables of the database']) expect(good).toContain(check)
    const { points, code: exit } = await verify('alice')
    expect(exit).toBe(0)
    expect(points.map(({ result }) => result)).toEqual(points.map(() => 'ok'))
  })
})

describe('a setting that is wrong', () => {
  it('an issuer that Keycloak does not have', () =>
    expectFault('issuer-no-discovery', '404', { OIDC_ISSUER: platform.keycloak.issuer('nobody') }))

  it('an issuer by another of its names', () =>
    expectFault('issuer-differs', platform.issuer, {
      OIDC_ISSUER: platform.issuer.replace('127.0.0.1', 'localhost'),
    }))

  it('a token for another service', async () => {
    const change = { OIDC_AUDIENCE: 'another' }
    await expectFault('token-refused', 'another service', change, '--token', await platform.token('alice'))
  })

  it('a role that is missing', () =>
    expectFault('role-refused', 'workspace-inland-role', {}, '--workspace', 'inland'))

  it('keys that may not assume the role', () => {
    const { accessKeyId, secretAccessKey } = platform.s3.mallory
    const change = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey }
    return expectFault('role-refused', 'workspace-alice-ws-role', change)
  })

  it('a role that may only read', () =>
    expectFault('action-denied', 's3:PutObject', { SINGLEUSER_AWS_ROLE_ARN: platform.s3.readerArn }))

  it('a token of the hub that lacks a scope, and one that it does not know', async () => {
    await expectFault('hub-scope', 'tokens', { JUPYTERHUB_API_TOKEN: platform.smallHubToken })
    await expectFault('hub-token', '40', { JUPYTERHUB_API_TOKEN: 'wrong' })
  })

  it('a hub elsewhere', () =>
    expectFault('hub-away', 'status 403', { JUPYTERHUB_API_URL: `${platform.s3.endpoint}/hub/api` }))

  it('a database that is not there', () =>
    expectFault('database-login', 'nosuch', {
      DATABASE_URL: platform.settings['DATABASE_URL']?.replace(/\/\w+$/, '/nosuch') ?? '',
    }))

  it.each([
    ['OIDC_ISSUER', '/auth/realms/eodhp'],
    ['S3_ENDPOINT', ''],
    ['STS_ENDPOINT', ''],
    ['JUPYTERHUB_API_URL', '/notebooks/hub/api'],
    ['CONFIG_URL', '/catalogue.json'],
  ])('a closed port in %s', async (setting, path) => {
    const port = await freePort()
    const change = { [setting]: `http://127.0.0.1:${port}${path}` }
    const { faults } = await doctor(change, ...ALICE)
    expect(faults, JSON.stringify(faults)).toMatchObject([
      { code: 'port-closed', check: `port of ${setting}`, what: expect.stringContaining(`${port}`) },
    ])
  })

  it('a catalogue that is none', () =>
    expectFault('catalogue-away', '', { CONFIG_URL: `${platform.runnerUrl}/livez` }))

  it('a clock that is an hour behind', async () => {
    const behind = 'const now = Date.now; Date.now = () => now() - 3_600_000'
    const change = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(behind)}` }
    const { faults } = await doctor(change, ...ALICE)
    expect(faults.map(({ code }) => code)).toEqual(faults.map(() => 'clock-skew'))
    // Keycloak does not tell the time.
    expect(faults.map(({ check }) => check).sort()).toEqual([
      'clock of JUPYTERHUB_API_URL',
      'clock of S3_ENDPOINT',
    ])
    for (const { what } of faults) expect(what).toMatch(/It is 36\d\d s ahead/)
  })
})

describe('a part that is broken', () => {
  it('a bucket that is gone', async () => {
    const Bucket = 'workspace-bob-ws'
    const { Contents = [] } = await platform.s3.admin.send(new ListObjectsV2Command({ Bucket }))
    expect(Contents).toEqual([])
    await platform.s3.admin.send(new DeleteBucketCommand({ Bucket }))
    await expectFault('bucket-missing', Bucket, {}, '--workspace', 'bob-ws')
    await expectBadPoint('bob', 'link', /502.*workspace-bob-ws/)
    await platform.s3.admin.send(new CreateBucketCommand({ Bucket }))
    await expect.poll(async () => (await verify('bob')).faults, PATIENCE).toEqual([])
  })

  it('S3 is down', () => {
    const { s3 } = platform
    return during(s3.stop, s3.restart, async () => {
      const { faults } = await doctor({}, ...ALICE)
      const closed = (setting: string) => ({ code: 'port-closed', check: `port of ${setting}` })
      expect(faults).toMatchObject([closed('S3_ENDPOINT'), closed('STS_ENDPOINT')])
      await expectUnhealthy('storage')
    })
  })

  it('the database is down', () => {
    const { database, settings } = platform
    return during(database.close, database.open, async () => {
      await expectFault('port-closed', addressOf(settings['DATABASE_URL'] ?? ''), {})
      await expectUnhealthy('database')
    })
  })

  it('JupyterHub is down, behind its proxy', () => {
    const { hub } = platform
    return during(hub.stopHub, hub.startHub, () => expectFault('hub-away', '503', {}))
  })

  it('Keycloak is down', async () => {
    const { keycloak, issuer, runnerUrl } = platform
    const token = await platform.token('alice')
    await during(keycloak.stop, keycloak.restart, async () => {
      await expectFault('port-closed', addressOf(issuer), {})
      // Known keys go on working: the way of a link is as it was.
      const { stdout } = await runner(['verify', runnerUrl, '--json', '--token', token])
      const points: readonly Point[] = JSON.parse(stdout)
      expect(points.filter(({ result }) => result !== 'ok')).toEqual([])
    })
  })
})

/** Breaks a part, looks, and mends it whatever was seen; then all is well again. */
async function during(
  stop: () => Promise<void>,
  start: () => Promise<void>,
  look: () => Promise<void>,
): Promise<void> {
  await stop()
  try {
    await look()
  } finally {
    await start()
  }
  expect((await doctor({}, ...ALICE)).faults).toEqual([])
  await expect.poll(async () => (await verify('alice')).faults, PATIENCE).toEqual([])
}

/** The service itself notices within seconds; until then the link is what fails. */
const expectUnhealthy = (part: string) =>
  expect
    .poll(async () => (await verify('alice')).faults, PATIENCE)
    .toMatchObject([{ point: 'health', what: expect.stringContaining(part) }])
