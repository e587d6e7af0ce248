import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import timers from 'node:timers/promises'
import { type ProcessRecord, readRecord, runs } from '../../src/process/process-record.ts'
import { notebookOf } from './notebook-folder.ts'

const COMMAND = join(import.meta.dirname, '../../notebook-runner')

/** The whole service as others start it: `./notebook-runner serve`, in a process that can be killed. */
export interface ServiceProcess extends AsyncDisposable {
  readonly url: string
  readonly pid: number
  readonly child: ChildProcess
  /** Settled once the process is gone. */
  readonly gone: Promise<unknown>
  /** As a program with the local user's token. Rejects where nobody answers. */
  fetch(path: string, options?: RequestInit): Promise<Response>
  /** The last of what it printed, its log among it. */
  readonly printed: () => string
  /** Kills it, and waits until it is gone. */
  kill(): Promise<void>
}

export interface ServiceFolder {
  readonly path: string
  readonly token: string
  readonly catalogue: string
}

/** A catalogue of one notebook, `counter`, for services on the data folder `path`. */
export async function serviceFolder(path: string, token: string, notebook: string): Promise<ServiceFolder> {
  const catalogue = join(path, 'catalogue-source')
  await mkdir(catalogue, { recursive: true })
  await writeFile(join(catalogue, 'counter.ipynb'), notebook)
  return { path, token, catalogue }
}

const READY = {
  serve: /"url":"([^"]+)".*"msg":"listening"/,
  worker: /(Waiting for runs)/,
}

/**
 * Starts a service on the folder and waits until it listens, or a worker (which has no address) until it waits for runs.
 * Its log goes to our standard error where `SHOW_LOG` is set.
 */
export async function startService(
  folder: ServiceFolder,
  env: Readonly<Record<string, string>> = {},
  command: keyof typeof READY = 'serve',
): Promise<ServiceProcess> {
  const child = spawn(COMMAND, [command], {
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      PORT: '0',
      DATA_DIR: folder.path,
      RUNNER_TOKEN: folder.token,
      CONFIG_URL: folder.catalogue,
      LOG_LEVEL: 'info',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const gone = once(child, 'exit')
  const { promise: listening, resolve } = Promise.withResolvers<string>()
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (part: string) => {
      text = (text + part).slice(-20_000)
      if (process.env['SHOW_LOG'] !== undefined) process.stderr.write(part)
      const url = READY[command].exec(text)?.[1]
      if (url !== undefined) resolve(url)
    })
  }
  const url = await Promise.race([listening, gone.then(() => undefined)])
  if (url === undefined) throw new Error(`The service did not start: ${text}`)
  const headers = { authorization: `Bearer ${folder.token}` }
  return {
    url,
    pid: child.pid ?? 0,
    child,
    gone,
    fetch: (path, options = {}) =>
      fetch(`${url}${path}`, { ...options, headers: { ...headers, ...options.headers } }),
    printed: () => text,
    async kill() {
      child.kill('SIGKILL')
      await gone
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      const late = setTimeout(() => child.kill('SIGKILL'), 60_000)
      await gone
      clearTimeout(late)
    },
  }
}

/** The processes that the services on a folder share. Undefined where there is none. */
export async function sharedProcess(
  { path }: ServiceFolder,
  name: 'postgres' | 'jupyter',
): Promise<ProcessRecord | undefined> {
  const record = await readRecord(join(path, name, 'process.json'))
  return record !== undefined && (await runs(record)) ? record : undefined
}

/** Ends what services that were killed left behind. */
export async function stopShared(folder: ServiceFolder): Promise<void> {
  for (const name of ['jupyter', 'postgres'] as const) {
    const record = await sharedProcess(folder, name)
    if (record === undefined) continue
    process.kill(record.pid, 'SIGQUIT')
    for (let tries = 0; (await runs(record)) && tries < 100; tries++) {
      if (tries === 50) process.kill(record.pid, 'SIGKILL')
      await timers.setTimeout(50)
    }
  }
}

/**
 * Ids of the kernels that the child Jupyter server has and nobody holds: one that waits for a run is held by its worker
 * as long as that lives.
 */
export async function kernelsOf(folder: ServiceFolder): Promise<readonly string[]> {
  const list = await askJupyter(folder, {})
  return Array.isArray(list) ? list.filter((kernel) => kernel.connections === 0).map(idOf) : []
}

/** A kernel of the child Jupyter server that no run knows of. */
export async function strayKernel(folder: ServiceFolder): Promise<string> {
  return idOf(await askJupyter(folder, { method: 'POST', body: '{"name":"python3"}' }))
}

/** Undefined where there is no server. */
async function askJupyter(folder: ServiceFolder, options: RequestInit): Promise<unknown> {
  const record = await sharedProcess(folder, 'jupyter')
  if (record === undefined) return undefined
  const { port, token } = record.details
  const headers = { authorization: `token ${token}`, 'content-type': 'application/json' }
  return (await fetch(`http://127.0.0.1:${port}/api/kernels`, { ...options, headers })).json()
}

const idOf = (kernel: unknown): string =>
  typeof kernel === 'object' && kernel !== null && 'id' in kernel ? String(kernel.id) : ''

/** A line of what the notebook did outside of itself: see `counterNotebook`. */
export interface Trace {
  readonly cell: number
  readonly pid: number
}

/** What the cells of a run left in its folder, in their order. */
export async function tracesOf({ path }: ServiceFolder, runId: string): Promise<readonly Trace[]> {
  const text = await readFile(join(path, 'workspaces/local/runs', runId, 'ran'), 'utf8').catch(() => '')
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [cell, pid] = line.split(' ')
      return { cell: Number(cell), pid: Number(pid) }
    })
}

/**
 * A notebook whose cells each write one line into a file of the run's folder, and then count aloud. Inputs: `pause`
 * (seconds between two numbers), `fail` (the cell that fails in the end, -1 for none).
 */
export function counterNotebook(cells: number, numbers: number): string {
  const counting = Array.from({ length: cells }, (_, cell) =>
    [
      'import os, time',
      'with open("ran", "a") as ran:',
      `    ran.write(f"${cell} {os.getpid()}\\n")`,
      `for number in range(${numbers}):`,
      `    print("${cell}:", number, flush=True)`,
      '    time.sleep(pause)',
      `if fail == ${cell}:`,
      `    raise ValueError("cell ${cell} was to fail")`,
    ].join('\n'),
  )
  return notebookOf([{ parameters: 'pause = 0.05\nfail = -1' }, ...counting])
}
