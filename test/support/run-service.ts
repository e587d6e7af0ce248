import { join } from 'node:path'
import type { Database } from '../../src/database/connect.ts'
import { type Claim, type RunQueue, runQueue } from '../../src/run/queue.ts'
import { diskStorage } from '../../src/storage/disk.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { type Issuer, startIssuer } from './issuer.ts'
import { temporaryDataDir, testPostgres } from './postgres.ts'
import { targetOf } from './run-worker.ts'
import { startRunner, type TestRunner } from './runner.ts'

/** A service that accepts runs, with no worker but the test: it claims them and says what becomes of them. */
export interface RunService extends AsyncDisposable {
  readonly runner: TestRunner
  readonly database: Database
  readonly queue: RunQueue
  /** Where the service keeps what is stored. */
  readonly storage: Storage
  /** Claims the next run. */
  claim(): Promise<Claim>
}

const WORKER = { id: 'test', kernelHost: 'test' }

export async function startRunService(env: Readonly<Record<string, string>> = {}): Promise<RunService> {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(await temporaryDataDir())
  const postgres = stack.use(await testPostgres())
  const database = await postgres.database()
  const target = await targetOf(postgres, database)
  if (target.kind !== 'embedded') throw new Error('A socket is expected')
  const url = `postgresql://${target.user}@localhost/${target.database}?host=${target.socketFolder}`
  const runner = stack.use(
    await startRunner({
      DATA_DIR: folder.path,
      DATABASE_URL: url,
      KERNELS: 'server',
      JUPYTER_SERVER_URL: 'http://127.0.0.1:9',
      JUPYTER_SERVER_TOKEN: 'none',
      MAX_CONCURRENT_RUNS: '0',
      VIEW_URL: 'https://lab.example/{user}/lab/tree/{path}',
      ...env,
    }),
  )
  const queue = runQueue(database, { perWorkspace: 8, perPerson: 8, leaseSeconds: 60 })
  const parts = stack.move()
  return {
    runner,
    database,
    queue,
    storage: diskStorage({ root: join(folder.path, 'workspaces'), layout: { kind: 'local' } }),
    async claim() {
      const claim = await queue.claim(WORKER)
      if (claim === undefined) throw new Error('Nothing is queued')
      return claim
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

/** The same for people of a real issuer, each in the workspaces that the token names. */
export async function startSharedRunService(
  env: Readonly<Record<string, string>> = {},
): Promise<RunService & { readonly issuer: Issuer }> {
  const issuer = await startIssuer()
  const service = await startRunService({
    ...env,
    IDENTITY: 'oidc',
    OIDC_ISSUER: issuer.url,
    OIDC_AUDIENCE: 'eodhp',
  })
  return {
    ...service,
    issuer,
    async [Symbol.asyncDispose]() {
      await service[Symbol.asyncDispose]()
      await issuer[Symbol.asyncDispose]()
    },
  }
}
