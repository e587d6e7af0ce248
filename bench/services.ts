import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startIssuer } from '../test/support/issuer.ts'
import { tempFolder } from '../test/support/temp-folder.ts'
import { freePort, type Server, startServer } from './processes.ts'
import { quickFolder } from './quick-folder.ts'

const ROOT = join(import.meta.dirname, '..')

/** One service under load: its address, its process, and where there is one the database's. */
export interface Service {
  readonly name: 'reference' | 'ours'
  readonly url: string
  readonly pid: number
  readonly databasePid: number | undefined
}

/** Both services, one after the other on the same issuer, each with the catalogue folder given. */
export interface Services extends AsyncDisposable {
  readonly token: string
  reference(folder: string): Promise<Service & AsyncDisposable>
  ours(folder: string): Promise<Service & AsyncDisposable>
}

export async function startServices(): Promise<Services> {
  await using starting = new AsyncDisposableStack()
  const folder = starting.use(await tempFolder())
  const place = await quickFolder(folder.path)
  const issuer = starting.use(await startIssuer())
  const token = await issuer.mint({
    claims: {
      preferred_username: 'alice',
      workspaces: ['alice-ws'],
      exp: Math.floor(Date.now() / 1000) + 86_400,
    },
  })
  const stack = starting.move()

  async function reference(catalogue: string): Promise<Service & AsyncDisposable> {
    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    const env = {
      ISSUER: issuer.url,
      AUDIENCE: 'eodhp',
      STORE: join(place, 'reference/store'),
      TEMPORARY: join(place, 'reference/temporary'),
      CATALOGUE: join(catalogue, 'catalogue.json'),
      PYTHONPATH: join(ROOT, 'bench/reference'),
    }
    const args = [
      '-m',
      'uvicorn',
      'service:app',
      '--host',
      '127.0.0.1',
      '--port',
      `${port}`,
      '--no-access-log',
      '--log-level',
      'warning',
    ]
    const server = await startServer(join(ROOT, '.cache/reference/bin/python'), args, env, `${url}/health`)
    return { ...service('reference', url, server), databasePid: undefined }
  }

  async function ours(catalogue: string): Promise<Service & AsyncDisposable> {
    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    const dataDir = join(place, 'ours')
    const env = {
      PORT: `${port}`,
      DATA_DIR: dataDir,
      IDENTITY: 'oidc',
      OIDC_ISSUER: issuer.url,
      OIDC_AUDIENCE: 'eodhp',
      KERNELS: 'none',
      VIEW_URL: 'https://lab.example/lab/tree/{path}',
      CONFIG_URL: catalogue,
      LOG_LEVEL: 'info',
    }
    const server = await startServer(join(ROOT, 'notebook-runner'), ['serve'], env, `${url}/health`)
    const record: unknown = JSON.parse(await readFile(join(dataDir, 'postgres/process.json'), 'utf8'))
    const pid =
      typeof record === 'object' && record !== null && 'pid' in record ? Number(record.pid) : undefined
    return { ...service('ours', url, server), databasePid: pid }
  }

  return { token, reference, ours, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

const service = (name: Service['name'], url: string, server: Server) => ({
  name,
  url,
  pid: server.pid,
  [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
})
