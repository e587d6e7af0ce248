import { createHash } from 'node:crypto'
import { S3Client } from '@aws-sdk/client-s3'
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts'
import { LRUCache } from 'lru-cache'
import { RunnerError } from '../errors.ts'
import { fillTemplate } from './layout.ts'
import { s3Failure } from './s3-failure.ts'
import { sessionName } from './session-name.ts'
import type { StorageScope } from './storage.ts'
import { type Exchange, type TokenExchange, tokenExchange } from './token-exchange.ts'

/**
 * As whom objects are read and written. `ambient`: the service itself, by the usual AWS variables, files and
 * instance roles. `assume-role`: one role a workspace, assumed by the service; `roleArn` holds `{workspace}`, and
 * `sessionName`, by which AWS's own log tells who it was, `{workspace}` or `{user}` or both. The others: as a person, by
 * their own token (`StorageGrant`).
 */
export type S3Credentials =
  | { readonly kind: 'ambient' }
  | {
      readonly kind: 'assume-role'
      readonly roleArn: string
      readonly sessionName: string
      readonly stsEndpoint?: string
    }
  | TokenExchange

export interface S3Address {
  readonly region: string
  /** Another S3 than Amazon's; its buckets are then named in the path. */
  readonly endpoint?: string
}

export interface S3Connection extends S3Address {
  readonly credentials: S3Credentials
}

export interface Actor {
  readonly client: S3Client
  /** For messages: “role …” or “this service”. */
  readonly name: string
}

/** Sessions whose credentials are held at a time; a client is about 25 kB. */
const MAX_CLIENTS = 500
/** Milliseconds, all tries together. */
const STS_DEADLINE = 10_000

/**
 * A client for each session, all on the same connections. The SDK itself keeps a client's credentials until five
 * minutes before they expire, and asks for new ones once however many requests wait for them.
 */
export class S3Clients {
  /** Acts as the service. */
  readonly service: S3Client
  readonly #connection: S3Connection
  readonly #roles: { readonly arn: string; readonly session: string; readonly sts: STSClient } | undefined
  readonly #exchange: Exchange | undefined
  readonly #actors = new LRUCache<string, Actor>({ max: MAX_CLIENTS })

  constructor(connection: S3Connection) {
    this.#connection = connection
    this.service = new S3Client(clientSettings(connection))
    const { region, credentials } = connection
    if (credentials.kind === 'assume-role') {
      const { roleArn: arn, sessionName: session, stsEndpoint: endpoint } = credentials
      this.#roles = {
        arn,
        session,
        sts: new STSClient({ ...transport, region, ...(endpoint === undefined ? {} : { endpoint }) }),
      }
    } else if (credentials.kind !== 'ambient') {
      this.#exchange = tokenExchange(credentials, transport, region)
    }
  }

  /** Where the service works by what people give it. */
  get exchange(): Exchange | undefined {
    return this.#exchange
  }

  /** Makes no request: credentials are fetched with the first one that needs them. Throws `storage-failed` without a grant. */
  actor(scope: StorageScope): Actor {
    if (this.#exchange !== undefined) return this.#granted(this.#exchange, scope)
    if (this.#roles === undefined) return { client: this.service, name: 'this service' }
    const { arn, sts } = this.#roles
    const role = fillTemplate(arn, scope)
    const session = sessionName(this.#roles.session, scope)
    const key = `${scope.workspace} ${role} ${session}`
    const known = this.#actors.get(key)
    if (known !== undefined) return known
    const actor = {
      name: `role ${role}`,
      client: new S3Client({
        ...clientSettings(this.#connection),
        requestHandler: this.service.config.requestHandler,
        credentials: () => assumeRole(sts, role, session),
      }),
    }
    this.#actors.set(key, actor)
    return actor
  }

  #granted(exchange: Exchange, scope: StorageScope): Actor {
    const { grant, workspace } = scope
    if (grant === undefined) {
      throw new RunnerError(
        'storage-failed',
        `The storage of workspace ${workspace} is open only to the people in it, and what one of them had given for this has expired. Sign in and open the page of the run: it is stored then.`,
      )
    }
    const held = grant.kind === 'token' ? grant.token : grant.keys.accessKeyId
    const key = `${workspace} ${createHash('sha256').update(held).digest('base64')}`
    const known = this.#actors.get(key)
    if (known !== undefined) return known
    const credentials =
      grant.kind === 'token' ? () => exchange.keys(scope, grant.token) : async () => grant.keys
    const actor = {
      name: exchange.name(scope),
      client: new S3Client({
        ...clientSettings(this.#connection),
        requestHandler: this.service.config.requestHandler,
        credentials,
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
    this.#roles?.sts.destroy()
    this.#exchange?.destroy()
  }
}

async function assumeRole(sts: STSClient, role: string, session: string) {
  try {
    const command = new AssumeRoleCommand({ RoleArn: role, RoleSessionName: session })
    // Many requests may be waiting for this one answer: its deadline is its own, not that of the first of them.
    const { Credentials: got } = await sts.send(command, { abortSignal: AbortSignal.timeout(STS_DEADLINE) })
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
    const what = 'The workspace storage could not be opened'
    throw s3Failure({ what, action: 'sts:AssumeRole', actor: 'this service', target: `role ${role}` }, error)
  }
}

/** Three tries in all; the storage's own deadline ends what takes longer than that. */
const transport = { maxAttempts: 3, requestHandler: { connectionTimeout: 3000 } }

export function clientSettings({ region, endpoint }: S3Address) {
  return { ...transport, region, ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }) }
}
