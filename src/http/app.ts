import { randomUUID } from 'node:crypto'
import cookie from '@fastify/cookie'
import fastifyStatic from '@fastify/static'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import { RunnerError } from '../errors.ts'
import { declareAccess } from './access.ts'
import { browserToSignIn, sendToIssuer } from './ask-to-sign-in.ts'
import { refuseBrokenRequest } from './broken-request.ts'
import { hostGuard } from './host-guard.ts'
import { letHubPagesRead } from './hub-pages.ts'
import { acceptJsonBodies } from './json-body.ts'
import type { Metrics } from './metrics.ts'
import { withPolicy } from './policy.ts'
import { recordRequests } from './request-log.ts'
import { apiRoute } from './routes/api.ts'
import { authCallbackRoute } from './routes/auth-callback.ts'
import { authLoginRoute } from './routes/auth-login.ts'
import { authLogoutRoute } from './routes/auth-logout.ts'
import { authSignedInRoute } from './routes/auth-signed-in.ts'
import { backchannelLogoutRoute } from './routes/backchannel-logout.ts'
import { badgeRoute } from './routes/badge.ts'
import { batchRoute } from './routes/batch.ts'
import { batchArchiveRoute } from './routes/batch-archive.ts'
import { compareRoute } from './routes/compare.ts'
import { conformanceRoute } from './routes/conformance.ts'
import { executionRoute } from './routes/execution.ts'
import { healthRoutes } from './routes/health.ts'
import { jobRoute } from './routes/job.ts'
import { jobCellsRoute } from './routes/job-cells.ts'
import { jobEventsRoute } from './routes/job-events.ts'
import { jobFilesRoute } from './routes/job-files.ts'
import { jobKernelRoute } from './routes/job-kernel.ts'
import { jobNotebookRoute } from './routes/job-notebook.ts'
import { jobRerunRoute } from './routes/job-rerun.ts'
import { jobResultsRoute } from './routes/job-results.ts'
import { jobThumbnailRoute } from './routes/job-thumbnail.ts'
import { jobsRoute } from './routes/jobs.ts'
import { kernelsRoute } from './routes/kernels.ts'
import { landingRoute } from './routes/landing.ts'
import { lastRunsRoute } from './routes/last-runs.ts'
import { meRoute } from './routes/me.ts'
import { metricsRoute } from './routes/metrics.ts'
import { outputFrameRoute } from './routes/output-frame.ts'
import { planRoute } from './routes/plan.ts'
import { previewRoute } from './routes/preview.ts'
import { processRoute } from './routes/process.ts'
import { processesRoute } from './routes/processes.ts'
import { protectedResourceRoute } from './routes/protected-resource.ts'
import { runNotebookRoute } from './routes/run-notebook.ts'
import { viewNotebookRoute } from './routes/view-notebook.ts'
import { sendProblem } from './send-problem.ts'
import type { Services } from './services.ts'
import { traceRequests } from './trace-requests.ts'

/** Links carry parameters, GeoJSON among them; nothing here takes a larger body. */
const MAX_URL_BYTES = 64 * 1024
const MAX_BODY_BYTES = 1024 * 1024

/** What is waited for of a slow client, in milliseconds: the headers of a request, all of it; looked at once a second. */
export const PATIENCE = {
  http: { maxHeaderSize: MAX_URL_BYTES, headersTimeout: 10_000, connectionsCheckingInterval: 1_000 },
  requestTimeout: 15_000,
  connectionTimeout: 60_000,
}

/** The HTTP server with all its routes; not listening yet. */
export async function buildApp(services: Services, metrics: Metrics): Promise<FastifyInstance> {
  // Named by the interface, so that the instance is the plain one that routes take.
  const loggerInstance: FastifyBaseLogger = services.log
  const app = Fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    trustProxy: [...services.trustedProxies],
    bodyLimit: MAX_BODY_BYTES,
    ...PATIENCE,
    // The catalogue says which ids there are, at whatever length.
    routerOptions: { maxParamLength: MAX_URL_BYTES },
    clientErrorHandler: refuseBrokenRequest,
    // An address that can't be decoded meets no hook.
    frameworkErrors: (error, request, reply) => sendProblem(services.web, request, withPolicy(reply), error),
    rewriteUrl: ({ url = '/' }) => withoutBasePath(services.basePath, url),
  })
  if (services.tracing !== undefined) traceRequests(app, services.tracing)
  const closing = new AbortController()
  app.addHook('preClose', async () => closing.abort())
  await app.register(cookie)
  acceptJsonBodies(app)

  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id)
    hostGuard(services, request)
    done()
  })
  app.addHook('onSend', (_request, reply, _payload, done) => {
    withPolicy(reply)
    // Or the connection is kept open for more, and the end waits for it.
    if (closing.signal.aborted) reply.header('connection', 'close')
    done()
  })
  recordRequests(app, metrics)
  app.setErrorHandler(async (error, request, reply) => {
    const browser = browserToSignIn(services.door, request, error)
    if (browser === undefined) return sendProblem(services.web, request, reply, error)
    return sendToIssuer(browser, reply, request.url).catch((failure) =>
      sendProblem(services.web, request, reply, failure),
    )
  })
  app.setNotFoundHandler((request, reply) =>
    sendProblem(
      services.web,
      request,
      reply,
      new RunnerError('not-found', 'There is nothing at this address.'),
    ),
  )

  if (services.hubOrigin !== undefined) letHubPagesRead(app, services.hubOrigin)
  declareAccess(app)
  healthRoutes(app, services)
  landingRoute(app, services)
  meRoute(app, services)
  conformanceRoute(app)
  processesRoute(app, services)
  processRoute(app, services)
  planRoute(app, services)
  kernelsRoute(app, services)
  lastRunsRoute(app, services)
  badgeRoute(app)
  previewRoute(app, services)
  runNotebookRoute(app, services)
  viewNotebookRoute(app, services)
  executionRoute(app, services, closing.signal)
  jobsRoute(app, services)
  jobRoute(app, services)
  jobResultsRoute(app, services)
  jobNotebookRoute(app, services)
  jobFilesRoute(app, services)
  jobThumbnailRoute(app, services)
  jobRerunRoute(app, services)
  jobCellsRoute(app, services)
  jobKernelRoute(app, services)
  jobEventsRoute(app, services, metrics, closing.signal)
  batchRoute(app, services)
  batchArchiveRoute(app, services)
  compareRoute(app, services)
  outputFrameRoute(app, services)
  apiRoute(app, services)
  if (services.door.kind === 'tokens' && services.door.device !== undefined)
    protectedResourceRoute(app, services, services.door.device)
  if (services.door.kind === 'tokens' && services.door.browser !== undefined) {
    authLoginRoute(app, services.door.browser)
    authCallbackRoute(app, services.door.browser)
    authSignedInRoute(app)
    await authLogoutRoute(app, services, services.door.browser)
    const { signIn, readLogoutToken } = services.door.browser
    if (readLogoutToken !== undefined) await backchannelLogoutRoute(app, signIn, readLogoutToken)
  }
  if (services.metricsHere) metricsRoute(app, metrics)
  await app.register(fastifyStatic, {
    root: [services.web.assets, `${import.meta.dirname}/assets`],
    prefix: '/assets/',
    index: false,
    cacheControl: false,
    // The build has them gzipped, too.
    preCompressed: true,
    setHeaders: (reply, path) => {
      if (!path.startsWith(services.web.assets)) return void reply.header('cache-control', 'no-cache')
      // The names of what was built have the hash of their content. It is the same for everybody, and the document that
      // shows outputs, which has no origin, has to be allowed by name.
      reply
        .header('cache-control', 'public, max-age=31536000, immutable')
        .header('access-control-allow-origin', '*')
    },
  })
  if (services.exampleData !== undefined) {
    await app.register(fastifyStatic, {
      root: services.exampleData,
      prefix: '/examples/data/',
      index: false,
      decorateReply: false,
    })
  }
  return app
}

/** A proxy may strip the base path or pass it on: both arrive at the same routes. */
function withoutBasePath(basePath: string, url: string): string {
  if (basePath === '' || !url.startsWith(basePath)) return url
  const rest = url.slice(basePath.length)
  if (rest === '') return '/'
  if (rest.startsWith('?')) return `/${rest}`
  return rest.startsWith('/') ? rest : url
}
