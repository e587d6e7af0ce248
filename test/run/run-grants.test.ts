import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { GetObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Seal } from '../../src/identity/seal.ts'
import { runGrants } from '../../src/run/run-grants.ts'
import { jobOf } from '../support/answers.ts'
import { type Issuer, startIssuer } from '../support/issuer.ts'
import { type RunService, startRunService } from '../support/run-service.ts'
import { startS3, type TestS3 } from '../support/s3.ts'
import { counterNotebook } from '../support/service-process.ts'
import { tempFolder } from '../support/temp-folder.ts'

const PATIENCE = { timeout: 60_000, interval: 100 }
const SECRETS = [randomBytes(24).toString('hex'), randomBytes(24).toString('hex')]

let stack: AsyncDisposableStack
let issuer: Issuer
let s3: TestS3
let service: RunService

beforeAll(async () => {
  stack = new AsyncDisposableStack()
  issuer = stack.use(await startIssuer())
  const people = { 'alice-ws': 'sub-alice' }
  s3 = stack.use(await startS3(['alice-ws'], { issuer: issuer.url, audience: 'eodhp', people }))
  const { path } = stack.use(await tempFolder())
  await writeFile(join(path, 'counter.ipynb'), counterNotebook(2, 4))
  service = stack.use(
    await startRunService({
      IDENTITY: 'oidc',
      OIDC_ISSUER: issuer.url,
      OIDC_AUDIENCE: 'eodhp',
      CONFIG_URL: path,
      STORAGE: 's3',
      S3_CREDENTIALS: 'web-identity',
      S3_ENDPOINT: s3.endpoint,
      STS_ENDPOINT: s3.endpoint,
      SINGLEUSER_AWS_REGION: s3.region,
      SINGLEUSER_AWS_ROLE_ARN: s3.webRoleArn,
      SINGLEUSER_WORKSPACE_BUCKET: 'workspace-{workspace}',
      CREDENTIALS_SECRET: SECRETS.join(','),
      KERNELS: 'local-shared',
      MAX_CONCURRENT_RUNS: '1',
    }),
  )
}, 240_000)
afterAll(() => stack.disposeAsync())

async function as(user: string, path: string, body?: object): Promise<Response> {
  const claims = { sub: `sub-${user}`, preferred_username: user, workspaces: ['alice-ws'] }
  const authorization = `Bearer ${await issuer.mint({ claims })}`
  return body === undefined
    ? service.runner.fetch(path, { headers: { authorization } })
    : service.runner.fetch(path, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
}

async function accept(inputs: object): Promise<string> {
  const response = await as('alice', '/processes/counter/execution', { inputs })
  expect(response.status).toBe(201)
  return String((await jobOf(response)).id)
}

/** As the database has it: to look by the API is to come back. */
async function row(id: string) {
  const text = 'SELECT state, reason, message FROM run WHERE id = $1'
  const [found] = await service.database.query<{
    state: string
    reason: string | null
    message: string | null
  }>({
    text,
    values: [id],
  })
  return found
}

async function sealedOf(id: string): Promise<Buffer | undefined> {
  const text = 'SELECT sealed FROM run_credential WHERE run_id = $1'
  const [found] = await service.database.query<{ sealed: Buffer }>({ text, values: [id] })
  return found?.sealed
}

const stored = async (id: string) => {
  const where = {
    Bucket: 'workspace-alice-ws',
    Key: `workspaces/alice-ws/notebooks/alice/counter-${id}.ipynb`,
  }
  const { Body } = await s3.admin.send(new GetObjectCommand(where))
  return (await Body?.transformToString()) ?? ''
}

describe('what a run needs of a person who has gone', { timeout: 120_000 }, () => {
  it('is sealed, for this run alone, while it goes, and erased when it ends', async () => {
    const id = await accept({ pause: 0.3 })
    const sealed = await sealedOf(id)
    if (sealed === undefined) throw new Error('nothing was deposited')
    const [first = '', second = ''] = SECRETS
    const open = (secret: string, held: string) => new Seal([secret]).open(held, sealed)
    expect(open(first, id)).toContain('secretAccessKey')
    expect(sealed.toString('latin1')).not.toContain(JSON.parse(open(first, id) ?? '').secretAccessKey)
    expect(open(second, id)).toBeUndefined()
    expect(open(first, id.replace(/.$/, '0').replace(/^./, 'f'))).toBeUndefined()
    // A new secret in front: what the old one has sealed is opened still.
    const rotated = runGrants(
      service.database,
      new Seal(['a new secret of some length', first]),
      async () => {
        throw new Error('not asked')
      },
    )
    expect(await rotated.find(id)).toMatchObject({ kind: 'keys' })
    await expect.poll(async () => (await row(id))?.state, PATIENCE).toBe('succeeded')
    expect(await sealedOf(id)).toBeUndefined()
    expect(await stored(id)).toContain('1: 3')
  })

  it('is erased with a run that is cancelled before it begins', async () => {
    const going = await accept({ pause: 0.5 })
    const waiting = await accept({ pause: 0 })
    expect(await sealedOf(waiting)).toBeDefined()
    const authorization = `Bearer ${await issuer.mint({
      claims: { sub: 'sub-alice', preferred_username: 'alice', workspaces: ['alice-ws'] },
    })}`
    await service.runner.fetch(`/jobs/${waiting}`, { method: 'DELETE', headers: { authorization } })
    expect(await sealedOf(waiting)).toBeUndefined()
    await expect.poll(async () => (await row(going))?.state, PATIENCE).toBe('succeeded')
  })

  it('may run out: the result is kept, and stored when a person of the workspace comes back', async () => {
    const id = await accept({ pause: 0.3 })
    await service.database.query({
      text: "UPDATE run_credential SET expires_at = now() - interval '1 s' WHERE run_id = $1",
      values: [id],
    })
    await expect.poll(async () => (await row(id))?.state, PATIENCE).toBe('failed')
    expect(await row(id)).toMatchObject({
      reason: 'storage-failed',
      message: expect.stringMatching(/It is kept with the run, and stored when .* Sign in and open the page/),
    })
    await expect(stored(id)).rejects.toMatchObject({ name: 'NoSuchKey' })
    // Another one of the workspace, whom the storage does not let in: the run is shown as it is, with its notebook.
    expect((await jobOf(await as('bob', `/jobs/${id}`))).state).toBe('failed')
    expect(await (await as('bob', `/jobs/${id}/notebook`)).text()).toContain('1: 3')
    expect((await jobOf(await as('alice', `/jobs/${id}`))).state).toBe('succeeded')
    expect(await row(id)).toMatchObject({ state: 'succeeded', reason: null })
    expect(await stored(id)).toContain('1: 3')
    // Who reads the events learns of both ends.
    const events = await (await as('alice', `/jobs/${id}/events`)).text()
    expect(events).toMatch(/"state":"failed","reason":"storage-failed"[^\n]*\n(.*\n)*.*"state":"succeeded"\}/)
    const kept = await service.database.query({ text: 'SELECT run_id FROM kept_notebook' })
    expect(kept).toEqual([])
  })

  it('is renewed while its person looks at the run', async () => {
    const id = await accept({ pause: 0.5 })
    await service.database.query({
      text: "UPDATE run_credential SET expires_at = now() - interval '1 s' WHERE run_id = $1",
      values: [id],
    })
    await as('alice', `/jobs/${id}`)
    await expect.poll(async () => (await row(id))?.state, PATIENCE).toBe('succeeded')
    expect(await stored(id)).toContain('1: 3')
  })

  it('is refused at once where the workspace cannot be opened', async () => {
    const response = await as('bob', '/processes/counter/execution', { inputs: {} })
    expect(response.status).toBe(502)
    expect(await response.text()).toContain('sts:AssumeRoleWithWebIdentity')
  })
})
