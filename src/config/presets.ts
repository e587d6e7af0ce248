import type { Environment, VariableName } from './env.ts'

export type PresetName = 'local' | 'seed' | 'eodh'
type Defaults = Readonly<Partial<Record<VariableName, string>>>

export const BASE_DEFAULTS: Defaults = {
  PRESET: 'local',
  HOST: '127.0.0.1',
  PORT: '8000',
  BASE_PATH: '',
  OIDC_SCOPE: 'openid profile',
  ROLES: 'viewer={workspace}:viewer,runner={workspace}:runner,manager={workspace}:manager',
  DATA_DIR: './data',
  LOG_LEVEL: 'info',
  MAX_CONCURRENT_RUNS: '2',
  MAX_RUNS_PER_WORKSPACE: '8',
  MAX_RUNS_PER_PERSON: '8',
  MAX_SWEEP_RUNS: '100',
  MAX_QUEUED_RUNS: '1000',
  WARM_KERNELS: '0',
  KEEP_FAILED_KERNELS: '0',
  RUN_TIMEOUT: '86400',
  MAX_OUTPUT_BYTES: '100000000',
  MAX_CELL_OUTPUT_BYTES: '50000000',
  KEEP_EVENTS: '604800',
  KEEP_SNAPSHOTS: '2592000',
  KEEP_HIDDEN_RUNS: '2592000',
  KEEP_RUN_FOLDERS: '2592000',
  JUPYTERHUB_SERVICE: 'notebook-runner',
  JUPYTERHUB_WORKSPACES: '{user}',
  JUPYTERHUB_SERVER: 'default',
  JUPYTERHUB_PRESTART: 'no',
  JUPYTERHUB_ONE_SERVER: 'no',
  MAX_FILES: '1000',
  MAX_FILE_BYTES: '500000000',
  OTEL_SERVICE_NAME: 'notebook-runner',
  OTEL_TRACES_SAMPLER: 'parentbased_always_on',
}

const platform: Defaults = {
  MAX_REQUESTS: '1200',
  MAX_EVENT_STREAMS: '100',
  HOST: '0.0.0.0',
  METRICS_PORT: '9090',
  IDENTITY: 'oidc',
  STORAGE: 's3',
  S3_CREDENTIALS: 'assume-role',
  KERNELS: 'none',
  SINGLEUSER_AWS_REGION: 'eu-west-2',
}

/** `{PLATFORM_DOMAIN}` and `{WORKSPACES_DOMAIN}` are filled in from the settings of that name. */
export const PRESETS: Readonly<Record<PresetName, Defaults>> = {
  local: {
    // There is one person, who may do as they like.
    MAX_REQUESTS: '0',
    MAX_EVENT_STREAMS: '0',
    IDENTITY: 'local',
    STORAGE: 'disk',
    KERNELS: 'local',
    PREVIEW_HOSTS: '*',
    // The first click is not to wait for a kernel.
    WARM_KERNELS: '1',
    KEEP_FAILED_KERNELS: '900',
    SINGLEUSER_AWS_REGION: 'eu-west-2',
    // A person looks at this terminal.
    LOG_LEVEL: 'warn',
  },
  seed: {
    ...platform,
    OIDC_ISSUER: 'https://{PLATFORM_DOMAIN}/auth/realms/eodhp',
    OIDC_AUDIENCE: 'eodhp',
    SINGLEUSER_WORKSPACE_BUCKET: 'workspace-{workspace}',
    VIEW_URL: 'https://{PLATFORM_DOMAIN}/notebooks/lab/tree/s3/{key}',
    JUPYTERHUB_URL: 'https://{PLATFORM_DOMAIN}/notebooks',
  },
  eodh: {
    ...platform,
    OIDC_ISSUER: 'https://{PLATFORM_DOMAIN}/keycloak/realms/eodhp',
    OIDC_AUDIENCE: 'oauth2-proxy-workspaces,oauth2-proxy,account',
    OIDC_SCOPE: 'openid profile workspaces',
    S3_CREDENTIALS: 'token-service',
    S3_TOKEN_SERVICE: 'https://{PLATFORM_DOMAIN}/api/workspaces/{workspace}/me/s3-tokens',
    KERNELS: 'hub',
    JUPYTERHUB_API_URL: 'https://{WORKSPACES_DOMAIN}/notebooks/hub/api',
    JUPYTERHUB_URL: 'https://{WORKSPACES_DOMAIN}/notebooks',
    JUPYTERHUB_SERVER: 'workspace',
    JUPYTERHUB_ONE_SERVER: 'workspace',
    VIEW_URL:
      'https://{WORKSPACES_DOMAIN}/notebooks/hub/spawn/{user}/{server}?workspace={workspace}' +
      '&next=/notebooks/user/{user}/{server}/lab/tree/s3/{path}',
  },
}

/** The first design prepares only, until it is told where a hub is. */
export function presetDefaults(preset: PresetName, env: Environment): Defaults {
  const defaults = PRESETS[preset]
  return preset === 'seed' && env.JUPYTERHUB_API_URL !== undefined
    ? { ...defaults, KERNELS: 'hub' }
    : defaults
}
