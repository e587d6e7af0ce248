import { createServer } from 'node:http'
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { s3Storage } from '../../src/storage/s3.ts'
import type { S3Credentials } from '../../src/storage/s3-clients.ts'
import type { Storage, StorageScope } from '../../src/storage/storage.ts'
import { type Issuer, startIssuer } from '../support/issuer.ts'
import { startS3, type TestS3 } from '../support/s3.ts'

const ID = '01890a5d-ac96-774b-bcce-b302099a8057'
const BODY = [Buffer.from('{"cells": []}')]

let stack: AsyncDisposableStack
let issuer: Issuer
let s3: TestS3
let service: string

beforeAll(async () => {
  stack = new AsyncDisposableStack()
  issuer = stack.use(await startIssuer())
  s3 = stack.use(
    await startS3(['alice-ws', 'bob-ws'], {
      issuer: issuer.url,
      audience: 'eodhp',
      people: { 'alice-ws': 'sub-alice', 'bob-ws': 'sub-bob' },
    }),
  )
  service = await startTokenService()
})
afterAll(() => stack.disposeAsync())

/** As the platform's: who shows alice's token gets keys to alice's workspace, by a role of STS. */
async function startTokenService(): Promise<string> {
  const { endpoint, region, broker, roleArn } = s3
  const sts = new STSClient({ endpoint, region, credentials: broker })
  const server = createServer(async (request, response) => {
    const [, workspace = ''] = /^\/api\/workspaces\/([\w-]+)\/me\/s3-tokens$/.exec(request.url ?? '') ?? []
    const token = (request.headers.authorization ?? '').replace('Bearer ', '')
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
    if (request.method !== 'POST' || `${claims.preferred_username}-ws` !== workspace)
      return response.writeHead(403).end()
    const RoleArn = roleArn.replace('{workspace}', workspace)
    const { Credentials: got } = await sts.send(
      new AssumeRoleCommand({ RoleArn, RoleSessionName: 'service' }),
    )
    const {
      AccessKeyId: accessKeyId,
      SecretAccessKey: secretAccessKey,
      SessionToken: sessionToken,
    } = got ?? {}
    const answer = { accessKeyId, secretAccessKey, sessionToken, expiration: got?.Expiration?.toISOString() }
    return response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  stack.defer(async () => {
    sts.destroy()
    await new Promise((closed) => server.close(closed))
  })
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  return `http://127.0.0.1:${address.port}/api/workspaces/{workspace}/me/s3-tokens`
}

const storageBy = (credentials: S3Credentials, endpoint = s3.endpoint): Storage =>
  s3Storage({
    endpoint,
    region: s3.region,
    credentials,
    layout: { kind: 'seed', bucket: 'workspace-{workspace}' },
    encrypt: true,
  })

const KINDS = {
  'web-identity': (): S3Credentials => ({
    kind: 'web-identity',
    roleArn: s3.webRoleArn,
    sessionName: '{workspace}-{user}',
    stsEndpoint: s3.endpoint,
  }),
  'token-service': (): S3Credentials => ({ kind: 'token-service', url: service }),
}

const tokenOf = (user: string) =>
  issuer.mint({ claims: { sub: `sub-${user}`, preferred_username: user, workspaces: [`${user}-ws`] } })

async function scopeOf(user: string, workspace: string): Promise<StorageScope> {
  return { workspace, user, grant: { kind: 'token', token: await tokenOf(user) } }
}

describe.each(['web-identity', 'token-service'] as const)('S3_CREDENTIALS=%s', (kind) => {
  it('opens the workspace of the person whose token it is', async () => {
    await using storage = storageBy(KINDS[kind]())
    const scope = await scopeOf('alice', 'alice-ws')
    const object = storage.locate(scope, 'ndvi', ID)
    await storage.put(scope, object, BODY)
    expect(Buffer.from(await storage.get(scope, object))).toEqual(BODY[0])
    expect(await storage.healthy()).toBe(true)
  })

  it('opens no other, and says who was refused what, without the token', async () => {
    await using storage = storageBy(KINDS[kind]())
    const scope = await scopeOf('bob', 'alice-ws')
    const object = storage.locate(scope, 'ndvi', ID)
    const error: unknown = await storage.put(scope, object, BODY).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({
      code: 'storage-failed',
      message: expect.stringMatching(
        kind === 'web-identity'
          ? /sts:AssumeRoleWithWebIdentity on role arn:aws:iam::\d+:role\/people-alice-ws-role by bob\): access is denied/
          : /POST s3-tokens on workspace alice-ws by bob\): access is denied/,
      ),
    })
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain(await tokenOf('bob'))
  })

  it('gives keys that go on without the token', async () => {
    await using storage = storageBy(KINDS[kind]())
    const scope = await scopeOf('alice', 'alice-ws')
    const keys = await storage.keys?.(scope, await tokenOf('alice'))
    if (keys === undefined) throw new Error('no keys')
    expect(keys.expiration.getTime()).toBeGreaterThan(Date.now() + 600_000)
    const later: StorageScope = { workspace: 'alice-ws', user: 'alice', grant: { kind: 'keys', keys } }
    await storage.put(later, storage.locate(later, 'ndvi', ID), BODY)
    const elsewhere: StorageScope = { ...later, workspace: 'bob-ws' }
    await expect(storage.put(elsewhere, storage.locate(elsewhere, 'ndvi', ID), BODY)).rejects.toMatchObject({
      code: 'storage-failed',
      message: expect.stringMatching(/s3:PutObject on bucket workspace-bob-ws by .*: access is denied/),
    })
  })

  it('does nothing for nobody, and says what helps', async () => {
    await using storage = storageBy(KINDS[kind]())
    const scope = { workspace: 'alice-ws', user: 'alice' }
    await expect(storage.put(scope, storage.locate(scope, 'ndvi', ID), BODY)).rejects.toMatchObject({
      code: 'storage-failed',
      message: expect.stringContaining('Sign in and open the page of the run'),
    })
  })
})

it('a token that the issuer did not sign is refused by STS itself', async () => {
  await using storage = storageBy(KINDS['web-identity']())
  const forged = `${(await tokenOf('alice')).slice(0, -8)}AAAAAAAA`
  await expect(storage.keys?.({ workspace: 'alice-ws', user: 'alice' }, forged)).rejects.toMatchObject({
    code: 'storage-failed',
    message: expect.stringContaining('sts:AssumeRoleWithWebIdentity'),
  })
})

it('a storage that is away is not healthy', async () => {
  await using storage = storageBy(KINDS['token-service'](), 'http://127.0.0.1:9')
  expect(await storage.healthy()).toBe(false)
})
