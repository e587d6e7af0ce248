import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { jobOf } from '../support/answers.ts'
import { type Issuer, startIssuer } from '../support/issuer.ts'
import { temporaryDataDir } from '../support/postgres.ts'
import { startS3, type TestS3 } from '../support/s3.ts'
import {
  counterNotebook,
  type ServiceFolder,
  type ServiceProcess,
  serviceFolder,
  startService,
  stopShared,
  tracesOf,
} from '../support/service-process.ts'

const PATIENCE = { timeout: 90_000, interval: 250 }
const secret = () => randomBytes(24).toString('hex')
const [OLD, NEW] = [secret(), secret()]

let stack: AsyncDisposableStack
let issuer: Issuer
let s3: TestS3
let folder: ServiceFolder
let service: ServiceProcess

beforeAll(async () => {
  stack = new AsyncDisposableStack()
  issuer = stack.use(await startIssuer())
  const people = { local: 'sub-alice' }
  s3 = stack.use(await startS3(['local'], { issuer: issuer.url, audience: 'eodhp', people }))
  const { path } = stack.use(await temporaryDataDir())
  folder = await serviceFolder(path, secret(), counterNotebook(3, 8))
  stack.defer(() => stopShared(folder))
  service = await start(OLD)
  stack.defer(() => service.kill())
}, 240_000)
afterAll(() => stack?.disposeAsync())

const start = (secrets: string) =>
  startService(folder, {
    IDENTITY: 'oidc',
    OIDC_ISSUER: issuer.url,
    OIDC_AUDIENCE: 'eodhp',
    STORAGE: 's3',
    S3_CREDENTIALS: 'web-identity',
    S3_ENDPOINT: s3.endpoint,
    STS_ENDPOINT: s3.endpoint,
    SINGLEUSER_AWS_REGION: s3.region,
    SINGLEUSER_AWS_ROLE_ARN: s3.webRoleArn,
    SINGLEUSER_WORKSPACE_BUCKET: 'workspace-{workspace}',
    VIEW_URL: 'https://lab.example/{path}',
    CREDENTIALS_SECRET: secrets,
    KERNELS: 'local-shared',
  })

async function asAlice(path: string, body?: object): Promise<Response> {
  const claims = { sub: 'sub-alice', preferred_username: 'alice', workspaces: ['local'] }
  const authorization = `Bearer ${await issuer.mint({ claims })}`
  return service.fetch(path, {
    headers: { authorization, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
  })
}

/** A run whose person does nothing more until it has ended, and a service with other secrets that takes it over. */
async function restartedInMidRun(secrets: string): Promise<string> {
  const accepted = await asAlice('/processes/counter/execution', { inputs: { pause: 0.5 } })
  expect(accepted.status).toBe(201)
  const id = String((await jobOf(accepted)).id)
  await expect.poll(() => tracesOf(folder, id), PATIENCE).not.toEqual([])
  await service.kill()
  service = await start(secrets)
  await expect.poll(async () => (await tracesOf(folder, id)).length, PATIENCE).toBe(3)
  return id
}

/** By the list, which renews nothing: to look at the run itself is to come back. */
async function stateInList(id: string): Promise<string | undefined> {
  const list: unknown = await (await asAlice('/jobs?f=json')).json()
  const jobs: unknown = typeof list === 'object' && list !== null ? Reflect.get(list, 'jobs') : []
  const found: unknown = Array.isArray(jobs) ? jobs.find((job) => job.jobID === id) : undefined
  return typeof found === 'object' && found !== null ? String(Reflect.get(found, 'state')) : undefined
}

it('a run goes on by what the old secret has sealed, behind a new one', { timeout: 240_000 }, async () => {
  const id = await restartedInMidRun(`${NEW},${OLD}`)
  await expect.poll(() => stateInList(id), PATIENCE).toBe('succeeded')
})

it('without the secret that has sealed, the result is kept until its person comes back', {
  timeout: 300_000,
}, async () => {
  const id = await restartedInMidRun(secret())
  // Storing it is tried again for two minutes before it is given up.
  await expect.poll(() => stateInList(id), { timeout: 200_000, interval: 1_000 }).toBe('failed')
  await expect.poll(async () => (await jobOf(await asAlice(`/jobs/${id}`))).state, PATIENCE).toBe('succeeded')
})
