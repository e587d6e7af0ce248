import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Database } from '../../src/database/connect.ts'
import type { TestPostgres } from '../support/postgres.ts'
import { targetOf } from '../support/run-worker.ts'
import type { ServiceFolder } from '../support/service-process.ts'

const PROJECT = join(import.meta.dirname, '../..')
const PATIENCE_MS = 60_000

/** A server or a worker of one of the two versions. */
export interface Member extends AsyncDisposable {
  readonly name: string
  /** Of a server; empty for a worker. */
  readonly url: string
  readonly pid: number
  /** Sends SIGTERM and waits for the end. Throws where it does not end well, with what it said. */
  drain(): Promise<void>
}

/** The settings of servers and workers that share a database, a folder, and a Jupyter server that is not theirs. */
export async function fleetEnvironment(
  postgres: TestPostgres,
  database: Database,
  folder: ServiceFolder,
  jupyter: { readonly url: string; readonly token: string },
): Promise<Readonly<Record<string, string>>> {
  const target = await targetOf(postgres, database)
  if (target.kind !== 'embedded') throw new Error('A socket is expected')
  return {
    DATABASE_URL: `postgresql://${target.user}@localhost/${target.database}?host=${target.socketFolder}`,
    DATA_DIR: folder.path,
    CONFIG_URL: folder.catalogue,
    RUNNER_TOKEN: folder.token,
    PORT: '0',
    KERNELS: 'server',
    JUPYTER_SERVER_URL: jupyter.url,
    JUPYTER_SERVER_TOKEN: jupyter.token,
    VIEW_URL: 'https://lab.example/lab/tree/{path}',
  }
}

/**
 * Starts `./notebook-runner serve` or `worker` of a version, and waits until it says that it listens, or waits for runs.
 * @param root the folder of the version; unset: this one
 */
export async function startMember(
  name: string,
  command: 'serve' | 'worker',
  env: Readonly<Record<string, string>>,
  root = PROJECT,
): Promise<Member> {
  const child = spawn(join(root, 'notebook-runner'), [command], {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], LOG_LEVEL: 'info', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const gone = once(child, 'exit')
  const { promise: ready, resolve } = Promise.withResolvers<string>()
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (part: string) => {
      text = (text + part).slice(-20_000)
      if (process.env['SHOW_LOG'] !== undefined) process.stderr.write(part.replaceAll(/^/gm, `${name}: `))
      const url = /"url":"([^"]+)".*"msg":"listening"/.exec(text)?.[1]
      if (command === 'serve' && url !== undefined) resolve(url)
      if (command === 'worker' && text.includes('Waiting for runs.')) resolve('')
    })
  }
  const late = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS)
  const url = await Promise.race([ready, gone.then(() => undefined)])
  clearTimeout(late)
  if (url === undefined) throw new Error(`${name} did not start: ${text}`)
  const end = async () => {
    child.kill('SIGTERM')
    const hard = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS)
    await gone
    clearTimeout(hard)
  }
  return {
    name,
    url,
    pid: child.pid ?? 0,
    async drain() {
      await end()
      if (child.exitCode !== 0) throw new Error(`${name} ended with ${child.exitCode}: ${text}`)
    },
    [Symbol.asyncDispose]: end,
  }
}
