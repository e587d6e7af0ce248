import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { RunnerError } from '../errors.ts'
import { type CredentialsConfig, readCredentialSecrets, readCredentials } from './credentials.ts'
import { type Environment, readEnvironment } from './env.ts'
import { type HubIdentityConfig, readHubIdentity } from './hub-identity.ts'
import { type KernelsConfig, readKernels } from './kernels.ts'
import { BASE_DEFAULTS, type PresetName, presetDefaults } from './presets.ts'
import { type RolesConfig, readRoles } from './roles.ts'
import { type Setting, SettingReader } from './setting-reader.ts'
import { type DeviceConfig, readDevice, readSignIn, type SignInConfig } from './sign-in.ts'
import { readTracing, type TracingConfig } from './tracing.ts'

export type IdentityConfig =
  | { readonly kind: 'local'; readonly token: string | undefined }
  | {
      readonly kind: 'oidc'
      readonly issuer: string
      readonly audiences: readonly [string, ...string[]]
      /** Undefined: nobody signs in here, and all bring a token. */
      readonly signIn: SignInConfig | undefined
      /** Undefined: nobody signs in at a terminal. */
      readonly device: DeviceConfig | undefined
      /** Undefined: all are managers of their workspaces. */
      readonly roles: RolesConfig | undefined
    }
  | HubIdentityConfig

type DatabaseConfig = { readonly kind: 'embedded' } | { readonly kind: 'url'; readonly url: string }

interface S3Address {
  readonly region: string
  /** Another S3 than Amazon's. */
  readonly endpoint?: string
}

type StorageConfig =
  | { readonly kind: 'disk' }
  | {
      readonly kind: 's3'
      readonly layout: 'seed' | 'eodh'
      readonly bucket: string
      readonly address: S3Address
      readonly credentials: CredentialsConfig
    }

type CatalogueConfig =
  | { readonly kind: 'examples' }
  | { readonly kind: 'http'; readonly url: string }
  | { readonly kind: 'path'; readonly path: string }

/** Where notebooks may come from besides the catalogue's own origin; `s3` where some of them are buckets. */
interface TemplatesConfig {
  readonly hosts: readonly string[]
  readonly s3: S3Address | undefined
}

/** What each kernel may have; `memoryMebibytes` with all processes that it starts. */
export interface KernelLimitsConfig {
  readonly threads?: number
  readonly memoryMebibytes?: number
}

interface RunsConfig {
  /** Of this process. */
  readonly concurrency: number
  readonly perWorkspace: number
  readonly perPerson: number
  readonly perSweep: number
  /** Of this process. */
  readonly warmKernels: number
  /** Seconds that things are kept after a run has ended; undefined: for ever. */
  readonly keep: {
    readonly events: number | undefined
    readonly snapshots: number | undefined
    readonly hiddenRuns: number | undefined
    readonly runs: number | undefined
    readonly folders: number | undefined
  }
  readonly keepFailedSeconds: number
  /** Of one person in one workspace. */
  readonly mostQueued: number
  /** Of one run. */
  readonly files: { readonly most: number; readonly bytes: number }
  readonly limits: {
    readonly cellSeconds?: number
    readonly silentSeconds?: number
    readonly runSeconds: number
    readonly outputBytes: number
    readonly cellOutputBytes: number
  }
}

/** Where a prepared notebook is looked at: the child server's own JupyterLab, or a link made from a template. */
type ViewConfig = { readonly kind: 'child' } | { readonly kind: 'template'; readonly template: string }

/** What one person may ask of one server; undefined: as much as they like. */
interface PersonConfig {
  readonly requestsPerMinute: number | undefined
  readonly streams: number | undefined
}

export interface Config {
  readonly preset: PresetName
  readonly host: string
  readonly port: number
  /** '' or '/path', without a trailing slash. */
  readonly basePath: string
  /** Without a trailing slash; undefined: http://HOST:PORT/BASE_PATH, known once the server listens. */
  readonly publicUrl: string | undefined
  readonly metricsPort: number | undefined
  readonly trustedProxies: readonly string[]
  readonly dataDir: string
  readonly database: DatabaseConfig
  readonly catalogue: CatalogueConfig
  readonly templates: TemplatesConfig
  readonly previewHosts: readonly string[]
  readonly identity: IdentityConfig
  readonly storage: StorageConfig
  /** Seal what runs need of people who have gone. */
  readonly credentialSecrets: readonly [string, ...string[]] | undefined
  readonly kernels: KernelsConfig
  readonly kernelLimits: KernelLimitsConfig
  readonly runs: RunsConfig
  readonly person: PersonConfig
  readonly view: ViewConfig
  /** Bucket template injected as `workspace_s3_bucket`, of the first design, whatever the storage is. */
  readonly reservedInputs: 'always' | 'when-declared'
  /** Undefined: there are no traces. */
  readonly tracing: TracingConfig | undefined
  readonly logLevel: string
  /** The whole environment, from which child processes are given the little that they need. */
  readonly environment: Readonly<Record<string, string | undefined>>
}

/**
 * Settings from the environment: the preset's defaults, overridden one by one, checked and cross-checked.
 * @throws RunnerError `invalid-settings` with every fault, one a line.
 */
export function loadConfig(processEnvironment = process.env): {
  config: Config
  settings: readonly Setting[]
} {
  const env = readEnvironment(processEnvironment)
  const preset = presetOf(env)
  const read = new SettingReader(env, BASE_DEFAULTS, preset, presetDefaults(preset ?? 'local', env))
  read.oneOf('PRESET', ['local', 'seed', 'eodh'])

  const config: Config = {
    preset: preset ?? 'local',
    host: read.required('HOST'),
    port: read.integer('PORT', 0, 65_535) ?? 8000,
    basePath: readBasePath(read),
    publicUrl: read.url('PUBLIC_URL', ['http:', 'https:'])?.replace(/\/+$/, ''),
    metricsPort: read.integer('METRICS_PORT', 0, 65_535),
    trustedProxies: readProxies(read),
    dataDir: resolve(read.required('DATA_DIR')),
    database: readDatabase(read),
    catalogue: readCatalogue(read),
    templates: readTemplates(read),
    previewHosts: readPreviewHosts(read),
    identity: readIdentity(read),
    storage: readStorage(read, preset ?? 'local'),
    credentialSecrets: readCredentialSecrets(read),
    kernels: readKernels(read),
    kernelLimits: readKernelLimits(read),
    runs: readRuns(read),
    person: {
      requestsPerMinute: read.integer('MAX_REQUESTS', 0, 1_000_000) || undefined,
      streams: read.integer('MAX_EVENT_STREAMS', 0, 1_000_000) || undefined,
    },
    view: readView(read),
    reservedInputs: preset === 'seed' ? 'always' : 'when-declared',
    environment: processEnvironment,
    tracing: readTracing(read),
    logLevel:
      read.oneOf('LOG_LEVEL', ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']) ?? 'info',
  }
  crossCheck(read, config)
  const { faults } = read
  if (faults.length > 0) {
    const count = faults.length === 1 ? 'One setting is wrong' : `${faults.length} settings are wrong`
    throw new RunnerError(
      'invalid-settings',
      `${count}:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`,
    )
  }
  return { config, settings: read.settings() }
}

function presetOf(env: Environment): PresetName | undefined {
  const name = (env.PRESET ?? 'local').toLowerCase()
  return name === 'local' || name === 'seed' || name === 'eodh' ? name : undefined
}

function readBasePath(read: SettingReader): string {
  const value = (read.optional('BASE_PATH') ?? '').replace(/\/+$/, '')
  if (value !== '' && !/^(\/[A-Za-z0-9._~-]+)+$/.test(value)) {
    read.fault('BASE_PATH', `must be a path such as /notebook-runner; got "${value}"`)
  }
  return value
}

function readProxies(read: SettingReader): readonly string[] {
  const proxies = read.list('TRUSTED_PROXIES')
  for (const proxy of proxies.filter((one) => !isNetwork(one))) {
    read.fault('TRUSTED_PROXIES', `must be addresses or networks such as 10.0.0.0/8; got "${proxy}"`)
  }
  return proxies
}

function isNetwork(text: string): boolean {
  const [, address = '', bits] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const most = isIP(address) === 4 ? 32 : 128
  return isIP(address) !== 0 && (bits === undefined || (Number(bits) >= 1 && Number(bits) <= most))
}

/** The example data of the service itself can always be seen. */
function readPreviewHosts(read: SettingReader): readonly string[] {
  const hosts = read.list('PREVIEW_HOSTS')
  for (const host of hosts) {
    if (/^(\*|((\*\.)?[a-z0-9.-]+|\[[0-9a-f:]+\])(:\d{1,5})?)$/i.test(host)) continue
    read.fault(
      'PREVIEW_HOSTS',
      `must be names such as data.example, data.example:8443 or *.data.example, or *; got "${host}"`,
    )
  }
  return hosts
}

function readHosts(read: SettingReader): readonly string[] {
  const hosts = read.list('TEMPLATE_HOSTS')
  for (const host of hosts) {
    if (/^(s3:\/\/[a-z0-9.-]+|((\*\.)?[a-z0-9.-]+|\[[0-9a-f:]+\])(:\d{1,5})?)$/i.test(host)) continue
    const expected = 'data.example, data.example:8443, *.data.example or s3://bucket'
    read.fault('TEMPLATE_HOSTS', `must be names such as ${expected}; got "${host}"`)
  }
  return hosts
}

function readDatabase(read: SettingReader): DatabaseConfig {
  const url = read.url('DATABASE_URL', ['postgres:', 'postgresql:'])
  return url === undefined ? { kind: 'embedded' } : { kind: 'url', url }
}

function readCatalogue(read: SettingReader): CatalogueConfig {
  const value = read.optional('CONFIG_URL')
  if (value === undefined) return { kind: 'examples' }
  if (/^https?:/i.test(value))
    return { kind: 'http', url: read.url('CONFIG_URL', ['http:', 'https:']) ?? value }
  if (/^[a-z][a-z0-9+.-]+:/i.test(value)) {
    read.fault('CONFIG_URL', `must be an http(s) URL, a file or a folder; got "${value}"`)
  }
  return { kind: 'path', path: resolve(value) }
}

function readTemplates(read: SettingReader): TemplatesConfig {
  const hosts = readHosts(read)
  if (!hosts.some((host) => host.startsWith('s3://'))) return { hosts, s3: undefined }
  return { hosts, s3: readS3Address(read) }
}

function readS3Address(read: SettingReader): S3Address {
  const endpoint = read.url('S3_ENDPOINT', ['http:', 'https:'])
  return { region: read.required('SINGLEUSER_AWS_REGION'), ...(endpoint !== undefined && { endpoint }) }
}

/** @throws nothing: what is wrong is a fault of `read` */
export function readKernelLimits(read: SettingReader): KernelLimitsConfig {
  const threads = read.integer('KERNEL_THREADS', 1, 1_024)
  const memoryMebibytes = read.integer('KERNEL_MEMORY', 64, 99_999_999)
  if (memoryMebibytes !== undefined && process.platform !== 'linux') {
    read.fault('KERNEL_MEMORY', 'works on Linux only, whose kernel tells what processes take')
  }
  return {
    ...(threads !== undefined && { threads }),
    ...(memoryMebibytes !== undefined && { memoryMebibytes }),
  }
}

function readRuns(read: SettingReader): RunsConfig {
  const cellSeconds = read.integer('CELL_TIMEOUT', 1, 999_999_999)
  const silentSeconds = read.integer('IDLE_TIMEOUT', 1, 999_999_999)
  return {
    concurrency: read.integer('MAX_CONCURRENT_RUNS', 0, 1_000) ?? 0,
    perWorkspace: read.integer('MAX_RUNS_PER_WORKSPACE', 1, 100_000) ?? 1,
    perPerson: read.integer('MAX_RUNS_PER_PERSON', 1, 100_000) ?? 1,
    perSweep: read.integer('MAX_SWEEP_RUNS', 1, 1_000) ?? 1,
    warmKernels: read.integer('WARM_KERNELS', 0, 100) ?? 0,
    keep: {
      events: read.integer('KEEP_EVENTS', 0, 999_999_999),
      snapshots: read.integer('KEEP_SNAPSHOTS', 0, 999_999_999),
      hiddenRuns: read.integer('KEEP_HIDDEN_RUNS', 0, 999_999_999),
      runs: read.integer('KEEP_RUNS', 0, 999_999_999),
      folders: read.integer('KEEP_RUN_FOLDERS', 0, 999_999_999),
    },
    keepFailedSeconds: read.integer('KEEP_FAILED_KERNELS', 0, 86_400) ?? 0,
    mostQueued: read.integer('MAX_QUEUED_RUNS', 1, 1_000_000) ?? 1,
    files: {
      most: read.integer('MAX_FILES', 0, 100_000) ?? 0,
      bytes: read.integer('MAX_FILE_BYTES', 0, 999_999_999) ?? 0,
    },
    limits: {
      ...(cellSeconds !== undefined && { cellSeconds }),
      ...(silentSeconds !== undefined && { silentSeconds }),
      runSeconds: read.integer('RUN_TIMEOUT', 1, 999_999_999) ?? 1,
      outputBytes: read.integer('MAX_OUTPUT_BYTES', 1_000, 999_999_999) ?? 1_000,
      cellOutputBytes: read.integer('MAX_CELL_OUTPUT_BYTES', 1_000, 999_999_999) ?? 1_000,
    },
  }
}

function readIdentity(read: SettingReader): IdentityConfig {
  const kind = read.oneOf('IDENTITY', ['local', 'oidc', 'hub'])
  if (kind === 'hub') return readHubIdentity(read)
  if (kind !== 'oidc') {
    const token = read.optional('RUNNER_TOKEN')
    if (token !== undefined && token.length < 16) {
      read.fault('RUNNER_TOKEN', 'must have at least 16 characters, or be unset for a random one')
    }
    return { kind: 'local', token }
  }
  const issuer = read.url('OIDC_ISSUER', ['http:', 'https:'], { required: true }) ?? ''
  if (issuer.startsWith('http:') && !isLoopback(new URL(issuer).hostname)) {
    read.fault('OIDC_ISSUER', `must be https; http is accepted on loopback only; got "${issuer}"`)
  }
  const [audience, ...others] = read.list('OIDC_AUDIENCE')
  if (audience === undefined) read.fault('OIDC_AUDIENCE', 'must name at least one accepted audience')
  return {
    kind: 'oidc',
    issuer,
    audiences: [audience ?? '', ...others],
    signIn: readSignIn(read),
    device: readDevice(read),
    roles: readRoles(read),
  }
}

function readStorage(read: SettingReader, preset: PresetName): StorageConfig {
  const kind = read.oneOf('STORAGE', ['disk', 's3'])
  if (kind !== 's3') return { kind: 'disk' }
  const layout = preset === 'eodh' ? 'eodh' : 'seed'
  return {
    kind,
    layout,
    bucket: read.template('SINGLEUSER_WORKSPACE_BUCKET', ['workspace', 'user'], { required: true }) ?? '',
    address: readS3Address(read),
    credentials: readCredentials(read, layout),
  }
}

function readView(read: SettingReader): ViewConfig {
  const template = read.template('VIEW_URL', ['workspace', 'user', 'server', 'key', 'path'])
  if (template === undefined) return { kind: 'child' }
  if (!/^https?:\/\/[^/?#{}]+\//.test(template)) {
    read.fault('VIEW_URL', `must be an http(s) URL whose host has no placeholder; got "${template}"`)
  }
  return { kind: 'template', template }
}

/** What no setting can know alone. */
function crossCheck(read: SettingReader, config: Config): void {
  if (config.view.kind === 'child' && (config.kernels.kind !== 'local' || config.storage.kind !== 'disk')) {
    read.fault(
      'VIEW_URL',
      'is needed where notebooks are not opened in the JupyterLab of KERNELS=local on STORAGE=disk',
    )
  }
  if (config.identity.kind === 'local' && !isLoopback(config.host)) {
    read.fault(
      'HOST',
      `must be a loopback address with IDENTITY=local, which knows one user only; got "${config.host}"`,
    )
  }
  const { identity } = config
  if (identity.kind === 'hub' || (identity.kind === 'oidc' && identity.signIn !== undefined)) {
    const { publicUrl = `http://${config.host}` } = config
    // Cookies of a session go over https alone; a loopback address is for trying it out.
    if (publicUrl.startsWith('http:') && !isLoopback(new URL(publicUrl).hostname))
      read.fault(
        'PUBLIC_URL',
        `must be https with ${identity.kind === 'hub' ? 'IDENTITY=hub' : 'OIDC_CLIENT_ID'}; http is accepted on loopback only`,
      )
  }
  const { threads, memoryMebibytes } = config.kernelLimits
  for (const [name, value] of [
    ['KERNEL_THREADS', threads],
    ['KERNEL_MEMORY', memoryMebibytes],
  ] as const) {
    if (value !== undefined && config.kernels.kind !== 'local') {
      read.fault(
        name,
        `is of no effect with KERNELS=${config.kernels.kind}: whoever starts its kernels limits them`,
      )
    }
  }
  checkCredentials(read, config)
  if (identity.kind !== 'local' && config.kernels.kind === 'local' && !config.kernels.shared) {
    read.fault(
      'KERNELS',
      `local is refused with IDENTITY=${identity.kind}: kernels started by the runner share its operating-system user, so that everybody’s code reaches everybody’s files and this service. Where all people trust each other, say so by KERNELS=local-shared`,
    )
  }
}

function checkCredentials(
  read: SettingReader,
  { storage, identity, kernels, credentialSecrets }: Config,
): void {
  const kind = storage.kind === 's3' ? storage.credentials.kind : 'ambient'
  if (kind !== 'web-identity' && kind !== 'token-service') return
  if (identity.kind !== 'oidc') {
    read.fault('S3_CREDENTIALS', `${kind} needs IDENTITY=oidc: it exchanges people’s access tokens`)
  }
  if (kernels.kind !== 'none' && credentialSecrets === undefined) {
    read.fault(
      'CREDENTIALS_SECRET',
      `is missing: with S3_CREDENTIALS=${kind} it seals what runs need of people who have gone`,
    )
  }
}

const isLoopback = (host: string): boolean => /^(127(\.\d{1,3}){3}|localhost|\[?::1\]?)$/.test(host)

export type { Setting }
