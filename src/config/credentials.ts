import type { SettingReader } from './setting-reader.ts'

export type CredentialsConfig =
  | { readonly kind: 'ambient' }
  | {
      readonly kind: 'assume-role' | 'web-identity'
      readonly roleArn: string
      readonly sessionName: string
      readonly stsEndpoint?: string
    }
  | { readonly kind: 'token-service'; readonly url: string }

const MIN_SECRET = 32

export function readCredentials(read: SettingReader, layout: 'seed' | 'eodh'): CredentialsConfig {
  const kind = read.oneOf('S3_CREDENTIALS', ['ambient', 'assume-role', 'web-identity', 'token-service'])
  if (kind === 'token-service') return { kind, url: readTokenService(read) }
  const stsEndpoint = read.url('STS_ENDPOINT', ['http:', 'https:'])
  if (kind === undefined || kind === 'ambient') return { kind: 'ambient' }
  const roleArn = read.template('SINGLEUSER_AWS_ROLE_ARN', ['workspace', 'user'], { required: true })
  // The bucket may be shared, where each role may use a prefix of it; a role may not: it is what AWS tells workspaces by.
  // By web identity it may: then AWS sees whose token it is.
  if (kind === 'assume-role' && roleArn !== undefined && !roleArn.includes('{workspace}')) {
    read.fault(
      'SINGLEUSER_AWS_ROLE_ARN',
      'must contain {workspace}: one role for all could reach every workspace. To work as the service itself, set S3_CREDENTIALS=ambient',
    )
  }
  return {
    kind,
    roleArn: roleArn ?? '',
    sessionName: layout === 'seed' ? 'notebook-execution-{workspace}' : '{workspace}-{user}',
    ...(stsEndpoint !== undefined && { stsEndpoint }),
  }
}

function readTokenService(read: SettingReader): string {
  const url = read.template('S3_TOKEN_SERVICE', ['workspace', 'user'], { required: true }) ?? ''
  if (url !== '' && !/^https?:\/\/[^/?#{}]+\//.test(url)) {
    read.fault('S3_TOKEN_SERVICE', `must be an http(s) URL whose host has no placeholder; got "${url}"`)
  } else if (url.startsWith('http:') && !/^http:\/\/(127\.\d+\.\d+\.\d+|localhost|\[::1\])[:/]/.test(url)) {
    read.fault(
      'S3_TOKEN_SERVICE',
      'must be https, because access tokens go there; http is accepted on loopback only',
    )
  }
  return url
}

/** What seals the keys of runs: the first closes, all open. Undefined where there is no secret. */
export function readCredentialSecrets(read: SettingReader): readonly [string, ...string[]] | undefined {
  const own = read.list('CREDENTIALS_SECRET')
  if (own.some((one) => one.length < MIN_SECRET)) {
    read.fault(
      'CREDENTIALS_SECRET',
      `must have at least ${MIN_SECRET} characters, each where there are several`,
    )
  }
  const [first, ...others] = own.length > 0 ? own : read.list('SESSION_SECRET')
  return first === undefined ? undefined : [first, ...others]
}
