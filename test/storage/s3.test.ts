import { randomBytes, randomUUID } from 'node:crypto'
import {
  DeleteBucketCommand,
  DeleteObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type S3Settings, s3Storage } from '../../src/storage/s3.ts'
import { type ReadTemplate, templateReader } from '../../src/storage/s3-template.ts'
import { sessionName } from '../../src/storage/session-name.ts'
import type { Storage, StorageScope, StoredObject } from '../../src/storage/storage.ts'
import { countingProxy } from '../support/counting-proxy.ts'
import { startS3, type TestS3, useAmbientKeys } from '../support/s3.ts'
import { ALICE, BOB, storageContract } from './contract.ts'

const SEED: S3Settings['layout'] = { kind: 'seed', bucket: 'workspace-{workspace}' }
/** Its role is there, its bucket is not. */
const GONE: StorageScope = { workspace: 'gone-ws', user: 'gone' }
let s3: TestS3
beforeAll(async () => {
  s3 = await startS3([ALICE.workspace, BOB.workspace, GONE.workspace])
  useAmbientKeys(s3.broker)
})
afterAll(() => s3[Symbol.asyncDispose]())

function assuming(change: Partial<S3Settings> = {}, sts = s3.endpoint, roleArn = s3.roleArn): Storage {
  const { endpoint, region } = s3
  const sessionName = 'notebook-execution-{workspace}'
  const credentials = { kind: 'assume-role', roleArn, sessionName, stsEndpoint: sts } as const
  return s3Storage({ endpoint, region, credentials, encrypt: true, layout: SEED, ...change })
}

/** Keys are looked up at the first request: it is made while those of the given one are the service's. */
async function ambient(keys: TestS3['broker'], change: Partial<S3Settings> = {}): Promise<Storage> {
  useAmbientKeys(keys)
  try {
    const storage = assuming({ credentials: { kind: 'ambient' }, ...change })
    await storage.healthy()
    return storage
  } finally {
    useAmbientKeys(s3.broker)
  }
}

storageContract('S3, a role for each workspace, layout of the first design', async () => assuming())
storageContract('S3, a role for each workspace, layout of the platform', async () =>
  assuming({ layout: { kind: 'eodh', bucket: s3.sharedBucket }, encrypt: false }),
)
storageContract('S3, as the service itself', () => ambient(s3.adminKeys))

const place = (storage: Storage, scope: StorageScope) => storage.locate(scope, 'ndvi', randomUUID())
const put = async (storage: Storage, scope: StorageScope, object: StoredObject = place(storage, scope)) => {
  await storage.put(scope, object, [Buffer.from('{}')])
  return object
}

describe('isolation by the roles alone, as if our own fence were not there', () => {
  it("denies alice's role bob's bucket, and says who was denied what", async () => {
    await using storage = assuming({ layout: { kind: 'seed', bucket: 'workspace-bob-ws' } })
    const denied = {
      code: 'storage-failed',
      message:
        'The notebook could not be stored (s3:PutObject on bucket workspace-bob-ws by role ' +
        'arn:aws:iam::000000000000:role/workspace-alice-ws-role): access is denied. ' +
        'Ask the administrator of the workspace to allow this.',
    }
    await expect(put(storage, ALICE)).rejects.toMatchObject(denied)
    await using own = assuming()
    const object = await put(own, BOB)
    const probe = { ...object, key: place(storage, ALICE).key }
    await s3.admin.send(new PutObjectCommand({ Bucket: probe.bucket, Key: probe.key, Body: 'of bob' }))
    await expect(storage.get(ALICE, probe)).rejects.toMatchObject({
      code: 'storage-failed',
      message: expect.stringContaining('s3:GetObject on bucket workspace-bob-ws by role'),
    })
  })

  it("denies alice's role bob's prefix of the shared bucket", async () => {
    const role = s3.roleArn.replace('{workspace}', ALICE.workspace)
    await using storage = assuming({ layout: { kind: 'eodh', bucket: s3.sharedBucket } }, s3.endpoint, role)
    await put(storage, ALICE)
    await expect(put(storage, BOB)).rejects.toMatchObject({
      code: 'storage-failed',
      message: expect.stringContaining('access is denied'),
    })
  })

  it('says which role cannot be assumed when there is none', async () => {
    await using storage = assuming()
    await expect(put(storage, { workspace: 'carol-ws', user: 'carol' })).rejects.toMatchObject({
      code: 'storage-failed',
      message: expect.stringContaining(
        'sts:AssumeRole on role arn:aws:iam::000000000000:role/workspace-carol-ws-role by this service',
      ),
    })
  })

  it('lets nobody assume a role who is not trusted', async () => {
    useAmbientKeys(s3.mallory)
    await using storage = assuming()
    await expect(put(storage, ALICE)).rejects.toMatchObject({
      code: 'storage-failed',
      message: expect.stringMatching(/sts:AssumeRole on role .*workspace-alice-ws-role by this service/),
    })
    useAmbientKeys(s3.broker)
  })

  it('stores nothing as a service that may do nothing', async () => {
    await using storage = await ambient(s3.mallory)
    await expect(put(storage, ALICE)).rejects.toMatchObject({
      code: 'storage-failed',
      message: expect.stringContaining(
        '(s3:PutObject on bucket workspace-alice-ws by this service): access is denied',
      ),
    })
  })
})

describe('a workspace that is set up wrong', () => {
  const by = (kind: string, workspace: string) =>
    `by role arn:aws:iam::000000000000:role/${kind}-${workspace}-role`

  it('names role, bucket and action where the role may not write', async () => {
    await using storage = assuming({}, s3.endpoint, s3.readerArn)
    await expect(put(storage, ALICE)).rejects.toMatchObject({
      code: 'storage-failed',
      message: expect.stringContaining(
        `(s3:PutObject on bucket workspace-alice-ws ${by('reader', 'alice-ws')}): access is denied. Ask the administrator`,
      ),
    })
    await using whole = assuming()
    const object = await put(whole, ALICE)
    expect(Buffer.from(await storage.get(ALICE, object)).toString()).toBe('{}')
    await expect(storage.remove(ALICE, object)).rejects.toMatchObject({
      code: 'storage-failed',
      message: expect.stringContaining(
        `(s3:DeleteObject on bucket workspace-alice-ws ${by('reader', 'alice-ws')})`,
      ),
    })
  })

  it('names them where there is no bucket, which a role may be told or not', async () => {
    await s3.admin.send(new DeleteBucketCommand({ Bucket: 'workspace-gone-ws' }))
    await using storage = assuming()
    await expect(put(storage, GONE)).rejects.toMatchObject({
      code: 'storage-failed',
      message: expect.stringMatching(
        /\(s3:PutObject on bucket workspace-gone-ws by role \S+gone-ws-role\): (there is no such bucket|access is denied)\. Ask the/,
      ),
    })
  })

  it('is used all the same where only the clock is wrong, by that of the storage', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2 * 3_600_000 })
    try {
      const { endpoint, region, adminKeys: credentials } = s3
      const once = new S3Client({ endpoint, region, credentials, forcePathStyle: true, maxAttempts: 1 })
      await expect(once.send(new ListObjectsV2Command({ Bucket: s3.sharedBucket }))).rejects.toMatchObject({
        name: 'RequestTimeTooSkewed',
      })
      once.destroy()
      await using storage = assuming()
      const object = await put(storage, ALICE)
      expect(Buffer.from(await storage.get(ALICE, object)).toString()).toBe('{}')
    } finally {
      vi.useRealTimers()
    }
  })
})

describe('objects', () => {
  it('have their type, are encrypted, and every folder shows in JupyterLab', async () => {
    await using storage = assuming()
    const scope = { ...ALICE, user: 'Ann/e' }
    const { bucket: Bucket, key } = await put(storage, scope)
    const head = await s3.admin.send(new HeadObjectCommand({ Bucket, Key: key }))
    expect(head).toMatchObject({ ContentType: 'application/x-ipynb+json', ServerSideEncryption: 'AES256' })
    const listed = await s3.admin.send(new ListObjectsV2Command({ Bucket }))
    const keys = listed.Contents?.map((one) => one.Key)
    for (const folder of ['', 'alice-ws/', 'alice-ws/notebooks/', 'alice-ws/notebooks/Ann!2Fe/']) {
      expect(keys).toContain(`workspaces/${folder}.s3keep`)
    }
  })

  it('are not encrypted where that is not asked for', async () => {
    await using storage = assuming({ encrypt: false })
    const { bucket, key } = await put(storage, ALICE)
    const head = await s3.admin.send(new HeadObjectCommand({ Bucket: bucket, Key: key }))
    expect(head.ServerSideEncryption).toBeUndefined()
  })

  it('cost one .s3keep a folder, not one a notebook', async () => {
    await using storage = assuming()
    const scope = { ...ALICE, user: 'once' }
    const Key = 'workspaces/alice-ws/notebooks/once/.s3keep'
    const { bucket: Bucket } = await put(storage, scope)
    await s3.admin.send(new DeleteObjectCommand({ Bucket, Key }))
    await put(storage, scope)
    await expect(s3.admin.send(new HeadObjectCommand({ Bucket, Key }))).rejects.toMatchObject({
      name: 'NotFound',
    })
  })

  it('need a bucket', async () => {
    await using storage = await ambient(s3.adminKeys)
    const scope = { workspace: 'dora-ws', user: 'dora' }
    await expect(storage.get(scope, place(storage, scope))).rejects.toMatchObject({
      code: 'storage-failed',
      message:
        'The notebook could not be read (s3:GetObject on bucket workspace-dora-ws by this service): there is no such ' +
        'bucket. Ask the administrator of the workspace to have it made.',
    })
  })
})

describe('credentials of a workspace', () => {
  it('are asked for once, however many requests wait for them', async () => {
    await using sts = await countingProxy(s3.endpoint)
    await using storage = assuming({}, sts.url)
    await Promise.all(Array.from({ length: 30 }, () => put(storage, ALICE)))
    expect(sts.count()).toBe(1)
    await Promise.all([put(storage, BOB), put(storage, ALICE), put(storage, BOB)])
    expect(sts.count()).toBe(2)
  })

  it('are asked for again within five minutes of their end', async () => {
    const soon = () => new Date(Date.now() + 4 * 60_000).toISOString()
    const rewrite = (body: string) => body.replace(/<Expiration>[^<]*/, `<Expiration>${soon()}`)
    await using sts = await countingProxy(s3.endpoint, rewrite)
    await using storage = assuming({}, sts.url)
    await put(storage, ALICE)
    const before = sts.count()
    await put(storage, ALICE)
    expect(sts.count()).toBeGreaterThan(before)
  })

  it('are asked for by the name of the session, one for each', async () => {
    await using sts = await countingProxy(s3.endpoint)
    const { endpoint, region, roleArn } = s3
    await using storage = s3Storage({
      endpoint,
      region,
      credentials: { kind: 'assume-role', roleArn, sessionName: '{workspace}-{user}', stsEndpoint: sts.url },
      encrypt: false,
      layout: SEED,
    })
    await put(storage, ALICE)
    await put(storage, { ...ALICE, user: 'anna' })
    await put(storage, ALICE)
    const sessions = sts.bodies().map((body) => new URLSearchParams(body).get('RoleSessionName'))
    expect(sessions).toEqual([`${ALICE.workspace}-${ALICE.user}`, `${ALICE.workspace}-anna`])
  })
})

describe('the name of a session', () => {
  const SEED_NAME = 'notebook-execution-{workspace}'
  const PLATFORM_NAME = '{workspace}-{user}'
  const TAKEN = /^[\w+=,.@-]{2,64}$/

  it('is the filled template where STS takes it', () => {
    expect(sessionName(SEED_NAME, ALICE)).toBe('notebook-execution-alice-ws')
    expect(sessionName(PLATFORM_NAME, { workspace: 'alice-ws', user: 'alice@example.org' })).toBe(
      'alice-ws-alice@example.org',
    )
  })

  it('is cut where it is too long, and two long ones stay two', () => {
    const [long, other] = ['b', 'c'].map((end) =>
      sessionName(SEED_NAME, { workspace: 'a'.repeat(62) + end, user: 'alice' }),
    )
    expect(long).toMatch(/^notebook-execution-a{36}-[0-9a-f]{8}$/)
    expect(long).toHaveLength(64)
    expect(other).not.toBe(long)
  })

  it('fits and is one for each person, whatever their name', () => {
    const users = [
      'Ann/e',
      'Ann e',
      'Ann_e',
      'Änne',
      '李明',
      '$&',
      '{workspace}',
      'x'.repeat(255),
      'a\u{1F600}',
    ]
    const names = users.map((user) => sessionName(PLATFORM_NAME, { workspace: 'alice-ws', user }))
    for (const name of names) expect(name).toMatch(TAKEN)
    expect(new Set(names).size).toBe(users.length)
  })
})

describe('templates of the catalogue', () => {
  let read: ReadTemplate
  const request = (change = {}) => ({
    etag: undefined,
    maxBytes: 1000,
    signal: AbortSignal.timeout(30_000),
    ...change,
  })
  const body = randomBytes(1000)
  beforeAll(async () => {
    await s3.admin.send(
      new PutObjectCommand({ Bucket: s3.sharedBucket, Key: 'templates/a.ipynb', Body: body }),
    )
    useAmbientKeys(s3.adminKeys)
    read = templateReader({ region: s3.region, endpoint: s3.endpoint })
    await read(s3.sharedBucket, 'templates/a.ipynb', request())
    useAmbientKeys(s3.broker)
  })

  it('are read once, and then only when they changed', async () => {
    const first = await read(s3.sharedBucket, 'templates/a.ipynb', request())
    if (first.status !== 'fresh') throw new Error('The first answer is fresh')
    expect(Buffer.from(first.body).equals(body)).toBe(true)
    expect(await read(s3.sharedBucket, 'templates/a.ipynb', request({ etag: first.etag }))).toEqual({
      status: 'unchanged',
    })
    const other = await read(s3.sharedBucket, 'templates/a.ipynb', request({ etag: '"another"' }))
    expect(other.status).toBe('fresh')
  })

  it('are not read further than allowed', async () => {
    await expect(
      read(s3.sharedBucket, 'templates/a.ipynb', request({ maxBytes: 999 })),
    ).rejects.toMatchObject({
      code: 'template-unavailable',
      message: `The notebook s3://${s3.sharedBucket}/templates/a.ipynb is larger than the 999 bytes allowed.`,
    })
  })

  it('are reported by name when they are not there', async () => {
    await expect(read(s3.sharedBucket, 'templates/b.ipynb', request())).rejects.toMatchObject({
      code: 'template-unavailable',
      message: expect.stringContaining(
        `templates/b.ipynb could not be read: bucket ${s3.sharedBucket} has no such object`,
      ),
    })
    await expect(read('no-such-bucket', 'b.ipynb', request())).rejects.toMatchObject({
      code: 'template-unavailable',
      message: expect.stringContaining(
        '(s3:GetObject on bucket no-such-bucket by this service): there is no such bucket',
      ),
    })
  })

  it('stop when told to', async () => {
    const signal = AbortSignal.abort(new Error('too late'))
    await expect(read(s3.sharedBucket, 'templates/a.ipynb', request({ signal }))).rejects.toThrow('too late')
  })
})
