import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { startEmbeddedPostgres } from '../../src/database/embedded-postgres.ts'
import { freePorts } from '../support/free-ports.ts'
import { type Gate, openGate } from '../support/gate.ts'
import { startHub, type TestHub } from '../support/hub.ts'
import { silent, temporaryDataDir } from '../support/postgres.ts'
import { startS3, type TestS3 } from '../support/s3.ts'
import { type Keycloak, startKeycloak } from './keycloak.ts'
import { type Person, realm } from './realm.ts'
import { startService } from './service.ts'

const ROOT = join(import.meta.dirname, '../..')
const REALM = 'eodhp'

/** All parts of a platform as the first design has it, on free ports of 127.0.0.1. */
export interface Platform extends AsyncDisposable {
  readonly runnerUrl: string
  readonly hub: TestHub
  readonly s3: TestS3
  readonly keycloak: Keycloak
  /** The way from the service to PostgreSQL. */
  readonly database: Gate
  readonly issuer: string
  readonly people: readonly Person[]
  /** Logs and data; removed with the platform. */
  readonly folder: string
  /** The settings of the service. */
  readonly settings: Readonly<Record<string, string>>
  /** An access token of this person's, for a program. */
  token(name: string): Promise<string>
  /** The token of a service of the hub that may start servers, and may not open them. */
  readonly smallHubToken: string
}

/**
 * Starts Keycloak with realm `eodhp`, S3 with STS and a role for each workspace, PostgreSQL, JupyterHub that people enter
 * through Keycloak, and the service with preset `seed`. All that it keeps is in one temporary folder, and its passwords are
 * new each time. @param say is told what it waits for. @param stop gives it up. @param change other settings of the service
 */
export async function startPlatform(
  say: (line: string) => void,
  stop: AbortSignal,
  change: Readonly<Record<string, string>> = {},
): Promise<Platform> {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(await temporaryDataDir()).path
  const people = ['alice', 'bob'].map((name) => ({ name, password: secret(), workspaces: [`${name}-ws`] }))
  say('Keycloak, S3, PostgreSQL and JupyterHub are starting: about a minute …')
  const start = performance.now()
  const since = () => `${Math.round((performance.now() - start) / 1000)} s`
  const keycloak = stack.use(await startKeycloak(folder))
  const issuer = keycloak.issuer(REALM)
  // The last one to be ready: the others are there by then, and end with it.
  stop.addEventListener('abort', () => void keycloak.stop())
  const [s3, postgres] = await Promise.all([
    startS3(people.flatMap(({ workspaces }) => workspaces)).then((started) => stack.use(started)),
    startEmbeddedPostgres({ folder, log: silent }).then((started) => stack.use(started)),
  ])
  say(`S3 and PostgreSQL are there (${since()}).`)
  const client = { clientId: 'jupyterhub', clientSecret: secret() }
  const hub = stack.use(await startPlatformHub(issuer, client, s3))
  say(`JupyterHub is there (${since()}).`)
  await keycloak.ready
  say(`Keycloak is there (${since()}).`)
  stop.throwIfAborted()

  const [port = 0, metricsPort] = await freePorts(2)
  const runnerUrl = `http://127.0.0.1:${port}`
  const callbackUrl = `${hub.url}${CALLBACK}`
  await keycloak.createRealm(realm({ name: REALM, people, runnerUrl, hub: { ...client, callbackUrl } }))
  const { socketFolder, user, database: name } = postgres.target
  const database = stack.use(await openGate({ path: join(socketFolder, '.s.PGSQL.5432') }))
  const settings = {
    PRESET: 'seed',
    // What the preset makes of it has https, which is not spoken here.
    PLATFORM_DOMAIN: 'platform.invalid',
    VIEW_URL: `${hub.url}/hub/user-redirect/lab/tree/s3/{key}`,
    HOST: '127.0.0.1',
    PORT: String(port),
    METRICS_PORT: String(metricsPort),
    PUBLIC_URL: runnerUrl,
    DATA_DIR: join(folder, 'runner'),
    DATABASE_URL: `postgres://${user}@127.0.0.1:${database.port}/${name}`,
    OIDC_ISSUER: issuer,
    OIDC_CLIENT_ID: 'notebook-runner',
    SESSION_SECRET: secret(),
    S3_ENDPOINT: s3.endpoint,
    STS_ENDPOINT: s3.endpoint,
    SINGLEUSER_AWS_REGION: s3.region,
    SINGLEUSER_AWS_ROLE_ARN: s3.roleArn,
    AWS_ACCESS_KEY_ID: s3.broker.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.broker.secretAccessKey,
    JUPYTERHUB_API_URL: hub.apiUrl,
    JUPYTERHUB_API_TOKEN: hub.token,
    JUPYTERHUB_URL: hub.url,
    ...change,
  }
  stack.use(await startService(runnerUrl, settings, folder))
  say(`Notebook Runner is there (${since()}).`)
  const open = stack.move()
  return {
    runnerUrl,
    hub,
    s3,
    keycloak,
    database,
    issuer,
    people,
    folder,
    settings,
    token: (name) => tokenOf(issuer, people, name),
    smallHubToken: hub.tokenOf(SMALL),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}

async function tokenOf(issuer: string, people: readonly Person[], username: string): Promise<string> {
  const password = people.find(({ name }) => name === username)?.password ?? ''
  const answer = await fetch(`${issuer}/protocol/openid-connect/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'password', client_id: 'programs', username, password }),
  })
  const said: unknown = await answer.json()
  if (typeof said !== 'object' || said === null || !('access_token' in said))
    throw new Error(`Keycloak gives ${username} no token: ${JSON.stringify(said)}`)
  return String(said.access_token)
}

const SMALL = 'without-tokens'
const CALLBACK = '/hub/oauth_callback'

function startPlatformHub(
  issuer: string,
  client: { readonly clientId: string; readonly clientSecret: string },
  { endpoint, region, roleArn, broker }: TestS3,
): Promise<TestHub> {
  return startHub(5, {
    services: { [SMALL]: ['servers'] },
    variant: {
      bin: join(ROOT, '.cache/platform-hub/bin'),
      config: join(import.meta.dirname, 'jupyterhub_config.py'),
      environment: { JUPYTERHUB_CRYPT_KEY: randomBytes(32).toString('hex') },
      settings: (url) => ({
        platform: {
          issuer,
          ...client,
          callbackUrl: `${url}${CALLBACK}`,
          s3: { endpoint, region, roleArn, ...broker },
        },
      }),
    },
  })
}

const secret = () => randomBytes(24).toString('base64url')
