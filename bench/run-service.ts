import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { temporaryDataDir } from '../test/support/postgres.ts'
import { type ServiceProcess, startService, stopShared } from '../test/support/service-process.ts'

/** A service that executes: `./notebook-runner serve` with its Jupyter server and database. */
export interface RunService extends AsyncDisposable {
  readonly service: ServiceProcess
  readonly token: string
  /** Starts a run of one of the notebooks, and returns its id once it is accepted. */
  accept(notebook: string): Promise<string>
  /** The run once it has ended, however it ended. */
  ended(id: string): Promise<Job>
  /** The same. Throws where it did not succeed. */
  succeeded(id: string): Promise<Job>
  /** All events of a run that has ended. */
  events(id: string): Promise<readonly BenchEvent[]>
}

export interface Job {
  readonly id: string
  readonly state: string
  readonly message: string
  readonly created: number
  readonly started: number
  readonly finished: number
}

interface BenchEvent {
  readonly type: string
  readonly state: string | undefined
  /** Milliseconds since 1970. */
  readonly at: number
}

const POLL_MS = 20

/** @param notebooks by name, as the catalogue has them */
export async function startRunService(
  notebooks: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = {},
): Promise<RunService> {
  await using starting = new AsyncDisposableStack()
  const { path } = starting.use(await temporaryDataDir())
  const catalogue = join(path, 'catalogue-source')
  await mkdir(catalogue)
  for (const [name, text] of Object.entries(notebooks))
    await writeFile(join(catalogue, `${name}.ipynb`), text)
  const folder = { path, token: randomBytes(16).toString('hex'), catalogue }
  starting.defer(() => stopShared(folder))
  const service = starting.use(await startService(folder, env))
  const parts = starting.move()

  const json = async (url: string, options: RequestInit = {}): Promise<object> => {
    const response = await service.fetch(url, options)
    const body: unknown = await response.json()
    if (!response.ok || typeof body !== 'object' || body === null)
      throw new Error(`${url}: ${response.status} ${JSON.stringify(body)}`)
    return body
  }
  const ended = async (id: string): Promise<Job> => {
    for (;;) {
      const job = await json(`/jobs/${id}`)
      const [state, message] = [textOf(job, 'state'), textOf(job, 'message')]
      if (state === 'succeeded' || state === 'failed' || state === 'cancelled') {
        const time = (name: string) => Date.parse(textOf(job, name))
        const times = { created: time('created'), started: time('started'), finished: time('finished') }
        return { id, state, message, ...times }
      }
      await pause(POLL_MS)
    }
  }
  return {
    service,
    token: folder.token,
    async accept(notebook) {
      const body = await json(`/processes/${notebook}/execution`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ inputs: {} }),
      })
      return textOf(body, 'id')
    },
    ended,
    async succeeded(id) {
      const job = await ended(id)
      if (job.state !== 'succeeded') throw new Error(`Run ${id}: ${job.state}, ${job.message}`)
      return job
    },
    async events(id) {
      const text = await (await service.fetch(`/jobs/${id}/events`)).text()
      return text.split('\n').flatMap((line) => {
        if (!line.startsWith('data: ')) return []
        const event: unknown = JSON.parse(line.slice(6))
        if (typeof event !== 'object' || event === null) return []
        const state = 'state' in event ? String(event.state) : undefined
        return [{ type: textOf(event, 'type'), state, at: Date.parse(textOf(event, 'at')) }]
      })
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

function textOf(body: object, name: string): string {
  const value: unknown = Object.entries(body).find(([key]) => key === name)?.[1]
  return typeof value === 'string' ? value : ''
}
