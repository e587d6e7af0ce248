import { randomUUID } from 'node:crypto'
import { mkdir, readFile, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DirectHost } from '../../src/kernel/direct-host.ts'
import { startJupyterServer } from '../../src/kernel/jupyter-server.ts'
import type { KernelHost } from '../../src/kernel/kernel-host.ts'
import type { KernelLimits } from '../../src/kernel/kernel-limits.ts'
import { ServerHost } from '../../src/kernel/server-host.ts'
import { Cells, found } from '../support/cells.ts'
import { KERNEL_PYTHON } from '../support/jupyter.ts'
import { silent } from '../support/postgres.ts'
import { tempFolder } from '../support/temp-folder.ts'

const soon = () => AbortSignal.timeout(60_000)
/** An idle kernel takes about 70. */
const LIMITS = { threads: 3, memoryMebibytes: 300 }
const THREADS = 'import os; print(os.environ["OMP_NUM_THREADS"], os.environ["GDAL_NUM_THREADS"])'
/** Written to, and not only reserved. */
const take = (mebibytes: number) => `x = b"x" * (${mebibytes} * 1024 * 1024)`

interface Limited extends AsyncDisposable {
  readonly host: KernelHost
  start(): Promise<Cells>
}

async function limited(kind: 'direct' | 'server', limits: KernelLimits): Promise<Limited> {
  await using stack = new AsyncDisposableStack()
  const { path } = stack.use(await tempFolder())
  const environment = process.env
  let host: KernelHost
  if (kind === 'direct') {
    host = stack.use(new DirectHost({ python: KERNEL_PYTHON, environment, limits }))
  } else {
    const folders = { rootDir: join(path, 'root'), folder: join(path, 'jupyter') }
    const server = stack.use(
      await startJupyterServer({ python: KERNEL_PYTHON, ...folders, environment, limits, log: silent }),
    )
    host = stack.use(new ServerHost((signal) => server.whenReady(signal)))
  }
  const folder = kind === 'direct' ? path : 'a'
  const parts = stack.move()
  return {
    host,
    async start() {
      const kernelId = await host.start({ kernelName: 'python3', folder, environment: {} }, soon())
      return new Cells(await host.connect(kernelId, randomUUID(), soon()))
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

describe.each(['direct', 'server'] as const)('a kernel with limits on the %s host', (kind) => {
  it('has its threads, and is ended where it takes too much memory', { timeout: 120_000 }, async () => {
    await using subject = await limited(kind, LIMITS)
    const { host } = subject
    const cells = await subject.start()
    const { kernelId } = cells.connection
    expect((await cells.run(THREADS)).text).toBe('3 3\n')
    expect(await cells.run(take(100))).toMatchObject({ status: 'ok' })
    const id = cells.send('print("begun", flush=True)\nimport time\ntime.sleep(60)')
    for (;;) {
      const event = await cells.next()
      if (event?.kind === 'message' && event.type === 'stream') break
    }
    await host.interrupt(kernelId)
    expect(found((await cells.finish(id)).messages, 'error', 'ename')).toBe('KeyboardInterrupt')
    expect(found((await cells.run('b"x" * 10**15')).messages, 'error', 'ename')).toBe('MemoryError')

    cells.send(`${take(500)}\nimport time\ntime.sleep(60)`)
    expect(await cells.incident()).toEqual({ kind: 'died' })
    expect(await host.causeOfDeath(kernelId, soon())).toBe('memory-limit')
    await host.shutdown(kernelId)
  })

  it('answers for the memory of what it has started', { timeout: 120_000 }, async () => {
    await using subject = await limited(kind, LIMITS)
    const { host } = subject
    const cells = await subject.start()
    const code = `${take(150)}; import time; time.sleep(60)`
    const python = JSON.stringify(KERNEL_PYTHON)
    cells.send(
      `import subprocess, os, time\nfor _ in range(2): subprocess.Popen([${python}, "-c", ${JSON.stringify(code)}])\ntime.sleep(60)`,
    )
    expect(await cells.incident()).toEqual({ kind: 'died' })
    expect(await host.causeOfDeath(cells.connection.kernelId, soon())).toBe('memory-limit')
    await host.shutdown(cells.connection.kernelId)
  })

  it('ends in good order, and is no case of memory when it is killed', { timeout: 120_000 }, async () => {
    await using subject = await limited(kind, LIMITS)
    const { host } = subject
    const [one, other] = [await subject.start(), await subject.start()]
    const pid = Number((await one.run('import os; print(os.getpid())')).text)
    await host.shutdown(one.connection.kernelId)
    expect(() => process.kill(pid, 0)).toThrow()
    process.kill(Number((await other.run('import os; print(os.getpid())')).text), 'SIGKILL')
    expect(await other.incident()).toEqual({ kind: 'died' })
    expect(await host.causeOfDeath(other.connection.kernelId, soon())).toBeUndefined()
  })
})

/** A control group of this machine that may take so much memory. Undefined where we may not make one. */
async function memoryGroup(
  bytes: number,
): Promise<({ join(pid: number): Promise<void> } & AsyncDisposable) | undefined> {
  const name = `notebook-runner-test-${randomUUID()}`
  for (const [parent, limit] of [
    ['/sys/fs/cgroup/memory', 'memory.limit_in_bytes'],
    ['/sys/fs/cgroup', 'memory.max'],
  ] as const) {
    const folder = join(parent, name)
    try {
      await readFile(join(parent, 'cgroup.procs'))
      await mkdir(folder)
      await writeFile(join(folder, limit), String(bytes))
      return {
        join: (pid) => writeFile(join(folder, 'cgroup.procs'), String(pid)),
        [Symbol.asyncDispose]: () => rmdir(folder),
      }
    } catch {
      await rmdir(folder).catch(() => undefined)
    }
  }
  return undefined
}

const probe = await memoryGroup(1e8)
await probe?.[Symbol.asyncDispose]()

describe.runIf(probe !== undefined)('a kernel that the system ends for want of memory', () => {
  it.each(['direct', 'server'] as const)(
    'is told apart on the %s host',
    { timeout: 120_000 },
    async (kind) => {
      await using group = await memoryGroup(200 * 1024 * 1024)
      await using subject = await limited(kind, {})
      const { host } = subject
      const cells = await subject.start()
      const pid = Number((await cells.run('import os; print(os.getpid())')).text)
      await group?.join(pid)
      // The count has been read before.
      await new Promise((done) => setTimeout(done, 2_500))
      cells.send(`${take(2_000)}\nimport time\ntime.sleep(60)`)
      expect(await cells.incident()).toEqual({ kind: 'died' })
      expect(await host.causeOfDeath(cells.connection.kernelId, soon())).toBe('machine-memory')
      await host.shutdown(cells.connection.kernelId)
    },
  )
})
