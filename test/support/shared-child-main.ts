import { startEmbeddedPostgres } from '../../src/database/embedded-postgres.ts'
import { startJupyterServer } from '../../src/kernel/jupyter-server.ts'
import { lock } from '../../src/process/file-lock.ts'
import { silent } from './postgres.ts'

// A process of its own that has a shared child (or a lock), to be stopped by closing its input or killed.
// node shared-child-main.ts lock FILE | postgres FOLDER | jupyter FOLDER PYTHON
const [kind, path = '', python = ''] = process.argv.slice(2)

async function start(): Promise<AsyncDisposable | Disposable> {
  if (kind === 'lock') return lock(path, 'exclusive', AbortSignal.timeout(60_000))
  if (kind === 'postgres') return startEmbeddedPostgres({ folder: path, log: silent })
  const options = { folder: path, rootDir: `${path}/root`, python, environment: process.env, log: silent }
  const server = await startJupyterServer(options)
  await server.whenReady(AbortSignal.timeout(60_000))
  return server
}

{
  await using _held = await start()
  process.stdout.write('ready\n')
  for await (const _ of process.stdin);
}
