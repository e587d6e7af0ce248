import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { jobOf } from '../support/answers.ts'
import { temporaryDataDir } from '../support/postgres.ts'
import {
  type ServiceFolder,
  type ServiceProcess,
  startService,
  stopShared,
} from '../support/service-process.ts'

/** Of the service, by the names that it reads them under, and of those who run it. */
const SECRETS = Object.fromEntries(
  [
    'RUNNER_TOKEN',
    'OIDC_CLIENT_SECRET',
    'SESSION_SECRET',
    'CREDENTIALS_SECRET',
    'JUPYTER_SERVER_TOKEN',
    'JUPYTERHUB_API_TOKEN',
    'AWS_ACCESS_KEY_ID',
    'AWS_SECRET_ACCESS_KEY',
    'AWS_SESSION_TOKEN',
    'SECRET_OF_SOMEBODY_ELSE',
  ].map((name) => [name, randomBytes(24).toString('hex')]),
)

const NOTEBOOK = {
  cells: [
    {
      cell_type: 'code',
      id: 'environment',
      metadata: {},
      outputs: [],
      execution_count: null,
      source: 'import json, os\nprint(json.dumps(dict(os.environ)))',
    },
  ],
  metadata: { kernelspec: { name: 'python3', display_name: 'Python 3', language: 'python' } },
  nbformat: 4,
  nbformat_minor: 5,
}

let stack: AsyncDisposableStack
let service: ServiceProcess

beforeAll(async () => {
  stack = new AsyncDisposableStack()
  const { path } = stack.use(await temporaryDataDir())
  const catalogue = join(path, 'environment.ipynb')
  await writeFile(catalogue, JSON.stringify(NOTEBOOK))
  const folder: ServiceFolder = { path, token: SECRETS['RUNNER_TOKEN'] ?? '', catalogue }
  stack.defer(() => stopShared(folder))
  service = stack.use(await startService(folder, SECRETS))
})
afterAll(() => stack.disposeAsync())

it('a kernel’s environment has no secret of the service', { timeout: 120_000 }, async () => {
  const response = await service.fetch('/processes/environment/execution', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ inputs: {} }),
  })
  const run = String((await jobOf(response)).id)
  await expect
    .poll(async () => (await jobOf(await service.fetch(`/jobs/${run}`))).state, { timeout: 60_000 })
    .toBe('succeeded')
  const notebook = await (await service.fetch(`/jobs/${run}/notebook`)).text()
  expect(notebook).toContain('JPY_PARENT_PID')
  const leaked = Object.entries(SECRETS).filter(
    ([name, value]) => notebook.includes(name) || notebook.includes(value),
  )
  expect(leaked).toEqual([])
  // Nor that of the Jupyter server, which would open all kernels.
  expect(notebook).not.toContain('JUPYTER_TOKEN')
})
