import { createHash } from 'node:crypto'
import { S3Client } from '@aws-sdk/client-s3'
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts'
import { LRUCache } from 'lru-cache'
import { fillTemplate } from './layout.ts'
import { s3Failure } from './s3-failure.ts'
import type { StorageScope } from './storage.ts'

/**
 * As whom objects are read and written. `ambient`: the service itself, by the usual AWS variables, files and
 * instance roles. `assume-role`: one role a workspace, assumed by the service; `roleArn` holds `{workspace}`.
 */
export type S3Credentials =
  | { readonly kind: 'ambient' }
  | { readonly kind: 'assume-role'; readonly roleArn: string; readonly stsEndpoint?: string }

export interface S3Connection {
  readonly region: string
  /** Another S3 than Amazon's; its buckets are then named in the path. */
  readonly endpoint?: string
  readonly credentials: S3Credentials
}

export interface Actor {
  readonly client: S3Client
  /** For messages: “role …” or “this service”. */
  readonly name: string
}

/** Workspaces whose credentials are held at a time; a client is about 25 kB. */
const MAX_CLIENTS = 500
const MAX_SESSION_NAME = 64

/**
 * A client for each workspace, all on the same connections. The SDK itself keeps a client's credentials until five
 * minutes before they expire, and asks for new ones once however many requests wait for them.
 */
export class S3Clients {
  /** Acts as the service. */
  readonly service: S3Client
  readonly #connection: S3Connection
  readonly #sts: STSClient | undefined
  readonly #actors = new LRUCache<string, Actor>({ max: MAX_CLIENTS })

  constructor(connection: S3Connection) {
    this.#connection = connection
    this.service = new S3Client(clientSettings(connection))
    const { region, credentials } = connection
    if (credentials.kind === 'assume-role') {
      const endpoint = credentials.stsEndpoint
      this.#sts = new STSClient({ ...transport, region, ...(endpoint === undefined ? {} : { endpoint }) })
    }
  }

  /** Makes no request: credentials are fetched with the first one that needs them. */
  actor(scope: StorageScope): Actor {
    const { credentials } = this.#connection
    if (credentials.kind === 'ambient') return { client: this.service, name: 'this service' }
    const roleArn = fillTemplate(credentials.roleArn, scope)
    const key = `${scope.workspace} ${roleArn}`
    const known = this.#actors.get(key)
    if (known !== undefined) return known
    const actor = {
      name: `role ${roleArn}`,
      client: new S3Client({
        ...clientSettings(this.#connection),
        requestHandler: this.service.config.requestHandler,
        credentials: () => this.#assume(roleArn, sessionName(scope.workspace)),
      }),
    }
    this.#actors.set(key, actor)
    return actor
  }

  /** Credentials that S3 no longer takes, before their time: the next request assumes the role again. */
  forget(actor: Actor): void {
    for (const [key, one] of this.#actors.entries()) if (one === actor) this.#actors.delete(key)
  }

  destroy(): void {
    this.service.destroy()
    this.#sts?.destroy()
  }

  async #assume(roleArn: string, session: string) {
    const task = {
      what: 'The workspace storage could not be opened',
      action: 'sts:AssumeRole',
      actor: 'this service',
    }
    try {
      const command = new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: session })
      const { Credentials: got } = (await this.#sts?.send(command)) ?? {}
      if (got?.AccessKeyId === undefined || got.SecretAccessKey === undefined) {
        throw new Error('The security token service answered without credentials')
      }
      return {
        accessKeyId: got.AccessKeyId,
        secretAccessKey: got.SecretAccessKey,
        ...(got.SessionToken === undefined ? {} : { sessionToken: got.SessionToken }),
        ...(got.Expiration === undefined ? {} : { expiration: got.Expiration }),
      }
    } catch (error) {
      throw s3Failure({ ...task, target: `role ${roleArn}` }, error)
    }
  }
}

/** `notebook-execution-{workspace}`; the longest names are cut and told apart by a hash (STS takes 64 characters). */
export function sessionName(workspace: string): string {
  const name = `notebook-execution-${workspace}`
  if (name.length <= MAX_SESSION_NAME) return name
  const hash = createHash('sha256').update(workspace).digest('hex').slice(0, 8)
  return `${name.slice(0, MAX_SESSION_NAME - 9)}-${hash}`
}

/** Three tries in all; the storage's own deadline ends what takes longer than that. */
const transport = { maxAttempts: 3, requestHandler: { connectionTimeout: 3000 } }

export function clientSettings({ region, endpoint }: S3Connection) {
  return { ...transport, region, ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }) }
}
