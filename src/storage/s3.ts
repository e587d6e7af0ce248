import { Readable } from 'node:stream'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListBucketsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { LRUCache } from 'lru-cache'
import { request } from 'undici'
import { RunnerError } from '../errors.ts'
import { assertInside, type Layout, locate } from './layout.ts'
import { type Actor, S3Clients, type S3Connection } from './s3-clients.ts'
import { s3Failure, s3Kind, s3Status } from './s3-failure.ts'
import { SourceGuard } from './source-guard.ts'
import type { ByteRange, Storage, StorageScope, StoredObject } from './storage.ts'
import { TooLate } from './too-late.ts'

/** Milliseconds for one operation with all its tries. */
const DEADLINE = 60_000
/** The same for a file, which may be large. */
const FILE_DEADLINE = 900_000
/** A file goes in parts of so many bytes, so many at a time: that is what is held in memory of it. */
const PARTS = { partSize: 8 * 1024 * 1024, queueSize: 2 }

export interface S3Settings extends S3Connection {
  readonly layout: Layout
  /** Ask for server-side encryption (AES256) with each object. */
  readonly encrypt: boolean
}

/** Storage in S3, as the workspace's role or as the service itself. */
export function s3Storage(settings: S3Settings): Storage {
  return new S3Storage(settings)
}

class S3Storage implements Storage {
  readonly kind = 's3'
  readonly #settings: S3Settings
  readonly #clients: S3Clients
  /** Folders known to have their `.s3keep`. */
  readonly #kept = new LRUCache<string, true>({ max: 10_000 })

  constructor(settings: S3Settings) {
    this.#settings = settings
    this.#clients = new S3Clients(settings)
  }

  get keys(): Storage['keys'] {
    const { exchange } = this.#clients
    return exchange && ((scope, token) => exchange.keys(scope, token))
  }

  locate(scope: StorageScope, notebookId: string, outputId: string): StoredObject {
    return locate(this.#settings.layout, scope, notebookId, outputId)
  }

  /** An object is safe once S3 has answered. */
  async together() {
    return undefined
  }

  /** One PutObject: S3 shows an object whole or not at all. */
  async put(
    scope: StorageScope,
    object: StoredObject,
    body: Iterable<Uint8Array>,
    signal?: AbortSignal,
    still?: () => boolean,
  ) {
    await this.#do('s3:PutObject', 'stored', scope, object, signal, async ({ client }, abortSignal) => {
      const put = (key: string, content: Uint8Array, type: string) =>
        client.send(
          new PutObjectCommand({
            Bucket: object.bucket,
            Key: key,
            Body: content,
            ContentType: type,
            ...this.#encryption(),
          }),
          { abortSignal },
        )
      const content = Buffer.concat([...body])
      if (still?.() === false) throw new TooLate()
      await put(object.key, content, 'application/x-ipynb+json')
      await Promise.all(
        this.#foldersToKeep(object).map(async (folder) => {
          // Only a convenience of the JupyterLab view: a role that may not write it must not fail the notebook.
          await put(`${folder}.s3keep`, new Uint8Array(), 'application/octet-stream').then(
            () => this.#kept.set(`${object.bucket}/${folder}`, true),
            () => undefined,
          )
        }),
      )
    })
  }

  /** One PutObject, or a multipart upload that is given up where it can't be completed. */
  async putFile(
    scope: StorageScope,
    object: StoredObject,
    content: AsyncIterable<Uint8Array>,
    mediaType: string,
    signal?: AbortSignal,
  ) {
    const guard = new SourceGuard()
    const put = async ({ client }: Actor, abortSignal: AbortSignal) => {
      const params = {
        Bucket: object.bucket,
        Key: object.key,
        Body: Readable.from(guard.pass(content), { objectMode: false }),
        ContentType: mediaType,
        ...this.#encryption(),
      }
      const upload = new Upload({ client, params, ...PARTS })
      const abort = () => void upload.abort()
      abortSignal.addEventListener('abort', abort)
      try {
        await upload.done()
      } finally {
        abortSignal.removeEventListener('abort', abort)
      }
    }
    try {
      await this.#do('s3:PutObject', 'stored', scope, object, signal, put, FILE_DEADLINE)
    } catch (error) {
      throw guard.reasonOf(error)
    }
  }

  async get(scope: StorageScope, object: StoredObject, signal?: AbortSignal): Promise<Uint8Array> {
    return this.#do('s3:GetObject', 'read', scope, object, signal, async ({ client }, abortSignal) => {
      const command = new GetObjectCommand({ Bucket: object.bucket, Key: object.key })
      const { Body: content } = await client.send(command, { abortSignal })
      return (await content?.transformToByteArray()) ?? new Uint8Array()
    })
  }

  async read(
    scope: StorageScope,
    object: StoredObject,
    range: ByteRange | undefined,
    signal?: AbortSignal,
  ): Promise<Readable> {
    const work = async ({ client }: Actor, abortSignal: AbortSignal) => {
      const command = new GetObjectCommand({
        Bucket: object.bucket,
        Key: object.key,
        ...(range !== undefined && { Range: `bytes=${range.start}-${range.end}` }),
      })
      const { Body: content } = await client.send(command, { abortSignal })
      return content instanceof Readable ? content : Readable.from([])
    }
    return this.#do('s3:GetObject', 'read', scope, object, signal, work, FILE_DEADLINE)
  }

  async remove(scope: StorageScope, object: StoredObject, signal?: AbortSignal): Promise<void> {
    await this.#do('s3:DeleteObject', 'removed', scope, object, signal, async ({ client }, abortSignal) => {
      const command = new DeleteObjectCommand({ Bucket: object.bucket, Key: object.key })
      await client.send(command, { abortSignal })
    })
  }

  /** Whether S3 answers and takes this service's keys; what they allow is each workspace's own matter. */
  async healthy(signal?: AbortSignal): Promise<boolean> {
    const abortSignal = within(2000, signal)
    if (this.#clients.exchange !== undefined) return this.#answers(abortSignal)
    try {
      await this.#clients.service.send(new ListBucketsCommand({ MaxBuckets: 1 }), { abortSignal })
      return true
    } catch (error) {
      return s3Kind(error) === 'AccessDenied'
    }
  }

  /** Without keys of the service, any answer is one. */
  async #answers(signal: AbortSignal): Promise<boolean> {
    const { region, endpoint = `https://s3.${region}.amazonaws.com` } = this.#settings
    try {
      const { body } = await request(endpoint, { method: 'HEAD', signal })
      await body.dump()
      return true
    } catch {
      return false
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#clients.destroy()
  }

  /** The JupyterLab view of S3 shows a folder only if it holds an object `.s3keep`; so do all folders above it. */
  #foldersToKeep({ bucket, key }: StoredObject): string[] {
    const parts = key.split('/').slice(0, -1)
    const folders = parts.map((_, index) => `${parts.slice(0, index + 1).join('/')}/`)
    return folders.filter((folder) => !this.#kept.has(`${bucket}/${folder}`))
  }

  #encryption(): { ServerSideEncryption?: 'AES256' } {
    return this.#settings.encrypt ? { ServerSideEncryption: 'AES256' } : {}
  }

  async #do<Result>(
    action: string,
    done: string,
    scope: StorageScope,
    object: StoredObject,
    signal: AbortSignal | undefined,
    work: (actor: Actor, signal: AbortSignal) => Promise<Result>,
    deadline = DEADLINE,
  ): Promise<Result> {
    assertInside(this.#settings.layout, scope, object)
    signal?.throwIfAborted()
    const actor = this.#clients.actor(scope)
    try {
      return await work(actor, within(deadline, signal))
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason
      if (s3Kind(error) === 'ExpiredToken') this.#clients.forget(actor)
      if (s3Status(error) === 404 && s3Kind(error) === 'NoSuchKey') {
        throw new RunnerError('not-found', `${object.key} is no longer in bucket ${object.bucket}.`)
      }
      const what = `The ${object.key.endsWith('.ipynb') ? 'notebook' : 'file'} could not be ${done}`
      throw s3Failure({ what, action, actor: actor.name, target: `bucket ${object.bucket}` }, error)
    }
  }
}

function within(milliseconds: number, signal: AbortSignal | undefined): AbortSignal {
  const timeout = AbortSignal.timeout(milliseconds)
  return signal === undefined ? timeout : AbortSignal.any([signal, timeout])
}
