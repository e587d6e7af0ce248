import { randomUUID } from 'node:crypto'
import { realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { startJupyterServer } from '../../src/kernel/jupyter-server.ts'
import { ServerHost } from '../../src/kernel/server-host.ts'
import { Cells } from '../support/cells.ts'
import { KERNEL_PYTHON, startKernelGateway, startPlainJupyter, type TestJupyter } from '../support/jupyter.ts'
import { silent } from '../support/postgres.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { type HostUnderTest, hostContract } from './host-contract.ts'

const MEGABYTES = 20

describe('the child Jupyter server as a kernel host', () => {
  hostContract(startChild)

  it('hands on in pieces what is printed at once', { timeout: 120_000 }, async () => {
    await using child = await startChild()
    const { host } = child
    const signal = AbortSignal.timeout(100_000)
    const kernelId = await host.start({ kernelName: 'python3', folder: 'x', environment: {} }, signal)
    await using connection = await host.connect(kernelId, randomUUID(), signal)
    const { messages, text } = await new Cells(connection).run(`print('xé' * ${MEGABYTES * 500_000}, end='')`)
    expect(text.length).toBe(MEGABYTES * 1_000_000)
    expect(text.slice(-2)).toBe('xé')
    const lengths = messages.map(({ content }) => String(content.get('text') ?? '').length)
    expect(Math.max(...lengths)).toBeLessThanOrEqual(64 * 1024)
  })
})

async function startChild(): Promise<HostUnderTest> {
  await using stack = new AsyncDisposableStack()
  const { path } = stack.use(await tempFolder())
  const folder = await realpath(path)
  const root = join(folder, 'root')
  const options = {
    python: KERNEL_PYTHON,
    rootDir: root,
    folder,
    environment: process.env,
    log: silent,
  }
  const server = stack.use(await startJupyterServer(options))
  await server.whenReady(AbortSignal.timeout(60_000))
  const host = new ServerHost((signal) => server.whenReady(signal))
  const open = stack.move()
  return {
    host,
    folder: (name) => name,
    place: (name) => join(root, name),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}

describe('a plain Jupyter server below a path, with the older subprotocol', () => {
  hostContract(async () => {
    const server = await startPlainJupyter()
    const root = await realpath(server.root)
    return { ...subject(server), place: (name: string) => join(root, name) }
  })

  it('says what is wrong without giving the token away', async () => {
    await using server = await startPlainJupyter()
    const wrong = new ServerHost(async () => ({ url: server.url, token: 'not-the-token' }))
    const signal = AbortSignal.timeout(30_000)
    const refused = {
      code: 'kernel-host-failed',
      message: expect.stringMatching(/does not accept our token: check JUPYTER_SERVER_TOKEN/),
    }
    await expect(wrong.kernelspecs(signal)).rejects.toMatchObject(refused)
    await expect(wrong.connect(randomUUID(), randomUUID(), signal)).rejects.toMatchObject(refused)
    await expect(wrong.shutdown(randomUUID())).rejects.toMatchObject(refused)
    await server[Symbol.asyncDispose]()
    const gone = new ServerHost(async () => server)
    const silentHost = { code: 'kernel-host-failed', message: expect.stringContaining('does not answer') }
    await expect(gone.exists(randomUUID(), signal)).rejects.toMatchObject(silentHost)
    await expect(gone.connect(randomUUID(), randomUUID(), signal)).rejects.toMatchObject({
      code: 'kernel-host-failed',
      message: expect.not.stringContaining(server.token),
    })
  })
})

describe('a Kernel Gateway', () => {
  hostContract(async () => ({ ...subject(await startKernelGateway()), place: () => undefined }))
})

function subject(server: TestJupyter): Omit<HostUnderTest, 'place'> {
  return {
    host: new ServerHost(async () => server),
    folder: (name) => name,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}
