import { GetObjectCommand, ListBucketsCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { LRUCache } from 'lru-cache'
import { RunnerError } from '../errors.ts'
import { assertInside, type Layout, locate } from './layout.ts'
import { type Actor, S3Clients, type S3Connection } from './s3-clients.ts'
import { s3Failure, s3Kind, s3Status } from './s3-failure.ts'
import type { Storage, StorageScope, StoredObject } from './storage.ts'

/** Milliseconds for one operation with all its tries. */
const DEADLINE = 60_000

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

  locate(scope: StorageScope, notebookId: string, outputId: string): StoredObject {
    return locate(this.#settings.layout, scope, notebookId, outputId)
  }

  /** One PutObject: S3 shows an object whole or not at all. */
  async put(scope: StorageScope, object: StoredObject, body: readonly Uint8Array[], signal?: AbortSignal) {
    await this.#do('s3:PutObject', 'stored', scope, object, signal, async ({ client }, abortSignal) => {
      const put = (key: string, content: Uint8Array, type: string) =>
        client.send(
          new PutObjectCommand({
            Bucket: object.bucket,
            Key: key,
            Body: content,
            ContentType: type,
            ...(this.#settings.encrypt ? { ServerSideEncryption: 'AES256' } : {}),
          }),
          { abortSignal },
        )
      await put(object.key, Buffer.concat(body), 'application/x-ipynb+json')
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

  async get(scope: StorageScope, object: StoredObject, signal?: AbortSignal): Promise<Uint8Array> {
    return this.#do('s3:GetObject', 'read', scope, object, signal, async ({ client }, abortSignal) => {
      const command = new GetObjectCommand({ Bucket: object.bucket, Key: object.key })
      const { Body: content } = await client.send(command, { abortSignal })
      return (await content?.transformToByteArray()) ?? new Uint8Array()
    })
  }

  /** Whether S3 answers and takes this service's keys; what they allow is each workspace's own matter. */
  async healthy(signal?: AbortSignal): Promise<boolean> {
    try {
      const abortSignal = within(2000, signal)
      await this.#clients.service.send(new ListBucketsCommand({ MaxBuckets: 1 }), { abortSignal })
      return true
    } catch (error) {
      return s3Kind(error) === 'AccessDenied'
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

  async #do<Result>(
    action: string,
    done: string,
    scope: StorageScope,
    object: StoredObject,
    signal: AbortSignal | undefined,
    work: (actor: Actor, signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    assertInside(this.#settings.layout, scope, object)
    signal?.throwIfAborted()
    const actor = this.#clients.actor(scope)
    try {
      return await work(actor, within(DEADLINE, signal))
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason
      if (s3Kind(error) === 'ExpiredToken') this.#clients.forget(actor)
      if (s3Status(error) === 404 && s3Kind(error) === 'NoSuchKey') {
        throw new RunnerError(
          'not-found',
          `The notebook ${object.key} is no longer in bucket ${object.bucket}.`,
        )
      }
      const what = `The notebook could not be ${done}`
      throw s3Failure({ what, action, actor: actor.name, target: `bucket ${object.bucket}` }, error)
    }
  }
}

function within(milliseconds: number, signal: AbortSignal | undefined): AbortSignal {
  const timeout = AbortSignal.timeout(milliseconds)
  return signal === undefined ? timeout : AbortSignal.any([signal, timeout])
}
