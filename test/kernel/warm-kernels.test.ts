import { realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DirectHost } from '../../src/kernel/direct-host.ts'
import type { KernelStart } from '../../src/kernel/kernel-host.ts'
import { WarmKernels, type WarmStart } from '../../src/kernel/warm-kernels.ts'
import { Cells } from '../support/cells.ts'
import { KERNEL_PYTHON } from '../support/jupyter.ts'
import { silent } from '../support/postgres.ts'
import { tempFolder } from '../support/temp-folder.ts'

/** Remembers in which folder each kernel was started: what waits starts in that of the pool. */
class RememberingHost extends DirectHost {
  readonly folders = new Map<string, string>()
  language: string | undefined

  override async kernelspecs() {
    const specs = await super.kernelspecs()
    const { language } = this
    if (language === undefined) return specs
    return { ...specs, kernelspecs: specs.kernelspecs.map((spec) => ({ ...spec, language })) }
  }

  override async start(start: KernelStart, signal: AbortSignal): Promise<string> {
    const kernelId = await super.start(start, signal)
    this.folders.set(kernelId, start.folder)
    return kernelId
  }
}

const NAMES = 'print(sorted(n for n in dir() if not n.startswith("_")))'

describe('warm kernels', () => {
  it('are taken once, by their owner, in the wanted folder, as if new', { timeout: 120_000 }, async () => {
    await using stack = new AsyncDisposableStack()
    const root = await realpath(stack.use(await tempFolder()).path)
    const host = stack.use(new RememberingHost({ python: KERNEL_PYTHON, environment: process.env }))
    const options = { host, folder: root, most: 2, idleMs: 60_000, startMs: 60_000, refillMs: 0, log: silent }
    const pool = stack.use(new WarmKernels(options))
    const take = async (given: Partial<WarmStart>) => {
      const folder = join(root, `a "folder" é \${x} ${Math.random()}`)
      const start = {
        kernelName: 'python3',
        folder,
        environment: {},
        owner: 'one',
        ...given,
      }
      const { connection, warm } = await pool.take(start, AbortSignal.timeout(60_000))
      const cells = new Cells(connection)
      const names = (await cells.run(NAMES)).text
      expect((await cells.run('import os; print(os.getcwd())')).text.trim()).toBe(folder)
      const { kernelId } = connection
      expect(host.folders.get(kernelId) === root).toBe(warm)
      return { kernelId, names, cells, warm }
    }
    const cold = await take({})
    const warm = await take({})
    expect([cold.warm, warm.warm]).toEqual([false, true])
    expect(warm.kernelId).not.toBe(cold.kernelId)
    expect(warm.names).toBe(cold.names)
    const { messages } = await warm.cells.run('1')
    expect(
      messages.find(({ type }) => type === 'execute_input')?.content.get('execution_count'),
    ).toMatchObject({
      raw: '3',
    })
    expect((await take({ owner: 'two' })).warm).toBe(false)
    expect((await take({ environment: { OMP_NUM_THREADS: '1' } })).warm).toBe(false)
    // Only two wait: the first owner's had to go.
    expect((await take({})).warm).toBe(false)
    const next = await take({})
    expect(next.warm).toBe(true)
    await pool[Symbol.asyncDispose]()
    const left = []
    for (const kernelId of host.folders.keys()) {
      if ((await host.exists(kernelId)) && host.folders.get(kernelId) === root) left.push(kernelId)
    }
    expect(left.sort()).toEqual([warm.kernelId, next.kernelId].sort())
  })

  it('wait from the start on where they are to be ready, and end with the pool', async () => {
    await using stack = new AsyncDisposableStack()
    const root = await realpath(stack.use(await tempFolder()).path)
    const host = stack.use(new RememberingHost({ python: KERNEL_PYTHON, environment: process.env }))
    const options = { host, folder: root, most: 1, idleMs: 1, startMs: 60_000, refillMs: 60_000, log: silent }
    const pool = stack.use(new WarmKernels(options))
    const kind = { kernelName: 'python3', environment: {}, owner: 'one' }
    pool.keepReady(kind)
    pool.keepReady(kind)
    expect(pool.waiting).toBe(1)
    await expect.poll(() => host.folders.size, { timeout: 60_000 }).toBe(1)
    const taken = await pool.take({ ...kind, folder: join(root, 'a') }, AbortSignal.timeout(60_000))
    await using _connection = taken.connection
    expect(taken.warm).toBe(true)
    expect(pool.waiting).toBe(0)
    pool.keepReady(kind)
    await pool[Symbol.asyncDispose]()
    expect(pool.waiting).toBe(0)
    const there = await Promise.all([...host.folders.keys()].map((id) => host.exists(id)))
    expect(there.filter((is) => is)).toHaveLength(1)
  })

  it('that died while they waited, or that cannot change their folder, are not given to anybody', async () => {
    await using stack = new AsyncDisposableStack()
    const root = await realpath(stack.use(await tempFolder()).path)
    const host = stack.use(new RememberingHost({ python: KERNEL_PYTHON, environment: process.env }))
    const options = {
      host,
      folder: root,
      most: 1,
      idleMs: 60_000,
      startMs: 60_000,
      refillMs: 60_000,
      log: silent,
    }
    const kind = { kernelName: 'python3', environment: {}, owner: 'one' }
    const start = { ...kind, folder: join(root, 'a') }
    const pool = stack.use(new WarmKernels(options))
    pool.keepReady(kind)
    await expect.poll(() => host.folders.size, { timeout: 60_000 }).toBe(1)
    for (const id of host.folders.keys()) await host.shutdown(id)
    const cold = await pool.take(start, AbortSignal.timeout(60_000))
    await using _cold = cold.connection
    expect(cold.warm).toBe(false)
    expect((await new Cells(cold.connection).run('print(1)')).text).toBe('1\n')

    host.language = 'cobol'
    const other = stack.use(new WarmKernels(options))
    other.keepReady(kind)
    const started = await other.take(start, AbortSignal.timeout(60_000))
    await using _started = started.connection
    expect(started.warm).toBe(false)
  })
})
