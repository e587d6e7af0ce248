import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { s3Storage } from '../../src/storage/s3.ts'
import type { S3Credentials } from '../../src/storage/s3-clients.ts'
import { useAmbientKeys } from '../support/s3.ts'
import { ALICE } from './contract.ts'

// A server that answers as S3 and STS do when something is wrong: what no healthy one can be brought to say.
let answer: (request: IncomingMessage, response: ServerResponse) => void
const server = createServer((request, response) => {
  request.resume().on('end', () => answer(request, response))
})
let endpoint: string
beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  endpoint = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
})
afterAll(async () => {
  server.closeAllConnections()
  await new Promise((done) => server.close(done))
})
beforeEach(() => useAmbientKeys({ accessKeyId: randomUUID(), secretAccessKey: randomUUID() }))

const storageAt = (url: string, credentials: S3Credentials = { kind: 'ambient' }) =>
  s3Storage({
    endpoint: url,
    region: 'eu-west-2',
    credentials,
    encrypt: false,
    layout: { kind: 'seed', bucket: 'workspace-{workspace}' },
  })
const roles = (): S3Credentials => ({
  kind: 'assume-role',
  roleArn: 'arn:aws:iam::000000000000:role/workspace-{workspace}-role',
  sessionName: 'notebook-execution-{workspace}',
  stsEndpoint: endpoint,
})
const fail = (status: number, code: string) => (_: IncomingMessage, response: ServerResponse) => {
  response.writeHead(status, { 'content-type': 'application/xml' })
  response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>canary</Message></Error>`)
}
const place = (storage: ReturnType<typeof storageAt>) => storage.locate(ALICE, 'ndvi', randomUUID())
const put = (storage: ReturnType<typeof storageAt>, signal?: AbortSignal) =>
  storage.put(ALICE, place(storage), [Buffer.from('{}')], signal)

describe('what S3 answers, in the words of a person', () => {
  it.each([
    [403, 'AccessDenied', 'access is denied. Ask the administrator of the workspace'],
    [404, 'NoSuchBucket', 'there is no such bucket'],
    [301, 'PermanentRedirect', 'the bucket is in another region'],
    [400, 'AuthorizationHeaderMalformed', 'the bucket is in another region'],
    [400, 'ExpiredToken', 'the credentials have expired. Try again.'],
    [403, 'InvalidAccessKeyId', 'the access keys are not accepted'],
    [403, 'SignatureDoesNotMatch', 'the access keys are not accepted'],
    [503, 'SlowDown', 'the storage is overloaded'],
    [500, 'InternalError', 'the storage is overloaded'],
    [400, 'EntityTooLarge', 'the storage answered EntityTooLarge.'],
    [418, '<b>', 'the storage answered'],
  ])('%i %s', async (status, code, words) => {
    answer = fail(status, code)
    await using storage = storageAt(endpoint)
    await expect(put(storage)).rejects.toMatchObject({
      code: 'storage-failed',
      message: expect.stringMatching(
        new RegExp(
          `^The notebook could not be stored \\(s3:PutObject on bucket workspace-alice-ws by this service\\): ${words}`,
        ),
      ),
    })
    await expect(put(storage)).rejects.not.toMatchObject({ message: expect.stringContaining('canary') })
  })

  it('a lost bucket is not a lost notebook', async () => {
    await using storage = storageAt(endpoint)
    answer = fail(404, 'NoSuchBucket')
    await expect(storage.get(ALICE, place(storage))).rejects.toMatchObject({ code: 'storage-failed' })
    answer = fail(404, 'NoSuchKey')
    await expect(storage.get(ALICE, place(storage))).rejects.toMatchObject({ code: 'not-found' })
  })

  it('nothing at all', async () => {
    answer = (request) => request.socket.destroy()
    await using storage = storageAt(endpoint)
    await expect(put(storage)).rejects.toMatchObject({ message: expect.stringContaining('does not answer') })
    expect(await storage.healthy()).toBe(false)
    await using nowhere = storageAt('http://127.0.0.1:1')
    await expect(put(nowhere)).rejects.toMatchObject({ message: expect.stringContaining('does not answer') })
  })

  it('what is no S3', async () => {
    answer = (_, response) => response.writeHead(200).end('<html>')
    await using storage = storageAt(endpoint)
    expect(await storage.healthy()).toBe(false)
    answer = (_, response) => response.writeHead(404).end('<html>')
    await expect(put(storage)).rejects.toMatchObject({ code: 'storage-failed' })
    await expect(storage.get(ALICE, place(storage))).rejects.toMatchObject({ code: 'storage-failed' })
  })

  it('waits no longer than the caller', async () => {
    answer = () => undefined
    await using storage = storageAt(endpoint)
    await expect(put(storage, AbortSignal.timeout(50))).rejects.toMatchObject({ name: 'TimeoutError' })
    expect(await storage.healthy(AbortSignal.timeout(50))).toBe(false)
  })

  it('asks for credentials where there are none', async () => {
    const before = { ...process.env }
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) delete process.env[name]
    const nothing = {
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    }
    Object.assign(process.env, nothing)
    try {
      await using storage = storageAt(endpoint, roles())
      await expect(put(storage)).rejects.toMatchObject({
        code: 'storage-failed',
        message: expect.stringContaining('this service has no AWS credentials'),
      })
    } finally {
      for (const name of Object.keys(nothing)) delete process.env[name]
      Object.assign(process.env, before)
    }
  })
})

describe('a folder without its .s3keep', () => {
  it('takes notebooks all the same', async () => {
    const stored: (string | undefined)[] = []
    answer = (request, response) => {
      if (request.url?.includes('.s3keep')) return fail(403, 'AccessDenied')(request, response)
      stored.push(request.url)
      return response.writeHead(200).end()
    }
    await using storage = storageAt(endpoint)
    await put(storage)
    expect(stored).toHaveLength(1)
  })
})

describe('credentials that S3 no longer takes', () => {
  it('are replaced with the next request', async () => {
    const seen: string[] = []
    let sessions = 0
    answer = (request, response) => {
      if (request.url === '/') return response.writeHead(200).end(session(++sessions))
      seen.push(String(request.headers['x-amz-security-token']))
      if (seen.length === 1) return fail(400, 'ExpiredToken')(request, response)
      return response.writeHead(200).end()
    }
    await using storage = storageAt(endpoint, roles())
    await expect(put(storage)).rejects.toMatchObject({ message: expect.stringContaining('Try again.') })
    await put(storage)
    await put(storage)
    expect(new Set(seen)).toEqual(new Set(['session-1', 'session-2']))
    expect(sessions).toBe(2)
  })

  it('are never taken from an answer that has none', async () => {
    answer = (_, response) => response.writeHead(200).end('<AssumeRoleResponse/>')
    await using storage = storageAt(endpoint, roles())
    await expect(put(storage)).rejects.toMatchObject({
      code: 'storage-failed',
      message: expect.stringContaining('sts:AssumeRole on role'),
    })
  })
})

function session(number: number): string {
  const expiration = new Date(Date.now() + 3_600_000).toISOString()
  return `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
    <AccessKeyId>key</AccessKeyId><SecretAccessKey>${randomUUID()}</SecretAccessKey>
    <SessionToken>session-${number}</SessionToken><Expiration>${expiration}</Expiration>
  </Credentials></AssumeRoleResult></AssumeRoleResponse>`
}
