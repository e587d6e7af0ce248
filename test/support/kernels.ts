import { randomUUID } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startJupyterServer } from '../../src/kernel/jupyter-server.ts'
import type { KernelConnection } from '../../src/kernel/kernel-connection.ts'
import { ServerHost } from '../../src/kernel/server-host.ts'
import { silent, temporaryDataDir } from './postgres.ts'

const root = join(import.meta.dirname, '../..')
const oraclePython = join(root, '.venv-oracle/bin/python')

/** A real Jupyter server, whose kernels `oracle` (Python) and `bash` are those of the oracle environment. */
export interface TestKernels extends AsyncDisposable {
  readonly host: ServerHost
  /** Where the kernelspecs are. */
  readonly jupyterPath: string
  /** A new kernel, and a connection to it; both end with what is returned. */
  start(kernelName?: string): Promise<TestKernel>
}

export interface TestKernel extends AsyncDisposable {
  readonly id: string
  readonly connection: KernelConnection
}

export async function startKernels(): Promise<TestKernels> {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(await temporaryDataDir())
  await addKernel(folder.path, 'oracle', ['-m', 'ipykernel_launcher', '-f', '{connection_file}'], 'python')
  await addKernel(folder.path, 'bash', ['-m', 'bash_kernel', '-f', '{connection_file}'], 'bash')
  const python = join(root, '.venv/bin/python')
  const rootDir = join(folder.path, 'root')
  const options = { python, rootDir, folder: folder.path, environment: process.env, log: silent }
  const server = stack.use(await startJupyterServer(options))
  const host = stack.use(new ServerHost((signal) => server.whenReady(signal)))
  await server.whenReady(AbortSignal.timeout(90_000))
  const owned = stack.move()
  return {
    host,
    jupyterPath: join(folder.path, 'data'),
    async start(kernelName = 'oracle') {
      const signal = AbortSignal.timeout(60_000)
      const id = await host.start({ kernelName, folder: '', environment: {} }, signal)
      const connection = await host.connect(id, randomUUID(), signal)
      return {
        id,
        connection,
        async [Symbol.asyncDispose]() {
          await connection[Symbol.asyncDispose]()
          await host.shutdown(id)
        },
      }
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

async function addKernel(
  folder: string,
  name: string,
  args: readonly string[],
  language: string,
): Promise<void> {
  const path = join(folder, 'data/kernels', name)
  await mkdir(path, { recursive: true })
  const spec = { argv: [oraclePython, ...args], display_name: name, language }
  await writeFile(join(path, 'kernel.json'), JSON.stringify(spec))
}
