import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/config.ts'
import { type Environment, EODH, faultsOf, inForce, SEED } from './settings.ts'

const HUB = {
  IDENTITY: 'hub',
  JUPYTERHUB_API_URL: 'https://hub.example/hub/api',
  JUPYTERHUB_API_TOKEN: 'none',
  SESSION_SECRET: 'x'.repeat(32),
  KERNELS: 'none',
  VIEW_URL: 'https://lab.example/{key}',
}
const OIDC: Environment = {
  IDENTITY: 'oidc',
  KERNELS: 'none',
  OIDC_ISSUER: 'https://id.example',
  OIDC_AUDIENCE: 'runner',
  VIEW_URL: 'https://lab.example/{key}',
}

describe('a setting that is wrong', () => {
  const wrong: ReadonlyArray<readonly [string, Environment, string]> = [
    ['an unknown preset', { PRESET: 'sed' }, 'PRESET must be local, seed or eodh; got "sed"'],
    ['a port out of range', { PORT: '65536' }, 'PORT must be a whole number from 0 to 65535; got "65536"'],
    ['a port that is no number', { PORT: '80a' }, 'PORT must be a whole number from 0 to 65535; got "80a"'],
    [
      'a port for metrics',
      { METRICS_PORT: '-1' },
      'METRICS_PORT must be a whole number from 0 to 65535; got "-1"',
    ],
    [
      'a base path',
      { BASE_PATH: 'runner' },
      'BASE_PATH must be a path such as /notebook-runner; got "runner"',
    ],
    [
      'a public URL',
      { PUBLIC_URL: 'runner.example' },
      'PUBLIC_URL must be a URL with http:// or https://; got "runner.example"',
    ],
    [
      'a catalogue of an unknown scheme',
      { CONFIG_URL: 'ftp://host/a' },
      'CONFIG_URL must be an http(s) URL, a file or a folder; got "ftp://host/a"',
    ],
    [
      'a catalogue that is half a URL',
      { CONFIG_URL: 'https://' },
      'CONFIG_URL must be a URL with http:// or https://; got "https://"',
    ],
    ['an identity', { IDENTITY: 'guess' }, 'IDENTITY must be local, oidc or hub; got "guess"'],
    [
      'a hub without a secret',
      { ...HUB, SESSION_SECRET: '' },
      'SESSION_SECRET is missing beside IDENTITY=hub',
    ],
    [
      'a hub over http',
      { ...HUB, PUBLIC_URL: 'http://runner.example' },
      'PUBLIC_URL must be https with IDENTITY=hub; http is accepted on loopback only',
    ],
    [
      'people who could be called like groups',
      { ...HUB, JUPYTERHUB_WORKSPACES: '{user},group:{workspace}' },
      'JUPYTERHUB_WORKSPACES must tell people’s own workspaces from those of groups, such as own-{user} beside a group: a person could be called like a group',
    ],
    [
      'workspaces that say nothing',
      { ...HUB, JUPYTERHUB_WORKSPACES: 'group:all' },
      'JUPYTERHUB_WORKSPACES must be such as own-{user},group:team-{workspace}: each with its one placeholder, and one with {user} at most',
    ],
    [
      'a short token',
      { RUNNER_TOKEN: 'short' },
      'RUNNER_TOKEN must have at least 16 characters, or be unset for a random one',
    ],
    [
      'a limit of memory',
      { KERNEL_MEMORY: '1' },
      'KERNEL_MEMORY must be a whole number from 64 to 99999999; got "1"',
    ],
    [
      'a limit of kernels that others start',
      { ...OIDC, KERNEL_THREADS: '2' },
      'KERNEL_THREADS is of no effect with KERNELS=none: whoever starts its kernels limits them',
    ],
    ['a storage', { STORAGE: 'tape' }, 'STORAGE must be disk or s3; got "tape"'],
    [
      'kernels',
      { KERNELS: 'gateway', VIEW_URL: 'https://lab.example/' },
      'KERNELS must be none, local, local-shared, server or hub; got "gateway"',
    ],
    [
      'a log level',
      { LOG_LEVEL: 'loud' },
      'LOG_LEVEL must be trace, debug, info, warn, error, fatal or silent; got "loud"',
    ],
    [
      'a view link that is no URL',
      { VIEW_URL: 'lab/{key}' },
      'VIEW_URL must be an http(s) URL whose host has no placeholder; got "lab/{key}"',
    ],
    [
      'a view link to a host that a name decides',
      { VIEW_URL: 'https://{user}.example/' },
      'VIEW_URL must be an http(s) URL whose host has no placeholder; got "https://{user}.example/"',
    ],
    [
      'an unknown placeholder',
      { VIEW_URL: 'https://lab.example/{file}' },
      'VIEW_URL has the unknown placeholder {file}; known are {workspace}, {user}, {server}, {key}, {path}',
    ],
    [
      'an unknown placeholder in a bucket',
      { ...SEED, SINGLEUSER_WORKSPACE_BUCKET: 'w-{ws}' },
      'SINGLEUSER_WORKSPACE_BUCKET has the unknown placeholder {ws}; known are {workspace}, {user}',
    ],
    [
      'a domain that is a URL',
      { ...SEED, PLATFORM_DOMAIN: 'https://x', OIDC_ISSUER: 'https://id.example' },
      'PLATFORM_DOMAIN must be a host name; got "https://x" (or set VIEW_URL itself)',
    ],
    [
      'a proxy by name',
      { TRUSTED_PROXIES: '10.0.0.1,proxy' },
      'TRUSTED_PROXIES must be addresses or networks such as 10.0.0.0/8; got "proxy"',
    ],
    [
      'a network of too many bits',
      { TRUSTED_PROXIES: '10.0.0.0/33' },
      'TRUSTED_PROXIES must be addresses or networks such as 10.0.0.0/8; got "10.0.0.0/33"',
    ],
    [
      'the whole world as a proxy',
      { TRUSTED_PROXIES: '::/0' },
      'TRUSTED_PROXIES must be addresses or networks such as 10.0.0.0/8; got "::/0"',
    ],
    [
      'a host of previews as a URL',
      { PREVIEW_HOSTS: 'https://data.example/' },
      'PREVIEW_HOSTS must be names such as data.example, data.example:8443 or *.data.example, or *; got "https://data.example/"',
    ],
    [
      'a host of templates as a URL',
      { TEMPLATE_HOSTS: 'https://data.example/' },
      'TEMPLATE_HOSTS must be names such as data.example, data.example:8443, *.data.example or s3://bucket; got "https://data.example/"',
    ],
    [
      'an endpoint of S3',
      { ...SEED, S3_ENDPOINT: 'minio:9000' },
      'S3_ENDPOINT must be a URL with http:// or https://; got "minio:9000"',
    ],
    [
      'an endpoint of STS',
      { ...SEED, STS_ENDPOINT: 'sts' },
      'STS_ENDPOINT must be a URL with http:// or https://; got "sts"',
    ],
    [
      'credentials of another kind',
      { ...SEED, S3_CREDENTIALS: 'keys' },
      'S3_CREDENTIALS must be ambient, assume-role, web-identity or token-service; got "keys"',
    ],
    [
      'an issuer that is no URL',
      { ...OIDC, OIDC_ISSUER: 'id.example' },
      'OIDC_ISSUER must be a URL with http:// or https://; got "id.example"',
    ],
    [
      'no audience but commas',
      { ...OIDC, OIDC_AUDIENCE: ', ,' },
      'OIDC_AUDIENCE must name at least one accepted audience',
    ],
  ]
  it.each(wrong)('%s', (_, environment, fault) => {
    expect(faultsOf(environment)).toEqual([fault])
  })

  it('is told together with all the others', () => {
    expect(() =>
      loadConfig({ PRESET: 'seed', PORT: 'x', LOG_LEVEL: 'loud', S3_CREDENTIALS: 'keys' }),
    ).toThrow(
      [
        '5 settings are wrong:',
        '  - PORT must be a whole number from 0 to 65535; got "x"',
        '  - PLATFORM_DOMAIN is missing (or set OIDC_ISSUER itself)',
        '  - S3_CREDENTIALS must be ambient, assume-role, web-identity or token-service; got "keys"',
        '  - PLATFORM_DOMAIN is missing (or set VIEW_URL itself)',
        '  - LOG_LEVEL must be trace, debug, info, warn, error, fatal or silent; got "loud"',
      ].join('\n'),
    )
    expect(() => loadConfig({ PORT: 'x' })).toThrow('One setting is wrong:\n')
  })
})

describe('settings that do not go together', () => {
  it('one local user on an address that others reach', () => {
    expect(faultsOf({ HOST: '0.0.0.0' })).toEqual([
      'HOST must be a loopback address with IDENTITY=local, which knows one user only; got "0.0.0.0"',
    ])
    for (const HOST of ['127.0.0.1', '127.8.8.8', 'localhost', '::1']) expect(faultsOf({ HOST })).toEqual([])
    for (const HOST of ['10.0.0.1', '127.0.0.1.example', '::', 'runner']) {
      expect(faultsOf({ HOST })).toHaveLength(1)
    }
  })

  it('users of an issuer, and kernels of the runner’s own', () => {
    expect(faultsOf({ ...OIDC, KERNELS: 'local' })).toEqual([
      'KERNELS local is refused with IDENTITY=oidc: kernels started by the runner share its operating-system user, so that everybody’s code reaches everybody’s files and this service. Where all people trust each other, say so by KERNELS=local-shared',
    ])
    expect(faultsOf(OIDC)).toEqual([])
  })

  it('no JupyterLab of the runner’s own, and no link to another', () => {
    const fault =
      'VIEW_URL is needed where notebooks are not opened in the JupyterLab of KERNELS=local on STORAGE=disk'
    expect(faultsOf({ KERNELS: 'none' })).toEqual([fault])
    const s3: Environment = { STORAGE: 's3', S3_CREDENTIALS: 'ambient', SINGLEUSER_WORKSPACE_BUCKET: 'w' }
    expect(faultsOf(s3)).toEqual([fault])
  })

  it('an issuer without TLS that is not on this machine', () => {
    expect(faultsOf({ ...OIDC, OIDC_ISSUER: 'http://id.example/realms/a' })).toEqual([
      'OIDC_ISSUER must be https; http is accepted on loopback only; got "http://id.example/realms/a"',
    ])
    for (const OIDC_ISSUER of ['http://127.0.0.1:8080/a', 'http://localhost/a', 'http://[::1]/a']) {
      expect(faultsOf({ ...OIDC, OIDC_ISSUER })).toEqual([])
    }
  })

  it('an issuer that is needed and not named', () => {
    expect(faultsOf({ IDENTITY: 'oidc', KERNELS: 'none', VIEW_URL: 'https://lab.example/' })).toEqual([
      'OIDC_ISSUER is missing',
      'OIDC_AUDIENCE must name at least one accepted audience',
    ])
  })

  it('S3 without a bucket, or without a word on credentials', () => {
    expect(faultsOf({ STORAGE: 's3', VIEW_URL: 'https://lab.example/' })).toEqual([
      'SINGLEUSER_WORKSPACE_BUCKET is missing',
      'S3_CREDENTIALS must be ambient, assume-role, web-identity or token-service; got nothing',
    ])
  })

  it('a role that is assumed, and is the same for every workspace', () => {
    const role = 'arn:aws:iam::000000000000:role/all'
    const fault =
      'SINGLEUSER_AWS_ROLE_ARN must contain {workspace}: one role for all could reach every workspace. ' +
      'To work as the service itself, set S3_CREDENTIALS=ambient'
    expect(faultsOf({ ...SEED, SINGLEUSER_AWS_ROLE_ARN: role })).toEqual([fault])
    expect(faultsOf({ ...SEED, SINGLEUSER_AWS_ROLE_ARN: `${role}-{user}` })).toEqual([fault])
    expect(faultsOf({ ...EODH, SINGLEUSER_AWS_ROLE_ARN: role, S3_CREDENTIALS: 'assume-role' })).toEqual([
      fault,
    ])
    // By web identity STS sees whose token it is.
    expect(faultsOf({ ...EODH, SINGLEUSER_AWS_ROLE_ARN: role, S3_CREDENTIALS: 'web-identity' })).toEqual([])
    expect(faultsOf({ ...EODH, SINGLEUSER_AWS_ROLE_ARN: role, S3_CREDENTIALS: 'ambient' })).toEqual([])
    expect(faultsOf({ PRESET: 'seed', PLATFORM_DOMAIN: 'platform.example' })).toEqual([
      'SINGLEUSER_AWS_ROLE_ARN is missing',
    ])
  })

  it('a bucket may be shared, as each role may be held to its part of it', () => {
    expect(faultsOf({ ...EODH, S3_CREDENTIALS: 'assume-role' })).toEqual([])
    expect(faultsOf({ ...SEED, SINGLEUSER_WORKSPACE_BUCKET: 'shared' })).toEqual([])
  })
})

describe('secrets', () => {
  const token = randomBytes(16).toString('hex')
  const password = randomBytes(16).toString('hex')

  it('are used, and masked where settings are shown', () => {
    const environment = { RUNNER_TOKEN: token, DATABASE_URL: `postgres://u:${password}@db.example/runner` }
    const { config, settings } = loadConfig(environment)
    expect(config.identity).toEqual({ kind: 'local', token })
    expect(config.database).toEqual({ kind: 'url', url: environment.DATABASE_URL })
    expect(inForce(environment)).toMatchObject({
      RUNNER_TOKEN: ['********', 'environment'],
      DATABASE_URL: ['********', 'environment'],
    })
    expect(JSON.stringify(settings)).not.toContain(token)
    expect(JSON.stringify(settings)).not.toContain(password)
  })

  it('are not told back where they are wrong', () => {
    const faults = faultsOf({ RUNNER_TOKEN: token.slice(0, 15), DATABASE_URL: `mysql://u:${password}@db/x` })
    expect(faults).toHaveLength(2)
    expect(faults.join()).not.toContain(token.slice(0, 15))
    expect(faults.join()).not.toContain(password)
  })

  it('people’s tokens, without people, or with nothing to seal them by', () => {
    const { CREDENTIALS_SECRET: _, ...unsealed } = EODH
    expect(faultsOf(unsealed)).toEqual([
      'CREDENTIALS_SECRET is missing: with S3_CREDENTIALS=token-service it seals what runs need of people who have gone',
    ])
    expect(faultsOf({ ...unsealed, SESSION_SECRET: 's'.repeat(32) })).toEqual([])
    expect(faultsOf({ ...unsealed, KERNELS: 'none' })).toEqual([])
    expect(faultsOf({ ...EODH, CREDENTIALS_SECRET: 'short' })).toEqual([
      'CREDENTIALS_SECRET must have at least 32 characters, each where there are several',
    ])
    expect(faultsOf({ ...EODH, S3_TOKEN_SERVICE: 'http://tokens.example/{workspace}' })).toEqual([
      'S3_TOKEN_SERVICE must be https, because access tokens go there; http is accepted on loopback only',
    ])
    expect(faultsOf({ ...EODH, S3_TOKEN_SERVICE: 'tokens.example' })).toEqual([
      'S3_TOKEN_SERVICE must be an http(s) URL whose host has no placeholder; got "tokens.example"',
    ])
    expect(faultsOf({ ...EODH, IDENTITY: 'local', HOST: '127.0.0.1' })).toEqual([
      'S3_CREDENTIALS token-service needs IDENTITY=oidc: it exchanges people’s access tokens',
    ])
  })

  it('kernels of the runner’s own for everybody are taken where they are asked for by name', () => {
    const shared = { ...SEED, KERNELS: 'local-shared' }
    expect(faultsOf(shared)).toEqual([])
  })
})
