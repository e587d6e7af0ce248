/** Every environment variable that Notebook Runner reads, with its meaning. Nothing else reads the environment. */
export const VARIABLES = {
  PRESET: 'local, seed or eodh: sets the defaults of all others',
  HOST: 'address to listen on',
  PORT: 'port to listen on',
  BASE_PATH: 'path under which the service is reached, such as /notebook-runner',
  PUBLIC_URL: 'how the world calls the service, base path included',
  METRICS_PORT: 'port of its own for /metrics; unset: on PORT',
  TRUSTED_PROXIES:
    'addresses or networks of proxies that are believed, by comma: their X-Forwarded-* and the tokens they pass on',
  DATA_DIR: 'folder of the embedded database, the storage and the Jupyter server',
  DATABASE_URL: 'PostgreSQL; unset: an embedded one under DATA_DIR',
  CONFIG_URL: 'catalogue: http(s) URL, file or folder; unset: the bundled examples',
  TEMPLATE_HOSTS:
    'hosts (and s3://buckets) that notebooks may come from besides the catalogue’s own, by comma',
  PREVIEW_HOSTS:
    'hosts from which forms may show previews of images and STAC items, by comma; *: any public one',
  PLATFORM_DOMAIN: 'domain of the platform',
  WORKSPACES_DOMAIN: 'domain of the workspaces; unset: PLATFORM_DOMAIN',
  IDENTITY:
    'local (one local user), oidc (access tokens of an issuer, and sign-in there) or hub (JupyterHub is asked who it is, and people sign in there)',
  RUNNER_TOKEN: 'identity local: the token of the printed link; unset: random at each start',
  OIDC_ISSUER: 'issuer of the tokens',
  OIDC_AUDIENCE: 'accepted audiences, by comma',
  OIDC_CLIENT_ID: 'identity oidc: our name at the issuer, for sign-in in a browser; unset: tokens only',
  OIDC_CLIENT_SECRET: 'our password at the issuer; unset: a public client',
  OIDC_DEVICE_CLIENT_ID:
    'name of the public client for `notebook-runner login`; unset: OIDC_CLIENT_ID, where that is public',
  ROLE_CLAIM:
    'claim that says who is viewer, runner or manager of which workspace, such as realm_access.roles; unset: all are managers of theirs',
  ROLES:
    'what that claim must hold for a role, as role=value by comma; {workspace} is filled in, * is everybody',
  OIDC_SCOPE: 'what is asked for at a sign-in',
  SESSION_SECRET: 'seals the sessions of browsers: 32 characters at least; several by comma, the first seals',
  STORAGE: 'disk (under DATA_DIR) or s3',
  S3_CREDENTIALS:
    'ambient or assume-role (by the service’s own right), web-identity or token-service (by people’s tokens)',
  S3_TOKEN_SERVICE: 'S3_CREDENTIALS=token-service: its address; {workspace} and {user} are filled in',
  CREDENTIALS_SECRET:
    'seals the keys of runs whose person has gone: 32 characters at least; several by comma, the first seals; unset: SESSION_SECRET',
  S3_ENDPOINT: 'another S3 than Amazon’s',
  STS_ENDPOINT: 'another STS than Amazon’s',
  SINGLEUSER_AWS_REGION: 'region of the buckets',
  SINGLEUSER_AWS_ROLE_ARN: 'role of a workspace; {workspace} and {user} are filled in',
  SINGLEUSER_WORKSPACE_BUCKET: 'bucket of a workspace; {workspace} and {user} are filled in',
  KERNELS:
    'none, local (a Jupyter server as a child; local-shared: for everybody who signs in), server (another Jupyter server) or hub (each person’s own server)',
  JUPYTER_SERVER_URL: 'KERNELS=server: its address',
  JUPYTER_SERVER_TOKEN: 'KERNELS=server: its token',
  JUPYTERHUB_API_URL:
    'KERNELS=hub or IDENTITY=hub: address of its API, through its proxy, such as https://…/hub/api',
  JUPYTERHUB_API_TOKEN: 'KERNELS=hub or IDENTITY=hub: token of the service that this is to the hub',
  JUPYTERHUB_URL:
    'KERNELS=hub or IDENTITY=hub: how people reach the hub; unset: JUPYTERHUB_API_URL without /hub/api',
  JUPYTERHUB_SERVICE: 'IDENTITY=hub: name of the service that this is to the hub',
  JUPYTERHUB_WORKSPACES:
    'IDENTITY=hub: the workspaces of a person, by comma: their own, with {user}, and those of groups, such as group:team-{workspace}',
  JUPYTERHUB_SERVER: 'KERNELS=hub: default, workspace (one for each) or fresh (one for each run)',
  JUPYTERHUB_PRESTART: 'KERNELS=hub: yes: a person’s server is started while they fill in a form',
  JUPYTERHUB_ONE_SERVER:
    'KERNELS=hub: the platform stops a person’s other servers for one that starts: all (person), those of the workspace (workspace), or none (no)',
  MAX_CONCURRENT_RUNS: 'runs that this process works on at a time; 0: none, others do',
  MAX_RUNS_PER_WORKSPACE: 'runs of one workspace that are worked on at a time',
  MAX_RUNS_PER_PERSON: 'runs of one person that are worked on at a time',
  MAX_SWEEP_RUNS: 'runs that a sweep may have',
  KERNEL_THREADS:
    'threads of the libraries in each kernel that is started here; unset: as many as there are cores',
  KERNEL_MEMORY: 'MiB of memory for each kernel that is started here (Linux only); unset: what there is',
  WARM_KERNELS: 'kernels that this process keeps started and unused, so that a run begins at once',
  KEEP_FAILED_KERNELS:
    'seconds for which the kernel of a run that failed is kept, to look into it or to go on in it',
  CELL_TIMEOUT: 'seconds that a cell may take; unset: as long as the run',
  IDLE_TIMEOUT:
    'seconds that a cell may run without any sign of life, such as output; unset: as long as the cell',
  RUN_TIMEOUT: 'seconds that a run may take',
  MAX_OUTPUT_BYTES: 'what all outputs of a run may take in the notebook; the rest is cut, with a note',
  MAX_CELL_OUTPUT_BYTES: 'the same for the outputs of one cell',
  MAX_QUEUED_RUNS: 'runs of one person that wait in a workspace',
  MAX_REQUESTS: 'requests of one person a minute, to one server; 0: no limit',
  MAX_EVENT_STREAMS: 'runs that one person watches at a time, on one server; 0: no limit',
  KEEP_EVENTS: 'seconds that the events of a run are kept after its end',
  KEEP_SNAPSHOTS: 'seconds that a run can be run again after its end, as it was accepted',
  KEEP_HIDDEN_RUNS: 'seconds that a run is kept after it was taken out of the history',
  KEEP_RUNS: 'seconds that a run is kept in the history after its end; unset: for ever',
  KEEP_RUN_FOLDERS: 'seconds that the folder of a run is kept on this machine after its end',
  MAX_FILES: 'files of a run that are listed',
  MAX_FILE_BYTES: 'what the copies of all files of a run may take; the rest stays in the folder of the run',
  VIEW_URL: 'link to a prepared notebook; {workspace}, {user}, {server}, {key} and {path} are filled in',
  OTEL_EXPORTER_OTLP_ENDPOINT:
    'where traces are sent to, by OTLP over HTTP, without /v1/traces; unset: no traces',
  OTEL_EXPORTER_OTLP_HEADERS: 'headers for that, as key=value by comma',
  OTEL_SERVICE_NAME: 'name of this service in traces',
  OTEL_RESOURCE_ATTRIBUTES: 'what else traces say of it, as key=value by comma',
  OTEL_TRACES_SAMPLER:
    'which traces are kept: always_on, always_off, traceidratio, or one of these after parentbased_, where whoever began a trace decides',
  OTEL_TRACES_SAMPLER_ARG: 'the share of traceidratio: from 0 to 1; unset: 1',
  LOG_LEVEL: 'trace, debug, info, warn, error, fatal or silent',
} as const

export type VariableName = keyof typeof VARIABLES
export type Environment = Readonly<Partial<Record<VariableName, string>>>

/** Values that are never shown. */
export const SECRETS: ReadonlySet<VariableName> = new Set([
  'RUNNER_TOKEN',
  'DATABASE_URL',
  'OIDC_CLIENT_SECRET',
  'SESSION_SECRET',
  'CREDENTIALS_SECRET',
  'JUPYTER_SERVER_TOKEN',
  'JUPYTERHUB_API_TOKEN',
  'OTEL_EXPORTER_OTLP_HEADERS',
])

const isVariable = (name: string): name is VariableName => Object.hasOwn(VARIABLES, name)

/** Picks our variables from the process environment; an empty one counts as unset, as in a ConfigMap. */
export function readEnvironment(
  env: Readonly<Record<string, string | undefined>> = process.env,
): Environment {
  const found: Partial<Record<VariableName, string>> = {}
  for (const [name, value] of Object.entries(env)) {
    if (isVariable(name) && value !== undefined && value.trim() !== '') found[name] = value.trim()
  }
  return found
}
