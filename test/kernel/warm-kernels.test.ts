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
    const options = { host, folder: root, most: 2, idleMs: 60_000, startMs: 60_000, log: silent }
    const pool = stack.use(new WarmKernels(options))
    const take = async (given: Partial<WarmStart>) => {
      const folder = join(root, `a "folder" é \${x} ${Math.random()}`)
      const start = {
        kernelName: 'python3',
        folder,
        environment: {},
        owner: 'one',
        language: 'python',
        ...given,
      }
      const cells = new Cells(await pool.take(start, AbortSignal.timeout(60_000)))
      const names = (await cells.run(NAMES)).text
      expect((await cells.run('import os; print(os.getcwd())')).text.trim()).toBe(folder)
      const { kernelId } = cells.connection
      return { kernelId, names, cells, warm: host.folders.get(kernelId) === root }
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
    expect((await take({ language: 'cobol' })).warm).toBe(false)

    const next = await take({})
    expect(next.warm).toBe(true)
    await pool[Symbol.asyncDispose]()
    const left = []
    for (const kernelId of host.folders.keys()) {
      if ((await host.exists(kernelId)) && host.folders.get(kernelId) === root) left.push(kernelId)
    }
    expect(left.sort()).toEqual([warm.kernelId, next.kernelId].sort())
  })
})
