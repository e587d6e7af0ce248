import { AssumeRoleWithWebIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { request } from 'undici'
import type { WorkspaceKeys } from './grant.ts'
import { fillTemplate } from './layout.ts'
import { s3Failure } from './s3-failure.ts'
import { sessionName } from './session-name.ts'
import type { StorageScope } from './storage.ts'

/** How a person's access token is exchanged for keys to a workspace. */
export type TokenExchange =
  /** By STS itself, which trusts the issuer; one role may serve all workspaces, if its policy looks at the token. */
  | {
      readonly kind: 'web-identity'
      readonly roleArn: string
      readonly sessionName: string
      readonly stsEndpoint?: string
    }
  /** By a service of the platform, which answers as STS does, in JSON. `{workspace}` is filled in. */
  | { readonly kind: 'token-service'; readonly url: string }

export interface Exchange {
  /** For messages. */
  name(scope: StorageScope): string
  /** Throws `storage-failed`, naming action and role; never the token. */
  keys(scope: StorageScope, token: string): Promise<WorkspaceKeys>
  destroy(): void
}

const DEADLINE_MS = 10_000
const WHAT = 'The workspace storage could not be opened'

export function tokenExchange(how: TokenExchange, transport: object, region: string): Exchange {
  return how.kind === 'web-identity' ? webIdentity(how, transport, region) : tokenService(how.url)
}

function webIdentity(
  { roleArn, sessionName: session, stsEndpoint }: Extract<TokenExchange, { kind: 'web-identity' }>,
  transport: object,
  region: string,
): Exchange {
  const sts = new STSClient({
    ...transport,
    region,
    ...(stsEndpoint !== undefined && { endpoint: stsEndpoint }),
    // The request is signed by nobody: the token in it says who asks.
    credentials: { accessKeyId: 'none', secretAccessKey: 'none' },
  })
  const roleOf = (scope: StorageScope) => fillTemplate(roleArn, scope)
  return {
    name: (scope) => `role ${roleOf(scope)}`,
    async keys(scope, token) {
      const command = new AssumeRoleWithWebIdentityCommand({
        RoleArn: roleOf(scope),
        RoleSessionName: sessionName(session, scope),
        WebIdentityToken: token,
      })
      try {
        const { Credentials: got } = await sts.send(command, {
          abortSignal: AbortSignal.timeout(DEADLINE_MS),
        })
        return keysFrom(got?.AccessKeyId, got?.SecretAccessKey, got?.SessionToken, got?.Expiration)
      } catch (error) {
        const action = 'sts:AssumeRoleWithWebIdentity'
        throw s3Failure({ what: WHAT, action, actor: scope.user, target: `role ${roleOf(scope)}` }, error)
      }
    },
    destroy: () => sts.destroy(),
  }
}

function tokenService(template: string): Exchange {
  return {
    name: ({ workspace }) => `the token service’s keys to workspace ${workspace}`,
    async keys(scope, token) {
      try {
        const { statusCode, body } = await request(fillTemplate(template, scope), {
          method: 'POST',
          headers: { authorization: `Bearer ${token}`, accept: 'application/json' },
          signal: AbortSignal.timeout(DEADLINE_MS),
        })
        const text = await body.text()
        if (statusCode >= 300) throw new ServiceRefusal(statusCode)
        const answer: unknown = JSON.parse(text)
        const of = (name: string) => memberOf(answer, name)
        const expiration = of('expiration')
        return keysFrom(
          of('accessKeyId'),
          of('secretAccessKey'),
          of('sessionToken'),
          expiration === undefined ? undefined : new Date(expiration),
        )
      } catch (error) {
        const target = `workspace ${scope.workspace}`
        throw s3Failure({ what: WHAT, action: 'POST s3-tokens', actor: scope.user, target }, error)
      }
    },
    destroy: () => undefined,
  }
}

/** Named as S3 names the same. */
class ServiceRefusal extends Error {
  override readonly name: string

  constructor(status: number) {
    super(`The token service answered with status ${status}`)
    this.name = status === 401 ? 'ExpiredToken' : status < 500 ? 'AccessDenied' : 'ServiceUnavailable'
  }
}

function memberOf(answer: unknown, name: string): string | undefined {
  if (typeof answer !== 'object' || answer === null) return undefined
  const [, value] = Object.entries(answer).find(([key]) => key === name) ?? []
  return typeof value === 'string' ? value : undefined
}

function keysFrom(
  accessKeyId: string | undefined,
  secretAccessKey: string | undefined,
  sessionToken: string | undefined,
  expiration: Date | undefined,
): WorkspaceKeys {
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    throw new Error('The security token service answered without credentials')
  }
  if (expiration === undefined || Number.isNaN(expiration.getTime())) {
    throw new Error('The security token service did not say how long its credentials are good for')
  }
  return { accessKeyId, secretAccessKey, expiration, ...(sessionToken !== undefined && { sessionToken }) }
}
