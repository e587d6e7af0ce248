import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { problemOf, runOf } from '../support/answers.ts'
import { type Issuer, startIssuer } from '../support/issuer.ts'
import { temporaryDataDir } from '../support/postgres.ts'
import { startRunner, type TestRunner } from '../support/runner.ts'
import { startS3, type TestS3, useAmbientKeys } from '../support/s3.ts'

const LINK = '/run/notebook/ndvi_calculation?cog_url=https://example.org/scene.tif&bbox=-4.5,53.1,-4.4,53.2'

const folder = await temporaryDataDir()
let issuer: Issuer
let s3: TestS3
let runner: TestRunner

beforeAll(async () => {
  ;[issuer, s3] = await Promise.all([startIssuer(), startS3(['alice-ws', 'shared-ws', 'bob-ws'])])
  useAmbientKeys(s3.broker)
  runner = await startRunner({
    PRESET: 'seed',
    PLATFORM_DOMAIN: 'platform.example',
    HOST: '127.0.0.1',
    METRICS_PORT: '0',
    DATA_DIR: folder.path,
    OIDC_ISSUER: issuer.url,
    S3_ENDPOINT: s3.endpoint,
    STS_ENDPOINT: s3.endpoint,
    SINGLEUSER_AWS_REGION: s3.region,
    SINGLEUSER_AWS_ROLE_ARN: s3.roleArn,
  })
})
afterAll(async () => {
  await runner?.[Symbol.asyncDispose]()
  await s3?.[Symbol.asyncDispose]()
  await issuer?.[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

const claims = (user: string, ...workspaces: string[]) => ({
  claims: { sub: `sub-${user}`, preferred_username: user, workspaces },
})

async function as(token: string, path: string): Promise<Response> {
  return runner.fetch(path, { headers: { authorization: `Bearer ${token}` } })
}

describe('preset seed, with a real issuer and a real S3', () => {
  it('prepares into the workspace by its role, in the first design’s layout, with the reserved inputs', async () => {
    const token = await issuer.mint(claims('alice', 'alice-ws'))
    const response = await as(token, LINK)
    expect(response.status).toBe(303)
    const { id } = await runOf(response)

    const where = {
      Bucket: 'workspace-alice-ws',
      Key: `workspaces/alice-ws/notebooks/alice/ndvi_calculation-${id}.ipynb`,
    }
    const { Body } = await s3.admin.send(new GetObjectCommand(where))
    const text = (await Body?.transformToString()) ?? ''
    for (const line of [
      'cog_url = \\"https://example.org/scene.tif\\"',
      'bbox = [-4.5, 53.1, -4.4, 53.2]',
      'workspace = \\"alice-ws\\"',
      'user = \\"alice\\"',
      'workspace_s3_bucket = \\"workspace-alice-ws\\"',
      'workspace_s3_prefix = \\"users/alice/\\"',
    ]) {
      expect(text).toContain(line)
    }
    const keep = { Bucket: where.Bucket, Key: 'workspaces/alice-ws/notebooks/alice/.s3keep' }
    await expect(s3.admin.send(new HeadObjectCommand(keep))).resolves.toBeDefined()

    const view = await as(token, `/view-notebook/ndvi_calculation/${id}?workspace=alice-ws`)
    expect(view.status).toBe(302)
    expect(view.headers.get('location')).toBe(`https://platform.example/notebooks/lab/tree/s3/${where.Key}`)

    const bob = await issuer.mint(claims('bob', 'bob-ws'))
    expect((await as(bob, `/view-notebook/ndvi_calculation/${id}?workspace=alice-ws`)).status).toBe(404)
    expect((await as(bob, `/view-notebook/ndvi_calculation/${id}`)).status).toBe(404)
  })

  it('asks which of several workspaces, and never guesses', async () => {
    const token = await issuer.mint(claims('alice', 'alice-ws', 'shared-ws'))
    const response = await as(token, LINK)
    expect(response.status).toBe(409)
    expect(await problemOf(response)).toMatchObject({ choices: ['alice-ws', 'shared-ws'] })
    const { workspace } = await runOf(await as(token, `${LINK}&_workspace=shared-ws`))
    expect(workspace).toBe('shared-ws')
    const page = await runner.fetch(LINK, {
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'text/html',
        'sec-fetch-mode': 'navigate',
        'sec-fetch-dest': 'document',
        'sec-fetch-user': '?1',
      },
    })
    expect(page.status).toBe(409)
    expect(await page.text()).toContain('<div id="root"></div>')
    expect(await (await as(token, '/me')).json()).toMatchObject({ workspaces: ['alice-ws', 'shared-ws'] })
  })

  it('works for no one without a workspace, nor for a workspace that is not theirs', async () => {
    expect((await as(await issuer.mint(claims('carol')), LINK)).status).toBe(403)
    const alice = await issuer.mint(claims('alice', 'alice-ws'))
    expect((await as(alice, `${LINK}&_workspace=bob-ws`)).status).toBe(404)
  })

  it('names role, bucket and action where storage refuses, and leaves no row', async () => {
    const token = await issuer.mint(claims('dave', 'nobodys-ws'))
    const response = await as(token, LINK)
    expect(response.status).toBe(502)
    const problem = await problemOf(response)
    expect(problem.type).toBe('urn:notebook-runner:problem:storage-failed')
    expect(problem.detail).toContain('workspace-nobodys-ws-role')
  })

  it('is unhealthy where the issuer was never there, and says why a token cannot be checked', async () => {
    await using other = await temporaryDataDir()
    await using blind = await startRunner({
      DATA_DIR: other.path,
      IDENTITY: 'oidc',
      KERNELS: 'none',
      OIDC_ISSUER: 'http://127.0.0.1:9/realms/none',
      OIDC_AUDIENCE: 'eodhp',
      VIEW_URL: 'https://lab.example/{path}',
    })
    const { status, checks } = JSON.parse(await (await blind.fetch('/health')).text())
    expect({ status, identity: checks.identity }).toEqual({ status: 'unhealthy', identity: 'down' })
    const token = await issuer.mint(claims('alice', 'alice-ws'))
    const response = await blind.fetch(LINK, { headers: { authorization: `Bearer ${token}` } })
    expect([response.status, (await problemOf(response)).type]).toEqual([
      503,
      'urn:notebook-runner:problem:identity-unavailable',
    ])
  })
})

describe('a notebook that lies in a bucket', () => {
  it('is read as the service itself, whatever the storage is, and only from a bucket that is listed', async () => {
    await using other = await temporaryDataDir()
    const notebook = await readFile(join(import.meta.dirname, '../../examples/cog_preview.ipynb'))
    await s3.admin.send(
      new PutObjectCommand({ Bucket: s3.sharedBucket, Key: 'templates/cog.ipynb', Body: notebook }),
    )
    const entries = ['listed', 'elsewhere'].map((id) => ({
      id,
      file: `s3://${id === 'listed' ? s3.sharedBucket : 'another'}/templates/cog.ipynb`,
      inputSpec: { cog_url: 'singleUrl' },
    }))
    await writeFile(join(other.path, 'catalogue.json'), JSON.stringify(entries))
    useAmbientKeys(s3.adminKeys)
    try {
      await using reader = await startRunner({
        DATA_DIR: other.path,
        KERNELS: 'none',
        VIEW_URL: 'https://lab.example/{path}',
        CONFIG_URL: join(other.path, 'catalogue.json'),
        TEMPLATE_HOSTS: `s3://${s3.sharedBucket}`,
        S3_ENDPOINT: s3.endpoint,
        SINGLEUSER_AWS_REGION: s3.region,
      })
      const listed = await reader.program('/run/notebook/listed?cog_url=https://example.org/x.tif')
      expect(listed.status).toBe(303)
      const elsewhere = await reader.program('/run/notebook/elsewhere?cog_url=https://example.org/x.tif')
      expect(elsewhere.status).toBe(502)
      expect((await problemOf(elsewhere)).detail).toContain('not among the buckets')
    } finally {
      useAmbientKeys(s3.broker)
    }
  })
})

describe('secrets', () => {
  it('appear in no log, metric, problem, Location or notebook', async () => {
    const good = await issuer.mint(claims('alice', 'alice-ws'))
    const bad = `${good.slice(0, -10)}AAAAAAAAAA`
    const secrets = [good, bad, s3.broker.secretAccessKey, good.split('.')[2] ?? good]
    const seen: string[] = []
    const look = async (response: Response) => {
      seen.push(JSON.stringify([...response.headers]), await response.text())
    }
    await look(await as(good, LINK))
    await look(await as(bad, LINK))
    await look(await as(good, `${LINK}&x=1`))
    await look(await as(good, '/processes'))
    await look(await as(good, '/no/such/address'))
    await look(await runner.fetch('/processes', { headers: { authorization: `Basic ${good}` } }))
    await look(await runner.fetch(`/processes?access_token=${good}`))
    await look(await runner.fetch(`/?token=${good}`))
    await look(await runner.fetch('/health'))
    const text = seen.join('\n') + runner.log()
    for (const secret of secrets) expect(text.includes(secret)).toBe(false)
  })
})
