import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/config.ts'
import { EODH, faultsOf, inForce, SEED } from './settings.ts'

describe('preset local', () => {
  it('needs no setting: one local user, a folder, a Jupyter server as a child', () => {
    const { config } = loadConfig({})
    expect(config).toMatchObject({
      preset: 'local',
      host: '127.0.0.1',
      port: 8000,
      basePath: '',
      dataDir: join(process.cwd(), 'data'),
      database: { kind: 'embedded' },
      catalogue: { kind: 'examples' },
      identity: { kind: 'local' },
      storage: { kind: 'disk' },
      kernels: { kind: 'local' },
      view: { kind: 'child' },
      reservedInputs: 'when-declared',
      logLevel: 'warn',
    })
    expect([config.publicUrl, config.metricsPort, config.trustedProxies, config.templates.hosts]).toEqual([
      undefined,
      undefined,
      [],
      [],
    ])
  })

  it('shows what is in force and where it came from', () => {
    expect(inForce({ PORT: '8001' })).toEqual({
      PRESET: ['local', 'default'],
      PREVIEW_HOSTS: ['*', 'preset local'],
      HOST: ['127.0.0.1', 'default'],
      PORT: ['8001', 'environment'],
      BASE_PATH: ['', 'default'],
      DATA_DIR: ['./data', 'default'],
      IDENTITY: ['local', 'preset local'],
      STORAGE: ['disk', 'preset local'],
      WARM_KERNELS: ['1', 'preset local'],
      KEEP_FAILED_KERNELS: ['900', 'preset local'],
      KERNELS: ['local', 'preset local'],
      MAX_CONCURRENT_RUNS: ['2', 'default'],
      MAX_RUNS_PER_WORKSPACE: ['8', 'default'],
      MAX_RUNS_PER_PERSON: ['8', 'default'],
      MAX_SWEEP_RUNS: ['100', 'default'],
      RUN_TIMEOUT: ['86400', 'default'],
      MAX_QUEUED_RUNS: ['1000', 'default'],
      MAX_REQUESTS: ['0', 'preset local'],
      MAX_EVENT_STREAMS: ['0', 'preset local'],
      KEEP_EVENTS: ['604800', 'default'],
      KEEP_SNAPSHOTS: ['2592000', 'default'],
      KEEP_HIDDEN_RUNS: ['2592000', 'default'],
      KEEP_RUN_FOLDERS: ['2592000', 'default'],
      MAX_FILES: ['1000', 'default'],
      MAX_FILE_BYTES: ['500000000', 'default'],
      MAX_OUTPUT_BYTES: ['100000000', 'default'],
      MAX_CELL_OUTPUT_BYTES: ['50000000', 'default'],
      OTEL_SERVICE_NAME: ['notebook-runner', 'default'],
      OTEL_TRACES_SAMPLER: ['parentbased_always_on', 'default'],
      LOG_LEVEL: ['warn', 'preset local'],
    })
  })

  it('stores in S3 by the layout of the first design where it is told to', () => {
    const { config } = loadConfig({
      STORAGE: 's3',
      S3_CREDENTIALS: 'ambient',
      S3_ENDPOINT: 'http://127.0.0.1:9000',
      SINGLEUSER_WORKSPACE_BUCKET: 'notebooks',
      VIEW_URL: 'https://lab.example/{key}',
    })
    expect(config.storage).toEqual({
      kind: 's3',
      layout: 'seed',
      bucket: 'notebooks',
      address: { region: 'eu-west-2', endpoint: 'http://127.0.0.1:9000' },
      credentials: { kind: 'ambient' },
    })
    expect(config.view).toEqual({ kind: 'template', template: 'https://lab.example/{key}' })
  })
})

describe('preset seed', () => {
  it('is the first design: its issuer, audience, layout, role, session and view link', () => {
    const { config } = loadConfig(SEED)
    expect(config).toMatchObject({
      host: '0.0.0.0',
      metricsPort: 9090,
      identity: {
        kind: 'oidc',
        issuer: 'https://platform.example/auth/realms/eodhp',
        audiences: ['eodhp'],
      },
      storage: {
        layout: 'seed',
        bucket: 'workspace-{workspace}',
        address: { region: 'eu-west-2' },
        credentials: {
          kind: 'assume-role',
          roleArn: 'arn:aws:iam::000000000000:role/workspace-{workspace}-role',
          sessionName: 'notebook-execution-{workspace}',
        },
      },
      kernels: { kind: 'none' },
      view: { kind: 'template', template: 'https://platform.example/notebooks/lab/tree/s3/{key}' },
      reservedInputs: 'always',
      logLevel: 'info',
    })
  })

  it('tells which values are its own', () => {
    expect(inForce(SEED)).toMatchObject({
      PRESET: ['seed', 'environment'],
      HOST: ['0.0.0.0', 'preset seed'],
      PORT: ['8000', 'default'],
      PLATFORM_DOMAIN: ['platform.example', 'environment'],
      OIDC_ISSUER: ['https://platform.example/auth/realms/eodhp', 'preset seed'],
      SINGLEUSER_WORKSPACE_BUCKET: ['workspace-{workspace}', 'preset seed'],
      LOG_LEVEL: ['info', 'default'],
    })
  })
})

describe('a hub', () => {
  it('is used by preset seed once it is told where one is', () => {
    const hub = { JUPYTERHUB_API_URL: 'http://proxy/notebooks/hub/api/', JUPYTERHUB_API_TOKEN: 'a secret' }
    expect(loadConfig({ ...SEED, ...hub }).config.kernels).toEqual({
      kind: 'hub',
      apiUrl: 'http://proxy/notebooks/hub/api',
      token: 'a secret',
      url: 'https://platform.example/notebooks',
      server: 'default',
      prestart: false,
      oneServer: 'no',
    })
    expect(inForce({ ...SEED, ...hub })['JUPYTERHUB_API_TOKEN']).toEqual(['********', 'environment'])
    expect(loadConfig({ ...SEED, ...hub, KERNELS: 'none' }).config.kernels).toEqual({ kind: 'none' })
  })

  it('is told what is wrong', () => {
    expect(faultsOf({ ...SEED, KERNELS: 'hub', JUPYTERHUB_API_URL: 'http://hub:8081/hub' })).toEqual([
      'JUPYTERHUB_API_URL must end with /hub/api; got "http://hub:8081/hub"',
      'JUPYTERHUB_API_TOKEN is missing',
    ])
  })

  it('that lets a person have one server can’t start one for each run', () => {
    const hub = { JUPYTERHUB_API_URL: 'http://hub:8081/hub/api', JUPYTERHUB_API_TOKEN: 'a secret' }
    const fresh = { ...SEED, ...hub, JUPYTERHUB_SERVER: 'fresh' }
    expect(faultsOf({ ...fresh, JUPYTERHUB_ONE_SERVER: 'person' })).toEqual([
      'JUPYTERHUB_SERVER can’t be fresh with JUPYTERHUB_ONE_SERVER=person: the server of each run would be stopped for that of the next. Use default or workspace',
    ])
    expect(loadConfig(fresh).config.kernels).toMatchObject({ server: 'fresh', oneServer: 'no' })
  })
})

describe('preset eodh', () => {
  it('is the platform as it is: its realm, audiences, shared bucket, session and hub', () => {
    const { config } = loadConfig({ ...EODH, WORKSPACES_DOMAIN: 'workspaces.example' })
    expect(config).toMatchObject({
      identity: {
        kind: 'oidc',
        issuer: 'https://platform.example/keycloak/realms/eodhp',
        audiences: ['oauth2-proxy-workspaces', 'oauth2-proxy', 'account'],
      },
      storage: {
        layout: 'eodh',
        bucket: 'workspaces-eodhp',
        credentials: {
          kind: 'token-service',
          url: 'https://platform.example/api/workspaces/{workspace}/me/s3-tokens',
        },
      },
      kernels: {
        kind: 'hub',
        apiUrl: 'https://workspaces.example/notebooks/hub/api',
        url: 'https://workspaces.example/notebooks',
        server: 'workspace',
      },
      view: {
        template:
          'https://workspaces.example/notebooks/hub/spawn/{user}/{server}?workspace={workspace}' +
          '&next=/notebooks/user/{user}/{server}/lab/tree/s3/{path}',
      },
      reservedInputs: 'when-declared',
    })
  })

  it('takes the platform’s domain for that of the workspaces where there is no other', () => {
    const { config } = loadConfig(EODH)
    expect(config.view).toMatchObject({ template: expect.stringMatching(/^https:\/\/platform\.example\//) })
  })
})

describe('any setting', () => {
  it('overrides that of its preset, and an empty one counts as not given', () => {
    expect(
      inForce({ ...SEED, OIDC_ISSUER: 'https://id.example', OIDC_AUDIENCE: ' a, b ', METRICS_PORT: '' }),
    ).toMatchObject({
      OIDC_ISSUER: ['https://id.example', 'environment'],
      OIDC_AUDIENCE: ['a, b', 'environment'],
      METRICS_PORT: ['9090', 'preset seed'],
    })
    expect(loadConfig({ ...SEED, OIDC_AUDIENCE: ' a, b ' }).config.identity).toMatchObject({
      audiences: ['a', 'b'],
    })
  })

  it('is taken in any case where it is a word, and without slashes at its end where it is an address', () => {
    const { config } = loadConfig({
      PRESET: 'LOCAL',
      LOG_LEVEL: 'Debug',
      BASE_PATH: '/notebook-runner/',
      PUBLIC_URL: 'https://runner.example/notebook-runner/',
    })
    expect(config).toMatchObject({
      preset: 'local',
      logLevel: 'debug',
      basePath: '/notebook-runner',
      publicUrl: 'https://runner.example/notebook-runner',
    })
  })

  it.each([
    ['https://catalogue.example/a.json', { kind: 'http', url: 'https://catalogue.example/a.json' }],
    ['/srv/notebooks', { kind: 'path', path: '/srv/notebooks' }],
    ['notebooks', { kind: 'path', path: join(process.cwd(), 'notebooks') }],
  ])('CONFIG_URL=%s names a catalogue', (CONFIG_URL, catalogue) => {
    expect(loadConfig({ CONFIG_URL }).config.catalogue).toEqual(catalogue)
  })

  it('knows proxies and the hosts of notebooks by all their forms', () => {
    const { config } = loadConfig({
      TRUSTED_PROXIES: '127.0.0.1, 10.0.0.0/8,::1,fd00::/8',
      TEMPLATE_HOSTS: 'data.example,data.example:8443,*.data.example,[::1]:8000,s3://templates.example',
    })
    expect(config.trustedProxies).toEqual(['127.0.0.1', '10.0.0.0/8', '::1', 'fd00::/8'])
    expect(config.templates.hosts).toHaveLength(5)
  })
})
