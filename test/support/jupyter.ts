import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import timers from 'node:timers/promises'
import { freePort } from './free-ports.ts'
import { tempFolder } from './temp-folder.ts'

const ROOT = join(import.meta.dirname, '../..')
export const KERNEL_PYTHON = join(ROOT, '.venv/bin/python')

export interface TestJupyter extends AsyncDisposable {
  readonly url: string
  readonly token: string
  /** The folder that its paths start from. */
  readonly root: string
}

/** A plain Jupyter server below a path, as others run it, that speaks only the older subprotocol. */
export const startPlainJupyter = () =>
  startJupyter('/some/base', (port) => [
    KERNEL_PYTHON,
    '-m',
    'jupyter_server',
    '--ServerApp.ip=127.0.0.1',
    `--ServerApp.port=${port}`,
    '--ServerApp.port_retries=0',
    '--ServerApp.allow_root=True',
    '--ServerApp.base_url=/some/base',
    '--ZMQChannelsWebsocketConnection.kernel_ws_protocol=',
    '--ZMQChannelsWebsocketConnection.limit_rate=False',
  ])

export const startKernelGateway = () =>
  startJupyter('', (port) => [
    join(ROOT, '.venv-oracle/bin/python'),
    '-m',
    'kernel_gateway',
    '--KernelGatewayApp.ip=127.0.0.1',
    `--KernelGatewayApp.port=${port}`,
    '--KernelGatewayApp.port_retries=0',
    '--ZMQChannelsWebsocketConnection.limit_rate=False',
  ])

async function startJupyter(base: string, command: (port: number) => string[]): Promise<TestJupyter> {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(await tempFolder()).path
  const root = join(folder, 'root')
  await mkdir(root)
  const token = randomBytes(16).toString('hex')
  const port = await freePort()
  const [program = '', ...args] = command(port)
  const own = Object.fromEntries(
    ['CONFIG', 'DATA', 'RUNTIME'].map((name) => [`JUPYTER_${name}_DIR`, join(folder, name)]),
  )
  const log = createWriteStream(join(folder, 'log'))
  await once(log, 'open')
  const child = spawn(program, args, {
    cwd: root,
    env: { PATH: process.env['PATH'], HOME: folder, ...own, JUPYTER_TOKEN: token, KG_AUTH_TOKEN: token },
    stdio: ['ignore', log, log],
  })
  const exited = once(child, 'exit')
  stack.defer(async () => {
    child.kill('SIGTERM')
    const hard = setTimeout(() => child.kill('SIGKILL'), 10_000)
    await exited
    clearTimeout(hard)
  })
  const url = `http://127.0.0.1:${port}${base}`
  const answers = async () => {
    if (child.exitCode !== null) throw new Error(await readFile(join(folder, 'log'), 'utf8'))
    const headers = { authorization: `token ${token}` }
    return fetch(`${url}/api/kernelspecs`, { headers }).then(({ status }) => status, String)
  }
  while ((await answers()) !== 200) await timers.setTimeout(50)
  const open = stack.move()
  return { url, token, root, [Symbol.asyncDispose]: () => open.disposeAsync() }
}
