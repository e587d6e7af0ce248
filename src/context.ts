import { randomBytes } from 'node:crypto'
import { access, constants, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import Fastify from 'fastify'
import type { Logger } from 'pino'
import manifest from '../package.json' with { type: 'json' }
import { Catalog } from './catalog/catalog.ts'
import type { Config } from './config/config.ts'
import { connectDatabase, type Database } from './database/connect.ts'
import { startEmbeddedPostgres } from './database/embedded-postgres.ts'
import { checkSchema, migrate } from './database/migrate.ts'
import { RunnerError } from './errors.ts'
import { buildApp } from './http/app.ts'
import { LocalSession, sessionKey } from './http/local-session.ts'
import { Metrics } from './http/metrics.ts'
import { metricsRoute } from './http/routes/metrics.ts'
import type { Door } from './http/services.ts'
import { bearerVerifier } from './identity/bearer.ts'
import { type JupyterServer, startJupyterServer } from './kernel/jupyter-server.ts'
import { fillInWith } from './run/filled-notebook.ts'
import { Health } from './run/health.ts'
import { prepareWith } from './run/prepare.ts'
import { runStore } from './run/store.ts'
import { type ViewLink, viewLinkFromTemplate } from './run/view-link.ts'
import { diskStorage } from './storage/disk.ts'
import type { ReadTemplate } from './storage/s3-template.ts'
import type { Storage } from './storage/storage.ts'

const PROJECT = join(import.meta.dirname, '..')
const EXAMPLES = join(PROJECT, 'examples')

/** A running service; disposing stops its parts in reverse order. */
export interface Context extends AsyncDisposable {
  /** `url` is how the service is called; `link` is the one to open, where there is one local user. */
  listen(): Promise<{ readonly url: string; readonly link: string | undefined }>
}

/**
 * The one place that sees everything: makes each part from the settings and gives it to those that need it.
 * @throws RunnerError of the part that cannot start; what had been started is stopped again.
 */
export async function createContext(config: Config, log: Logger): Promise<Context> {
  await using starting = new AsyncDisposableStack()
  await makeDataDir(config)

  // What takes longest starts first, and all at once.
  const [database, storage, catalog] = await Promise.all([
    openDatabase(config, log, starting),
    makeStorage(config).then((made) => starting.use(made)),
    openCatalog(config, log, starting),
  ])
  const door = await makeDoor(config)
  if (door.kind === 'oidc') starting.use(door.verifier)

  const runs = runStore(database)
  const health = starting.use(
    new Health({
      database: () => database.ping(),
      storage: (signal) => storage.healthy(signal),
      ...(door.kind === 'oidc' && { identity: () => door.verifier.healthy() }),
    }),
  )
  await health.start()

  const metrics = new Metrics()
  // With PORT=0 the port is known once it listens.
  let url = config.publicUrl ?? addressUrl(config, config.port)
  const app = await buildApp(
    {
      version: manifest.version,
      log,
      basePath: config.basePath,
      publicUrl: () => url,
      trustedProxies: config.trustedProxies,
      door,
      catalog,
      prepareRun: prepareWith({
        fillIn: fillInWith({ catalog, storage, reserved: config.reservedInputs }),
        storage,
        runs,
      }),
      runs,
      viewLink: await makeViewLink(config, log, starting),
      health,
      exampleData: config.catalogue.kind === 'examples' ? join(EXAMPLES, 'data') : undefined,
      metricsHere: config.metricsPort === undefined,
    },
    metrics,
  )
  starting.defer(() => app.close())

  const metricsApp = config.metricsPort === undefined ? undefined : Fastify()
  if (metricsApp !== undefined) {
    metricsRoute(metricsApp, metrics)
    starting.defer(() => metricsApp.close())
  }

  const parts = starting.move()
  return {
    async listen() {
      await listenOn('PORT', config.host, config.port, app)
      if (metricsApp !== undefined)
        await listenOn('METRICS_PORT', config.host, config.metricsPort ?? 0, metricsApp)
      const address = app.server.address()
      if (config.publicUrl === undefined && typeof address === 'object' && address !== null)
        url = addressUrl(config, address.port)
      return { url, link: door.kind === 'local' ? `${url}/?token=${door.session.token}` : undefined }
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

/** What is kept in the data folder only to be quicker next time may fail later; without these there is no service. */
async function makeDataDir({ dataDir, database, storage, identity }: Config): Promise<void> {
  if (database.kind !== 'embedded' && storage.kind !== 'disk' && identity.kind !== 'local') return
  try {
    await mkdir(dataDir, { recursive: true })
    await access(dataDir, constants.W_OK | constants.X_OK)
  } catch (cause) {
    throw new RunnerError(
      'invalid-settings',
      `DATA_DIR=${dataDir} is no folder that can be made and written to. Set DATA_DIR to one that can.`,
      { cause },
    )
  }
}

/** Brings the schema up to date, and nothing else. @returns the names of the migrations applied. */
export async function migrateDatabase(config: Config, log: Logger): Promise<readonly string[]> {
  await using stack = new AsyncDisposableStack()
  const database = await connect(config, log, stack)
  return await atStart(config, () => migrate(database))
}

async function openDatabase(config: Config, log: Logger, stack: AsyncDisposableStack): Promise<Database> {
  const database = await connect(config, log, stack)
  // The embedded one is ours alone; another may be in use by servers of the version before.
  if (config.database.kind === 'embedded') await migrate(database)
  else await atStart(config, () => checkSchema(database))
  return database
}

/** At the start an operator reads what is wrong, and it is mostly the address: the driver's own words help. */
async function atStart<T>(config: Config, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const cause = error instanceof RunnerError ? error.cause : undefined
    if (config.database.kind === 'embedded' || !(cause instanceof Error)) throw error
    throw new RunnerError(
      'database-failed',
      `The database at DATABASE_URL cannot be used: ${cause.message}. Check that address, and that the server runs.`,
      { cause },
    )
  }
}

async function connect(config: Config, log: Logger, stack: AsyncDisposableStack): Promise<Database> {
  if (config.database.kind === 'url') return stack.use(connectDatabase(config.database, log))
  const folder = join(config.dataDir, 'postgres')
  const embedded = stack.use(await startEmbeddedPostgres({ folder, log }))
  return stack.use(connectDatabase(embedded.target, log))
}

async function openCatalog(config: Config, log: Logger, stack: AsyncDisposableStack): Promise<Catalog> {
  const { catalogue } = config
  const catalog = stack.use(
    new Catalog({
      source: catalogue.kind === 'examples' ? { kind: 'path', path: EXAMPLES } : catalogue,
      templateHosts: config.templates.hosts,
      cacheDir: join(config.dataDir, 'catalogue'),
      log,
      ...(config.templates.s3 !== undefined && { readS3: await templatesFromS3(config.templates.s3) }),
    }),
  )
  await catalog.start()
  return catalog
}

/** The AWS SDK takes 0.2 s and 30 MiB to load: only where it is used. */
async function makeStorage(config: Config): Promise<Storage> {
  const { storage } = config
  if (storage.kind === 'disk') {
    return diskStorage({ root: join(config.dataDir, 'workspaces'), layout: { kind: 'local' } })
  }
  const { s3Storage } = await import('./storage/s3.ts')
  return s3Storage({
    ...storage.address,
    credentials: storage.credentials,
    layout: { kind: storage.layout, bucket: storage.bucket },
    encrypt: true,
  })
}

async function templatesFromS3(address: NonNullable<Config['templates']['s3']>): Promise<ReadTemplate> {
  const { templateReader } = await import('./storage/s3-template.ts')
  return templateReader(address)
}

async function makeDoor(config: Config): Promise<Door> {
  const { identity } = config
  if (identity.kind === 'oidc') {
    return {
      kind: 'oidc',
      verifier: bearerVerifier({ issuer: identity.issuer, audiences: identity.audiences }),
    }
  }
  const token = identity.token ?? randomBytes(24).toString('base64url')
  return { kind: 'local', session: new LocalSession(token, await sessionKey(config.dataDir)) }
}

async function makeViewLink(config: Config, log: Logger, stack: AsyncDisposableStack): Promise<ViewLink> {
  if (config.view.kind === 'template') return viewLinkFromTemplate(config.view.template)
  const jupyter = stack.use(await startChild(config, log))
  return (_scope, object) => jupyter.labUrl(`${object.bucket}/${object.key}`)
}

/** JupyterLab takes seconds to start: it does so behind our back, and only the first to look at a notebook may wait. */
function startChild(config: Config, log: Logger): Promise<JupyterServer> {
  return startJupyterServer({
    python: join(PROJECT, '.venv', 'bin', 'python'),
    rootDir: join(config.dataDir, 'workspaces'),
    folder: join(config.dataDir, 'jupyter'),
    environment: config.environment,
    log,
  })
}

function addressUrl({ host, basePath }: Config, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}${basePath}`
}

async function listenOn(
  setting: 'PORT' | 'METRICS_PORT',
  host: string,
  port: number,
  app: { listen(address: { host: string; port: number }): Promise<string> },
): Promise<void> {
  try {
    await app.listen({ host, port })
  } catch (cause) {
    const inUse = cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE'
    const why = inUse ? 'something else listens there already' : 'it cannot be listened on'
    throw new RunnerError(
      'invalid-settings',
      `${setting}=${port} on ${host}: ${why}. Set ${setting} to a free port.`,
      { cause },
    )
  }
}
