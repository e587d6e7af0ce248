import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { execute } from '../../src/kernel/execute.ts'
import type { Execution, SentCell } from '../../src/kernel/execution.ts'
import type { KernelEvent } from '../../src/kernel/kernel-connection.ts'
import {
  executeOn,
  executeWith,
  newNotebook,
  preparedText,
  sinkInto,
  type Told,
  textOf,
  unlimited,
} from '../support/executed.ts'
import { startKernels, type TestKernel, type TestKernels } from '../support/kernels.ts'
import { tempFolder } from '../support/temp-folder.ts'

let kernels: TestKernels
beforeAll(async () => {
  kernels = await startKernels()
})
afterAll(() => kernels[Symbol.asyncDispose]())

function statuses(text: string): string[] {
  return JSON.parse(text).cells.map(
    (cell: { metadata: { papermill?: { status: string } } }) => cell.metadata.papermill?.status ?? 'marker',
  )
}

/** The texts of everything that a cell shows. */
function shownBy(text: string, cell: number): string {
  return JSON.stringify(JSON.parse(text).cells[cell].outputs)
}

/** A sink that calls back when a cell has started. */
function whenStarted(cell: number, told: Told[], then: () => void): Execution['sink'] {
  const sink = sinkInto(told)
  return {
    ...sink,
    started(started, at) {
      sink.started(started, at)
      if (started === cell) then()
    },
  }
}

function whenPrinted(then: () => void): Execution['sink'] {
  return {
    ...sinkInto([]),
    change() {
      then()
      return undefined
    },
  }
}

const appends = (path: string, text: string) =>
  `with open(${JSON.stringify(path)}, "a") as f: f.write("${text}")`

describe('a message that cannot be read', () => {
  it('leaves a note in its cell, and the run goes on', async () => {
    const deep = 'deep = 0\nfor _ in range(900): deep = [deep]\nfrom IPython.display import display'
    const { result, text } = await executeOn(
      kernels,
      preparedText([
        deep,
        'display({"application/geo+json": deep}, raw=True)\nprint("after")',
        'print("next")',
      ]),
    )
    expect(result).toEqual({ state: 'succeeded' })
    expect(statuses(text).slice(-3)).toEqual(['completed', 'completed', 'completed'])
    expect(text).toMatch(/An output was left out here[^"]*nested deeper than 400 levels/)
    expect(text).toContain('after')
    expect(text).toContain('next')
  })
})

describe('cells sent ahead', () => {
  it('are recorded before they are sent, and all run once and in order', async () => {
    await using folder = await tempFolder()
    const path = join(folder.path, 'ran')
    const cells = Array.from({ length: 40 }, (_, index) => appends(path, `${index} `))
    const { result, told } = await executeOn(kernels, preparedText(cells))
    expect(result).toEqual({ state: 'succeeded' })
    expect(await readFile(path, 'utf8')).toBe(cells.map((_, index) => `${index} `).join(''))
    const sent = told.flatMap((one) => (one.told === 'sending' ? one.cells.map(({ cell }) => cell) : []))
    expect(sent).toEqual(cells.map((_, index) => index))
    const batches = told.filter((one) => one.told === 'sending')
    expect(batches.length, 'fewer records than cells').toBeLessThan(cells.length)
    expect(told.filter((one) => one.told === 'finished').map((one) => one.cell)).toEqual(sent)
  })

  it('never run after an error, however early it comes', { timeout: 180_000 }, async () => {
    await using folder = await tempFolder()
    for (let round = 0; round < 8; round += 1) {
      const path = join(folder.path, `ran-${round}`)
      const before = Array.from({ length: 6 + round }, () => 'pass')
      const after = Array.from({ length: 12 }, () => appends(path, 'x'))
      const { result, text } = await executeOn(kernels, preparedText([...before, '1/0', ...after]))
      expect(result).toMatchObject({ state: 'failed', reason: 'cell-error', failedCell: before.length })
      await expect(readFile(path)).rejects.toThrow('ENOENT')
      expect(statuses(text).slice(-12)).toEqual(after.map(() => 'pending'))
    }
  })

  it('are never sent past one that may fail', async () => {
    const cells = ['1', { source: '1/0', tags: ['raises-exception'] }, '2', '3']
    const { result, told, text } = await executeOn(kernels, preparedText(cells))
    expect(result).toEqual({ state: 'succeeded' })
    const order = told.flatMap((one) => {
      if (one.told === 'sending') return one.cells.map(({ cell }) => `send ${cell}`)
      return one.told === 'finished' ? [`finish ${one.cell}`] : []
    })
    expect(order.indexOf('send 2')).toBeGreaterThan(order.indexOf('finish 1'))
    expect(statuses(text)).toEqual(['completed', 'completed', 'completed', 'completed'])
  })

  it('are sent one by one to a kernel not known to refuse them', async () => {
    const { result, told, text } = await executeOn(kernels, preparedText(['echo a', 'x=1', 'echo $x']), {
      kernelName: 'bash',
    })
    expect(result).toEqual({ state: 'succeeded' })
    for (const one of told) if (one.told === 'sending') expect(one.cells).toHaveLength(1)
    expect(shownBy(text, 2)).toContain('1\\n')
  })

  it('run on after errors where those are allowed', async () => {
    const { result, text } = await executeOn(kernels, preparedText(['1/0', 'print("on")']), {
      allowErrors: true,
    })
    expect(result).toEqual({ state: 'succeeded' })
    expect(shownBy(text, 0)).toContain('ZeroDivisionError')
    expect(shownBy(text, 1)).toContain('on')
  })
})

describe('a run that is ended', () => {
  it('by its person reaches the kernel, and no later cell runs', async () => {
    await using folder = await tempFolder()
    const path = join(folder.path, 'ran')
    const cancel = new AbortController()
    const told: Told[] = []
    const cells = [
      '1',
      'import time\ntime.sleep(600)',
      ...Array.from({ length: 6 }, () => appends(path, 'x')),
    ]
    const before = performance.now()
    const { result, text } = await executeOn(kernels, preparedText(cells), {
      signal: cancel.signal,
      sink: whenStarted(1, told, () => cancel.abort()),
    })
    expect(performance.now() - before).toBeLessThan(30_000)
    expect(result).toMatchObject({ state: 'cancelled' })
    expect(shownBy(text, 1)).toContain('KeyboardInterrupt')
    expect(statuses(text)).toEqual(['completed', 'failed', ...Array.from({ length: 6 }, () => 'pending')])
    await expect(readFile(path)).rejects.toThrow('ENOENT')
  })

  it('by its person ends a kernel that does not heed', { timeout: 120_000 }, async () => {
    const cancel = new AbortController()
    // Cancelled once it says that it does not heed: an interrupt before that would end it.
    const stubborn =
      'import time\nwhile True:\n  try:\n    print("never", flush=True)\n    time.sleep(600)\n  except KeyboardInterrupt:\n    pass'
    await using kernel = await kernels.start()
    const { result } = await executeWith(kernels, kernel, preparedText([stubborn, '1']), {
      signal: cancel.signal,
      sink: whenPrinted(() => cancel.abort()),
    })
    expect(result).toMatchObject({ state: 'cancelled' })
    expect(await kernels.host.exists(kernel.id, AbortSignal.timeout(10_000))).toBe(false)
  })

  it('before anything was sent runs nothing', async () => {
    const { result, told } = await executeOn(kernels, preparedText(['1']), { signal: AbortSignal.abort() })
    expect(result).toMatchObject({ state: 'cancelled' })
    expect(told.filter((one) => one.told === 'started')).toEqual([])
  })

  it('by the limit for a cell says so in the cell', async () => {
    const { result, text } = await executeOn(kernels, preparedText(['1', 'while True: pass', '2']), {
      limits: { ...unlimited, cellSeconds: 1 },
    })
    expect(result).toMatchObject({
      state: 'failed',
      reason: 'timeout',
      failedCell: 1,
      message: 'Cell 2 ran longer than 1 s, the limit for a cell.',
    })
    expect(statuses(text)).toEqual(['marker', 'completed', 'marker', 'failed', 'pending'])
    expect(shownBy(text, 3)).toMatch(/KeyboardInterrupt.*CellTimeoutError.*limit for a cell/)
  })

  it('by the limits for silence and for all', async () => {
    const silent = await executeOn(kernels, preparedText(['import time\ntime.sleep(600)']), {
      limits: { ...unlimited, silentSeconds: 1 },
    })
    expect(silent.result).toMatchObject({ reason: 'timeout', message: expect.stringContaining('no sign') })
    const cells = Array.from({ length: 100 }, () => 'import time\ntime.sleep(0.1)')
    const long = await executeOn(kernels, preparedText(cells), { limits: { ...unlimited, runSeconds: 1 } })
    expect(long.result).toMatchObject({ reason: 'timeout', message: expect.stringContaining('The run took') })
    // Joined again, it has had most of its time before.
    const runSince = new Date(Date.now() - 599_000)
    const joined = await executeOn(kernels, preparedText(cells), {
      limits: { ...unlimited, runSeconds: 600, runSince },
    })
    expect(joined.result).toMatchObject({ message: 'The run took longer than 600 s, its limit.' })
  })

  it.each([
    ['by the death of the kernel', 'import os\nos.kill(os.getpid(), 9)'],
    ['by a kernel that ends itself', 'import os\nos._exit(0)'],
  ])('%s ends at once', async (_, source) => {
    const before = performance.now()
    const { result, text } = await executeOn(
      kernels,
      preparedText(['1', `print("so far", flush=True)\nimport time\ntime.sleep(0.5)\n${source}`, '2']),
    )
    expect(performance.now() - before).toBeLessThan(30_000)
    expect(result).toMatchObject({ state: 'failed', reason: 'kernel-died', failedCell: 1 })
    expect(statuses(text)).toEqual(['marker', 'completed', 'marker', 'failed', 'pending'])
    expect(shownBy(text, 3)).toMatch(/so far.*DeadKernelError.*The kernel died while cell 2 ran/)
  })

  it.each(['import sys\nsys.exit()', 'import sys\nsys.exit(0)', 'raise SystemExit'])(
    'by %j is a success, and the rest does not run',
    async (source) => {
      const { result, text } = await executeOn(kernels, preparedText(['1', source, '2']))
      expect(result).toEqual({ state: 'succeeded' })
      expect(statuses(text)).toEqual(['completed', 'completed', 'pending'])
    },
  )

  it('by an exit with another code is a failure', async () => {
    const { result } = await executeOn(kernels, preparedText(['import sys\nsys.exit(3)']))
    expect(result).toMatchObject({ reason: 'cell-error', message: 'Cell 1 failed with SystemExit: 3' })
  })
})

/** What of the kernel's messages reaches a run, and what it was told until the way to it broke. */
function breaking(kernel: TestKernel, breaksAt: (event: KernelEvent) => boolean): TestKernel['connection'] {
  const { connection } = kernel
  return {
    kernelId: connection.kernelId,
    clientId: connection.clientId,
    get kernelSession() {
      return connection.kernelSession
    },
    execute: (request) => connection.execute(request),
    info: (signal) => connection.info(signal),
    async *events() {
      for await (const event of connection.events()) {
        if (breaksAt(event)) break
        yield event
      }
      await connection[Symbol.asyncDispose]()
      yield { kind: 'disconnected', reason: 'The test broke it.' }
    },
    hangUp: () => connection.hangUp(),
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  }
}

const isType = (type: string, nth: number) => {
  let seen = 0
  return (event: KernelEvent) => event.kind === 'message' && event.type === type && ++seen === nth
}

describe('a run whose way to the kernel breaks', () => {
  const cut = async (
    cells: Parameters<typeof preparedText>[0],
    breaksAt: (event: KernelEvent) => boolean,
  ) => {
    const kernel = await kernels.start()
    const told: Told[] = []
    const notebook = newNotebook(preparedText(cells))
    const common = {
      host: kernels.host,
      notebook,
      sink: sinkInto(told),
      limits: unlimited,
      allowErrors: false,
      window: 8,
      signal: new AbortController().signal,
    }
    const first = execute({ ...common, connection: breaking(kernel, breaksAt) })
    await expect(first).rejects.toMatchObject({ code: 'kernel-host-failed' })
    const sent = (): SentCell[] => told.flatMap((one) => (one.told === 'sending' ? one.cells : []))
    return {
      told,
      sent,
      /** The kernel's own, as another client sees it. */
      async session() {
        const signal = AbortSignal.timeout(20_000)
        await using connection = await kernels.host.connect(kernel.id, randomUUID(), signal)
        await connection.info(signal).catch(() => undefined)
        return connection.kernelSession
      },
      async again(more: readonly SentCell[] = []) {
        const signal = AbortSignal.timeout(60_000)
        await using connection = await kernels.host.connect(kernel.id, kernel.connection.clientId, signal)
        const joined = told.find((one) => one.told === 'joined')
        const kernelSession = joined === undefined ? {} : { kernelSession: joined.kernelSession }
        const result = await execute({ ...common, connection, sent: [...sent(), ...more], ...kernelSession })
        return { result, text: textOf(notebook) }
      },
      [Symbol.asyncDispose]: () => kernel[Symbol.asyncDispose](),
    }
  }

  it('goes on in the same kernel, no cell run twice, no output lost', async () => {
    await using folder = await tempFolder()
    const path = join(folder.path, 'ran')
    const cells = [
      ...Array.from({ length: 4 }, (_, index) => `${appends(path, `${index} `)}\nprint("out ${index}")`),
      `${appends(path, '4 ')}\nimport time\nprint("early", flush=True)\ntime.sleep(2)\nprint("late")`,
      ...Array.from(
        { length: 20 },
        (_, index) => `${appends(path, `${index + 5} `)}\nprint("out ${index + 5}")`,
      ),
    ]
    // At the input of cell 5 at the latest: the fifth input that is seen.
    await using run = await cut(cells, isType('execute_input', 5))
    const { result, text } = await run.again()
    expect(result).toEqual({ state: 'succeeded' })
    expect(await readFile(path, 'utf8')).toBe(cells.map((_, index) => `${index} `).join(''))
    expect(statuses(text)).toEqual(cells.map(() => 'completed'))
    for (const index of cells.keys()) if (index > 4) expect(shownBy(text, index)).toContain(`out ${index}`)
    expect(shownBy(text, 4)).toContain('late')
  })

  it('sends what was recorded but never sent', async () => {
    await using run = await cut(['1', 'import time\ntime.sleep(1)', '3'], isType('execute_input', 2))
    // As if the process had died between recording and sending.
    const more = run.sent().some(({ cell }) => cell === 2) ? [] : [{ cell: 2, messageId: randomUUID() }]
    const { result, text } = await run.again(more)
    expect(result).toEqual({ state: 'succeeded' })
    expect(shownBy(text, 2)).toContain('"3"')
  })

  it('ends as unknown where the last cell ran and its reply is lost', async () => {
    await using run = await cut(['1', '2'], isType('execute_reply', 3))
    const { result, text } = await run.again()
    expect(result).toMatchObject({ state: 'failed', reason: 'outcome-unknown' })
    expect(statuses(text)).toContain('failed')
  })

  it('ends, and sends nothing, where the kernel died meanwhile and another one was started in its place', async () => {
    await using folder = await tempFolder()
    const path = join(folder.path, 'ran')
    const dies = `${appends(path, '1 ')}\nimport os, time\ntime.sleep(2)\nos._exit(1)`
    await using run = await cut(
      [appends(path, '0 '), dies, appends(path, '2 '), appends(path, '3 ')],
      isType('execute_input', 2),
    )
    await expect.poll(() => readFile(path, 'utf8'), { timeout: 20_000 }).toContain('1')
    await expect
      .poll(run.session, { timeout: 20_000 })
      .not.toBe(run.told.find((one) => one.told === 'joined')?.kernelSession)
    const { result } = await run.again()
    expect(result).toMatchObject({ state: 'failed', reason: 'kernel-died' })
    expect(await readFile(path, 'utf8')).toBe('0 1 ')
  })

  it('goes on where a reply is lost and a later cell has run since', async () => {
    const slow = 'import time\ntime.sleep(1)'
    await using run = await cut(['1', slow, `${slow}\nprint("late")`], isType('execute_reply', 3))
    const { result, text } = await run.again()
    expect(result).toEqual({ state: 'succeeded' })
    expect(statuses(text)).toEqual(['completed', 'completed', 'completed'])
    expect(shownBy(text, 1)).toContain('some of its output is lost')
    expect(shownBy(text, 2)).toContain('late')
  })

  it('tells an error that happened meanwhile', async () => {
    const slow = 'import time\ntime.sleep(1)\n1/0'
    await using run = await cut(['1', slow, '3'], isType('execute_input', 2))
    const { result, text } = await run.again()
    expect(result).toMatchObject({ state: 'failed', reason: 'cell-error', failedCell: 1 })
    expect(shownBy(text, 3)).toContain('ZeroDivisionError')
  })
})
