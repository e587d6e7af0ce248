import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import timers from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { KernelHost } from '../../src/kernel/kernel-host.ts'
import { compactJson } from '../../src/notebook/compact-json.ts'
import { Cells, dataOf, found } from '../support/cells.ts'
import { heldBytes } from '../support/held-memory.ts'

export interface HostUnderTest extends AsyncDisposable {
  readonly host: KernelHost
  /** The name that the host takes for a folder of this name. */
  folder(name: string): string
  /** Where that folder is on disk, or undefined where the host keeps no folders for us. */
  place(name: string): string | undefined
}

const soon = () => AbortSignal.timeout(60_000)
/** Megabytes that are printed, and how much of it may be in this process, read or not. */
const MEMORY = { printed: 200, held: 40 }

/** What every kernel host does. */
export function hostContract(make: () => Promise<HostUnderTest>): void {
  let subject: HostUnderTest
  beforeAll(async () => {
    subject = await make()
  })
  afterAll(() => subject?.[Symbol.asyncDispose]())

  /** A new kernel, which is shut down afterwards. */
  async function kernel(name: string = randomUUID(), environment: Readonly<Record<string, string>> = {}) {
    const { host } = subject
    const kernelId = await host.start(
      { kernelName: 'python3', folder: subject.folder(name), environment },
      soon(),
    )
    const clientId = randomUUID()
    const connect = () => host.connect(kernelId, clientId, soon())
    const cells = new Cells(await connect())
    return {
      host,
      kernelId,
      clientId,
      connect,
      cells,
      async [Symbol.asyncDispose]() {
        await cells.connection[Symbol.asyncDispose]()
        await host.shutdown(kernelId)
      },
    }
  }
  const pidOf = async (cells: Cells) => Number((await cells.run('import os; print(os.getpid())')).text)

  it('lists the kernels that there are', async () => {
    const { default: name, kernelspecs } = await subject.host.kernelspecs(soon(), subject.folder('x'))
    expect(name).toBe('python3')
    expect(kernelspecs).toContainEqual({
      name: 'python3',
      displayName: expect.stringMatching('Python 3'),
      language: 'python',
    })
  })

  it('starts a kernel in its folder, which it makes', async () => {
    const name = `runs/a name with é, # and ? ${randomUUID()}`
    const place = subject.place(name)
    if (place === undefined) return
    await using one = await kernel(name)
    expect((await one.cells.run('import os; print(os.getcwd())')).text.trim()).toBe(place)
  })

  it('runs code: streams, results as they were written, errors', async () => {
    await using one = await kernel()
    const { cells } = one
    expect(one.cells.connection).toMatchObject({ kernelId: one.kernelId, clientId: one.clientId })
    const printed = await cells.run('import sys; print("out"); print("err", file=sys.stderr)')
    expect(printed).toMatchObject({ text: 'out\nerr\n', status: 'ok' })
    expect(dataOf((await cells.run('1 + 1')).messages, 'execute_result', 'text/plain')).toBe('2')
    const json = await cells.run(
      'from IPython.display import display\ndisplay({"application/json": {"a": 1.0, "b": 2**80}}, raw=True)',
    )
    const data = dataOf(json.messages, 'display_data', 'application/json') ?? null
    expect(compactJson(data)).toBe('{"a":1.0,"b":1208925819614629174706176}')
    const error = await cells.run('1 / 0')
    expect(error.status).toBe('error')
    expect(found(error.messages, 'error', 'ename')).toBe('ZeroDivisionError')
    expect(error.messages[0]?.date).toMatch(/^\d{4}-\d\d-\d\dT/)
    const comm = await cells.run(
      'import comm; c = comm.create_comm(target_name="t", data={}, buffers=[b"\\x00\\xff"])',
    )
    expect(comm.messages.find(({ type }) => type === 'comm_open')?.buffers).toEqual([Buffer.from([0, 255])])
  })

  it('runs what was sent ahead up to the first error', async () => {
    await using one = await kernel()
    const ids = ['print(1)', '1 / 0', 'print(2)'].map((code) => one.cells.send(code))
    const results = []
    for (const id of ids) results.push(await one.cells.finish(id))
    expect(results.map(({ status }) => status)).toEqual(['ok', 'error', 'aborted'])
    expect(results.map(({ text }) => text)).toEqual(['1\n', '', ''])
    expect((await one.cells.run('print(3)')).text).toBe('3\n')
  })

  it('answers to `info` once everything before has been read', async () => {
    await using one = await kernel()
    const { connection } = one.cells
    const seen: string[] = []
    const reading = (async () => {
      for (let event = await one.cells.next(); event !== undefined; event = await one.cells.next()) {
        await new Promise(setImmediate)
        if (event.kind === 'message' && event.type === 'stream') seen.push(String(event.content.get('text')))
      }
    })()
    one.cells.send('for i in range(200): print(i, flush=True)')
    const info = await connection.info(soon())
    expect(seen.join('')).toContain('199\n')
    expect(info.get('implementation')).toBe('ipython')
    expect(connection.kernelSession).toMatch(/\w/)
    one.cells.send('import time; time.sleep(60)')
    await expect(connection.info(AbortSignal.timeout(50))).rejects.toMatchObject({
      code: 'kernel-host-failed',
    })
    await connection[Symbol.asyncDispose]()
    await reading
  })

  it('interrupts', async () => {
    await using one = await kernel()
    const id = one.cells.send('print("begun", flush=True)\nimport time\ntime.sleep(60)')
    for (;;) {
      const event = await one.cells.next()
      if (event?.kind === 'message' && event.type === 'stream') break
    }
    await one.host.interrupt(one.kernelId)
    const { messages } = await one.cells.finish(id)
    expect(found(messages, 'error', 'ename')).toBe('KeyboardInterrupt')
    expect((await one.cells.run('print("alive")')).text).toBe('alive\n')
  })

  it('tells that the kernel died', async () => {
    await using one = await kernel()
    process.kill(await pidOf(one.cells), 'SIGKILL')
    expect(await one.cells.incident()).toEqual({ kind: 'died' })
    expect(await one.host.causeOfDeath(one.kernelId, soon())).toBeUndefined()
    await one.host.shutdown(one.kernelId)
    expect(await one.host.exists(one.kernelId, soon())).toBe(false)
  })

  it('ends a kernel, busy or not, once or twice', async () => {
    await using one = await kernel()
    const { host, kernelId } = one
    const pid = await pidOf(one.cells)
    expect(await host.exists(kernelId, soon())).toBe(true)
    one.cells.send('import time; time.sleep(60)')
    await host.shutdown(kernelId)
    await host.shutdown(kernelId)
    expect(await host.exists(kernelId, soon())).toBe(false)
    expect(() => process.kill(pid, 0)).toThrow()
    for (const gone of [
      () => host.interrupt(kernelId),
      () => one.connect(),
      () => host.connect(randomUUID(), randomUUID(), soon()),
    ]) {
      await expect(gone()).rejects.toMatchObject({ code: 'kernel-gone' })
    }
  })

  it('hands the channels to the newest connection of a client', async () => {
    await using one = await kernel()
    await using second = await one.connect()
    expect((await one.cells.incident())?.kind ?? 'disconnected').toBe('disconnected')
    expect(await one.cells.next()).toBeUndefined()
    expect(() => one.cells.send('1')).toThrow('broken')
    expect((await new Cells(second).run('print(1)')).text).toBe('1\n')
  })

  it('joins again: nothing twice, and nothing missed of what came while away', async () => {
    if (!subject.host.capabilities.has('readopts')) return
    await using one = await kernel()
    await one.cells.connection.info(soon())
    const marker = (await one.cells.run('import os; print(os.path.abspath("marker"))')).text.trim()
    const id = one.cells.send(`import time
for i in range(40):
    print(i, flush=True)
    if i == 20: open("marker", "w").close()
    time.sleep(0.02)`)
    let before = ''
    while (!before.includes('\n')) {
      const event = await one.cells.next()
      if (event?.kind === 'message' && event.type === 'stream') before += event.content.get('text')
    }
    await one.cells.connection[Symbol.asyncDispose]()
    await expect.poll(() => existsSync(marker), { timeout: 60_000 }).toBe(true)
    await using again = await one.connect()
    const cells = new Cells(again)
    const { text, status } = await cells.finish(id)
    const lines = (before + text).trim().split('\n').map(Number)
    expect(lines).toEqual([...new Set(lines)].sort((a, b) => a - b))
    // What is on its way in the moment of leaving is lost.
    expect(lines.slice(-20)).toEqual(Array.from({ length: 20 }, (_, index) => 20 + index))
    expect(status).toBe('ok')
    const [info] = await Promise.all([again.info(soon()), cells.run('1')])
    expect(info.get('status')).toBe('ok')
    expect(again.kernelSession).toBe(one.cells.connection.kernelSession)
  })

  it('shows by its session that a kernel was started anew while we were away', async () => {
    if (!subject.host.capabilities.has('readopts')) return
    await using one = await kernel()
    await one.cells.connection.info(soon())
    const pid = await pidOf(one.cells)
    await one.cells.connection[Symbol.asyncDispose]()
    process.kill(pid, 'SIGKILL')
    const session = async () => {
      await using again = await one.connect()
      await again.info(AbortSignal.timeout(5_000)).catch(() => undefined)
      return again.kernelSession ?? one.cells.connection.kernelSession
    }
    await expect.poll(session, { timeout: 60_000 }).not.toBe(one.cells.connection.kernelSession)
  })

  it('names the nearest kernel where there is no such one', async () => {
    const start = { kernelName: 'pyton3', folder: subject.folder('x'), environment: {} }
    await expect(subject.host.start(start, soon())).rejects.toMatchObject({
      code: 'no-such-kernel',
      nearest: 'python3',
      message: expect.stringContaining('Did you mean python3?'),
    })
  })

  it('gives the kernel the environment', async () => {
    if (!subject.host.capabilities.has('environment')) return
    await using one = await kernel(randomUUID(), { OMP_NUM_THREADS: '3' })
    expect((await one.cells.run('import os; print(os.environ["OMP_NUM_THREADS"])')).text).toBe('3\n')
  })

  it('takes much output in little memory, however slow its reader is', { timeout: 180_000 }, async () => {
    await using one = await kernel()
    const { cells } = one
    const marker = (await cells.run('import os; print(os.path.abspath("marker"))')).text.trim()
    const before = heldBytes()
    const held = () => (heldBytes() - before) / 1_000_000
    const id = cells.send(`import sys
for i in range(${MEMORY.printed}): sys.stdout.write("x" * 1_000_000); sys.stdout.flush()
open(${JSON.stringify(marker)}, "w").close()`)
    await expect.poll(() => existsSync(marker), { timeout: 120_000 }).toBe(true)
    // All of it would be here by now: it waits where it comes from.
    for (let look = 0; look < 10; look += 1) {
      await timers.setTimeout(200)
      expect(held()).toBeLessThan(MEMORY.held)
    }
    let [most, length, seen] = [0, 0, 0]
    for (;;) {
      const event = await cells.next()
      if (event?.kind !== 'message') throw new Error('the connection ended')
      if (event.parentId !== id) continue
      const text = event.type === 'stream' ? event.content.get('text') : undefined
      if (typeof text === 'string') length += text.length
      if (length > seen) {
        most = Math.max(most, held())
        seen += 20_000_000
      }
      if (event.content.get('execution_state') === 'idle') break
    }
    expect(length).toBe(MEMORY.printed * 1_000_000)
    expect(most).toBeLessThan(MEMORY.held)
  })
}
