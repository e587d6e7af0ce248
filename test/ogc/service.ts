import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type RunService, startRunService } from '../support/run-service.ts'
import { tempFolder } from '../support/temp-folder.ts'

const PARAMETERS = `text: str = "a"
number: float = 1.5
count: int = 1
flag: bool = True
items: list[float] = []
tree: dict = {}
binary: str = ""
`

export interface OgcAnswer {
  readonly status: number
  readonly headers: Headers
  /** Parsed; undefined where it is no JSON. */
  readonly body: unknown
  readonly text: string
}

export interface OgcService extends AsyncDisposable {
  readonly service: RunService
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<OgcAnswer>
  send(
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<OgcAnswer>
  /** An accepted run of the process `echo`. @returns its id */
  job(inputs?: Readonly<Record<string, unknown>>): Promise<string>
  /** Lets all that wait end, each as it is said. */
  endAll(end: 'succeeded' | 'failed'): Promise<void>
}

/** A service of three processes, whose runs the test itself ends. */
export async function startOgcService(): Promise<OgcService> {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(await tempFolder()).path
  const catalogue = join(folder, 'notebooks')
  await mkdir(catalogue)
  for (const id of ['echo', 'other', 'third']) await writeFile(join(catalogue, `${id}.ipynb`), NOTEBOOK)
  const service = stack.use(await startRunService({ CONFIG_URL: catalogue }))
  const { runner } = service
  const send: OgcService['send'] = async (method, path, body, headers = {}) => {
    const response = await runner.fetch(path, {
      method,
      headers: {
        authorization: `Bearer ${runner.token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    const isJson = /json/.test(response.headers.get('content-type') ?? '')
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: isJson && text !== '' ? JSON.parse(text) : undefined,
    }
  }
  const parts = stack.move()
  return {
    service,
    send,
    get: (path, headers) => send('GET', path, undefined, headers),
    async job(inputs = {}) {
      const { body } = await send('POST', '/processes/echo/execution', { inputs })
      return String(at(body, 'jobID'))
    },
    async endAll(end) {
      for (;;) {
        const claim = await service.claim().catch(() => undefined)
        if (claim === undefined) return
        await claim.lease.setScraps(new Map([['mean', '0.25']]))
        await claim.lease.finish(
          end === 'failed'
            ? { state: 'failed', reason: 'cell-error', message: 'Cell 2 raised ValueError: x' }
            : { state: end },
        )
      }
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

/** A member of a member of what was answered. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let found: unknown = value
  for (const name of path) {
    if (typeof found !== 'object' || found === null) return undefined
    found = Object.getOwnPropertyDescriptor(found, name)?.value
  }
  return found
}

export function listAt(value: unknown, ...path: readonly (string | number)[]): readonly unknown[] {
  const found = at(value, ...path)
  return Array.isArray(found) ? found : []
}

const NOTEBOOK = JSON.stringify({
  cells: [
    {
      cell_type: 'code',
      id: 'parameters',
      metadata: { tags: ['parameters'] },
      outputs: [],
      execution_count: null,
      source: PARAMETERS,
    },
  ],
  metadata: { kernelspec: { name: 'python3', display_name: 'Python 3', language: 'python' } },
  nbformat: 4,
  nbformat_minor: 5,
})
