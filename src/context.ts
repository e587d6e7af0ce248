import { access, constants, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import Fastify from 'fastify'
import type { Logger } from 'pino'
import manifest from '../package.json' with { type: 'json' }
import { Catalog } from './catalog/catalog.ts'
import type { Config } from './config/config.ts'
import { keptKernelsWith } from './context/kept-kernels.ts'
import { makeDoor } from './context/make-door.ts'
import { makePreviews } from './context/make-previews.ts'
import { makeWorker } from './context/make-worker.ts'
import { openDatabase } from './context/open-database.ts'
import { openGrants } from './context/open-grants.ts'
import { type Kernels, openKernels } from './context/open-kernels.ts'
import { removeFolderWith, startRetention } from './context/start-retention.ts'
import { RunnerError } from './errors.ts'
import { buildApp, PATIENCE } from './http/app.ts'
import { Metrics } from './http/metrics.ts'
import { healthRoutes } from './http/routes/health.ts'
import { metricsRoute } from './http/routes/metrics.ts'
import { RunMetrics } from './http/run-metrics.ts'
import type { Services } from './http/services.ts'
import { readWebBuild } from './http/web-build.ts'
import { viewServerOf } from './kernel/server-name.ts'
import { acceptWith } from './run/accept.ts'
import { sweepsWith } from './run/accept-sweep.ts'
import { everybody } from './run/admission.ts'
import { batchStore } from './run/batch.ts'
import { RunEvents } from './run/events.ts'
import { fileStore } from './run/file-store.ts'
import { fillInWith, fillSweepWith } from './run/filled-notebook.ts'
import { Health } from './run/health.ts'
import { listRuns } from './run/history.ts'
import { comeBackWith, keptNotebook } from './run/kept-notebook.ts'
import { limitChoice } from './run/limits.ts'
import { planWith } from './run/plan.ts'
import { prepareWith } from './run/prepare.ts'
import { purgeWith } from './run/purge.ts'
import { runQueue } from './run/queue.ts'
import { queueDepth } from './run/queue-depth.ts'
import { admittedBy, queueRoom } from './run/queue-room.ts'
import { repeatsWith } from './run/repeat.ts'
import { RunCells } from './run/run-cells.ts'
import { runLog } from './run/run-log.ts'
import { lastRuns, runTimes } from './run/run-times.ts'
import { scrapStore } from './run/scrap-store.ts'
import { RunSignals } from './run/signals.ts'
import { runStore } from './run/store.ts'
import { thumbnails } from './run/thumbnail.ts'
import { UnflushedNotebooks } from './run/unflushed-notebooks.ts'
import { type ViewLink, viewLinkFromTemplate } from './run/view-link.ts'
import { diskStorage } from './storage/disk.ts'
import type { ReadTemplate } from './storage/s3-template.ts'
import type { Storage } from './storage/storage.ts'
import type { Tracing } from './tracing/tracing.ts'

const PROJECT = join(import.meta.dirname, '..')
const EXAMPLES = join(PROJECT, 'examples')
/** Of a claim without a sign of life: how long a run waits after its worker was killed. */
const LEASE_SECONDS = 15

/** A running service; disposing stops its parts in reverse order. */
export interface Context extends AsyncDisposable {
  /** `url` is how the service is called; `link` is the one to open, where there is one local user. */
  listen(): Promise<{ readonly url: string; readonly link: string | undefined }>
  /** Begins to execute runs. False where there are no kernels, or no room for a run. */
  work(): Promise<boolean>
}

/**
 * The one place that sees everything: makes each part from the settings and gives it to those that need it.
 * @param tracing is not disposed of: what is told at the end is traced too
 * @throws RunnerError of the part that cannot start; what had been started is stopped again.
 */
export async function createContext(config: Config, log: Logger, tracing?: Tracing): Promise<Context> {
  await using starting = new AsyncDisposableStack()
  await makeDataDir(config)

  // What takes longest starts first, and all at once.
  const [{ database, target }, storage, catalog] = await Promise.all([
    openDatabase(config, log, starting),
    makeStorage(config).then((made) => starting.use(made)),
    openCatalog(config, log, starting),
  ])
  // With PORT=0 the port is known once it listens.
  let url = config.publicUrl ?? addressUrl(config, config.port)
  const door = await makeDoor(config, database, () => url, tracing, starting)

  const runs = runStore(database, tracing)
  const together = await storage.together()
  const unflushed = together && starting.use(new UnflushedNotebooks({ database, storage, together, log }))
  await unflushed?.start()
  const health = starting.use(
    new Health({
      database: () => database.ping(),
      storage: (signal) => storage.healthy(signal),
      ...(door.kind === 'tokens' && { identity: () => door.verifier.healthy() }),
    }),
  )
  await health.start()

  const grants = openGrants(config, database, storage)
  const kernels = await openKernels(config, log, join(PROJECT, '.venv', 'bin', 'python'), starting)
  const signals = starting.use(new RunSignals(target, log))
  const events = starting.use(new RunEvents(database, signals))
  const { perWorkspace, perPerson, perSweep, mostQueued } = config.runs
  const queue = runQueue(database, { perWorkspace, perPerson, leaseSeconds: LEASE_SECONDS })
  const limits = kernels && limitChoice(config.runs.limits)
  const filling = { catalog, storage, reserved: config.reservedInputs, tracing, limits }
  const fillIn = fillInWith(filling)
  const batches = batchStore(database, tracing)
  const admit = admittedBy(kernels?.admit ?? everybody, queueRoom(database, mostQueued), (scope, runIds) =>
    grants.deposit(scope, runIds),
  )
  const files = fileStore(database)
  startRetention(config, { database, runFolders: kernels?.runFolders, log }, starting)
  const metrics = new Metrics()
  metrics.health(() => health.checks)
  const observer = new RunMetrics(metrics.registry, () => queueDepth(database))
  const worker = makeWorker(
    config,
    kernels,
    { database, storage, grants, signals, queue, leaseSeconds: LEASE_SECONDS, observer, tracing, log },
    starting,
  )

  const app = await buildApp(
    {
      version: manifest.version,
      log,
      tracing,
      basePath: config.basePath,
      publicUrl: () => url,
      trustedProxies: config.trustedProxies,
      hubOrigin: hubOriginOf(config),
      door,
      catalog,
      limits,
      prepareRun: prepareWith({
        fillIn: fillInWith({ ...filling, limits: undefined }),
        storage,
        runs,
        unflushed,
        tracing,
      }),
      acceptRun: kernels === undefined ? undefined : acceptWith({ fillIn, admit, runs, tracing }),
      sweeps:
        kernels === undefined
          ? undefined
          : sweepsWith({
              fillSweep: fillSweepWith(filling),
              admit,
              batches,
              max: perSweep,
            }),
      repeats: kernels === undefined ? undefined : repeatsWith({ runs, batches, storage, admit }),
      runs,
      events,
      cells: new RunCells({ runs, events, storage }),
      runLog: (caller, runId) => runLog(database, caller, runId),
      queue,
      batches,
      history: (caller, filter, page) => listRuns(database, caller, filter, page),
      thumbnail: thumbnails(database),
      files,
      scraps: scrapStore(database),
      purgeRun: purgeWith({ database, files, storage, removeFolder: removeFolderWith(kernels) }),
      previews: makePreviews(config, () => url),
      planRun: planWith({
        fillIn,
        fillSweep: fillSweepWith(filling),
        max: perSweep,
        storage,
        times: (caller, notebookId) => runTimes(database, caller, notebookId),
        server: async ({ user }, workspace, open) => kernels?.ahead?.look(user, workspace, open),
      }),
      lastRuns: (caller, notebookIds) => lastRuns(database, caller, notebookIds),
      kernelspecs: kernelspecsOf(kernels),
      storage,
      comeBack: comeBackWith({ database, storage, grants, log }),
      keptNotebook: (caller, runId) => keptNotebook(database, caller, runId),
      viewLink: makeViewLink(config, kernels),
      keptKernels: keptKernelsWith(config, kernels, database),
      health,
      web: readWebBuild(join(PROJECT, 'web', 'dist')),
      exampleData: config.catalogue.kind === 'examples' ? join(EXAMPLES, 'data') : undefined,
      metricsHere: config.metricsPort === undefined,
    },
    metrics,
  )
  starting.defer(() => app.close())

  const metricsApp = config.metricsPort === undefined ? undefined : Fastify(PATIENCE)
  if (metricsApp !== undefined) {
    metricsRoute(metricsApp, metrics)
    // A worker listens there alone.
    healthRoutes(metricsApp, { health, version: manifest.version })
    starting.defer(() => metricsApp.close())
  }

  let metricsListening = false
  async function listenForMetrics(): Promise<void> {
    if (metricsApp === undefined || metricsListening) return
    metricsListening = true
    await listenOn('METRICS_PORT', config.host, config.metricsPort ?? 0, metricsApp)
  }

  const parts = starting.move()
  return {
    async listen() {
      await listenOn('PORT', config.host, config.port, app)
      await listenForMetrics()
      const address = app.server.address()
      if (config.publicUrl === undefined && typeof address === 'object' && address !== null)
        url = addressUrl(config, address.port)
      log.info({ url, preset: config.preset }, 'listening')
      return { url, link: door.kind === 'local' ? `${url}/?token=${door.session.token}` : undefined }
    },
    async work() {
      await listenForMetrics()
      worker?.start()
      return worker !== undefined
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

function hubOriginOf({ kernels, identity }: Config): string | undefined {
  const hub = [kernels, identity].find(({ kind }) => kind === 'hub')
  return hub !== undefined && 'url' in hub ? new URL(hub.url).origin : undefined
}

/** Those of a person's own server are known while it is up: it is not started for a look. */
function kernelspecsOf(kernels: Kernels | undefined): Services['kernelspecs'] {
  if (kernels === undefined) return undefined
  const { host, ahead } = kernels
  if (host.kind !== 'hub')
    return async (_caller, _workspace, signal) => (await host.kernelspecs(signal)).kernelspecs
  return async ({ user, workspaces }, named, signal) => {
    const workspace = named ?? (workspaces.length === 1 ? workspaces[0] : undefined)
    const theirs = workspace !== undefined && workspaces.includes(workspace)
    return theirs ? ((await ahead?.kernelspecs(user, workspace, signal)) ?? []) : []
  }
}

function makeViewLink({ view, kernels: hosts }: Config, kernels: Kernels | undefined): ViewLink {
  const strategy = hosts.kind === 'hub' ? hosts.server : 'workspace'
  if (view.kind === 'template')
    return viewLinkFromTemplate(view.template, (workspace) => viewServerOf(strategy, workspace))
  const jupyter = kernels?.jupyter
  if (jupyter === undefined)
    throw new RunnerError('invalid-settings', 'VIEW_URL is needed without KERNELS=local.')
  return (_scope, object) => jupyter.labUrl(`${object.bucket}/${object.key}`)
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
