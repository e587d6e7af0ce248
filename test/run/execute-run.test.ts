import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { imageSize } from 'image-size'
import pino from 'pino'
import { Registry } from 'prom-client'
import { v7 as uuidv7 } from 'uuid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Database } from '../../src/database/connect.ts'
import { RunMetrics } from '../../src/http/run-metrics.ts'
import { DiskFiles } from '../../src/kernel/disk-files.ts'
import { startJupyterServer } from '../../src/kernel/jupyter-server.ts'
import { ServerHost } from '../../src/kernel/server-host.ts'
import { WarmKernels } from '../../src/kernel/warm-kernels.ts'
import type { RunEvent } from '../../src/run/event.ts'
import { RunEvents } from '../../src/run/events.ts'
import { executeRunWith } from '../../src/run/execute-run.ts'
import { fileStore } from '../../src/run/file-store.ts'
import { LeftKernels } from '../../src/run/left-kernels.ts'
import { runQueue } from '../../src/run/queue.ts'
import type { Run, RunLimits } from '../../src/run/run.ts'
import { noGrants } from '../../src/run/run-grants.ts'
import { RunSignals } from '../../src/run/signals.ts'
import { runStore } from '../../src/run/store.ts'
import { thumbnails } from '../../src/run/thumbnail.ts'
import { Thumbnailer } from '../../src/run/thumbnailer.ts'
import { Worker } from '../../src/run/worker.ts'
import { diskStorage } from '../../src/storage/disk.ts'
import { png } from '../support/pictures.ts'
import { type TestPostgres, testPostgres } from '../support/postgres.ts'
import { targetOf } from '../support/run-worker.ts'
import { tempFolder } from '../support/temp-folder.ts'

const LEASE_SECONDS = 5
const scope = { issuer: 'i', subject: 's', user: 'alice', workspace: 'ws' }
const caller = { ...scope, workspaces: ['ws'] }
const log = pino({ level: 'silent' })

let stack: AsyncDisposableStack
let postgres: TestPostgres
let database: Database
let signals: RunSignals
let folder: string
let host: ServerHost

beforeAll(async () => {
  stack = new AsyncDisposableStack()
  folder = stack.use(await tempFolder()).path
  postgres = stack.use(await testPostgres())
  database = await postgres.database()
  signals = stack.use(new RunSignals(await targetOf(postgres, database), log))
  const jupyter = stack.use(
    await startJupyterServer({
      python: join(import.meta.dirname, '../../.venv/bin/python'),
      rootDir: join(folder, 'workspaces'),
      folder: join(folder, 'jupyter'),
      environment: { PATH: process.env['PATH'], HOME: process.env['HOME'] },
      limits: { memoryMebibytes: 400 },
      log,
    }),
  )
  host = stack.use(new ServerHost((signal) => jupyter.whenReady(signal)))
}, 240_000)
afterAll(() => stack.disposeAsync())

/** `taken`: what is to happen between the start of a kernel and its first cell. */
function startWorker(keepFailedSeconds = 0, taken = async (_kernelId: string) => {}): AsyncDisposable {
  const stack = new AsyncDisposableStack()
  const storage = diskStorage({ root: join(folder, 'workspaces'), layout: { kind: 'local' } })
  const warm = { idleMs: 60_000, startMs: 60_000, refillMs: 0 }
  const warmKernels = stack.use(new WarmKernels({ host, folder: '', most: 1, ...warm, log }))
  const leftKernels = stack.use(new LeftKernels({ database, host, hostName: 'test', log }))
  const worker = new Worker({
    identity: { id: uuidv7(), kernelHost: 'test' },
    queue: runQueue(database, { perWorkspace: 4, perPerson: 4, leaseSeconds: LEASE_SECONDS }),
    signals,
    concurrency: 2,
    begin: executeRunWith({
      host,
      hostName: 'test',
      folderOf: ({ id, kernel }) => `ws/runs/${kernel?.folderOf ?? id}`,
      warmKernels: {
        take: async (start, signal) => {
          const kernel = await warmKernels.take(start, signal)
          await taken(kernel.connection.kernelId)
          return kernel
        },
      },
      leftKernels,
      keepFailedSeconds,
      storage,
      grants: noGrants,
      thumbnailer: stack.use(new Thumbnailer()),
      files: new DiskFiles(join(folder, 'workspaces')),
      fileLimits: { most: 10, bytes: 1_000 },
      signals,
      leaseSeconds: LEASE_SECONDS,
      cellTimes: async () => new Map(),
      observer: new RunMetrics(new Registry(), async () => ({ depth: 0, unfinished: 0, oldestSeconds: 0 })),
      tracing: undefined,
      log,
    }),
    log,
  })
  stack.use(worker).start()
  return stack
}

const accept = (...sources: readonly string[]): Promise<Run> => acceptFor('python3', sources)

async function acceptFor(
  kernelName: string,
  sources: readonly string[],
  limits: RunLimits = {},
): Promise<Run> {
  const id = uuidv7()
  const cells = sources.map((source, index) => ({
    cell_type: 'code',
    id: `cell${index}`,
    metadata: {},
    source,
    outputs: [],
    execution_count: null,
  }))
  const metadata = { kernelspec: { name: 'python3', display_name: 'Python 3', language: 'python' } }
  const notebook = JSON.stringify({ cells, metadata, nbformat: 4, nbformat_minor: 5 })
  const { run } = await runStore(database).accept(scope, {
    id,
    notebookId: 'test',
    notebookVersion: 'v',
    parameters: new Map(),
    kernelName,
    object: { bucket: 'ws', key: `notebooks/test-${id}.ipynb` },
    notebook: [new TextEncoder().encode(notebook)],
    limits,
  })
  return run
}

/** Watches to the end. */
async function ended({ id }: Run) {
  using events = new RunEvents(database, signals)
  const seen = []
  for await (const { number, event } of events.watch(caller, id, 0, AbortSignal.timeout(120_000))) {
    seen.push({ number, ...event })
  }
  const run = await runStore(database).find(caller, id)
  if (run === undefined) throw new Error('The run is gone.')
  return { run, seen }
}

async function snapshotOf(id: string): Promise<Uint8Array> {
  const snapshot = await runStore(database).snapshot(caller, id)
  if (snapshot === undefined) throw new Error('The snapshot is gone.')
  return snapshot
}

async function stored({ object }: Run) {
  return JSON.parse(await readFile(join(folder, 'workspaces', object.bucket, object.key), 'utf8'))
}

describe('a run', { timeout: 240_000 }, () => {
  it('keeps its last picture, made small', async () => {
    await using _worker = startWorker()
    const show = (width: number) =>
      `from IPython.display import Image\nImage(bytes.fromhex("${Buffer.from(png(width, 20)).toString('hex')}"))`
    const { run } = await ended(await accept(show(30), show(40), 'print("no picture")'))
    expect(run).toMatchObject({ state: 'succeeded', hasThumbnail: true })
    const thumbnail = await thumbnails(database)(caller, run.id)
    expect(imageSize(thumbnail?.image ?? new Uint8Array()).width).toBe(40)
    expect(await thumbnails(database)({ ...caller, workspaces: ['other'] }, run.id)).toBeUndefined()
  })

  it('goes from the queue through its cells to the workspace, and tells what happens', async () => {
    await using _worker = startWorker()
    const { run, seen } = await ended(await accept('print("one")', 'x = 2', 'x * 21'))
    expect(run).toMatchObject({ state: 'succeeded', progress: { done: 3, total: 3 } })
    expect(seen.map(({ number }) => number)).toEqual(seen.map((_, index) => index + 1))
    const states = seen.flatMap((event) => (event.type === 'state' ? [event.state] : []))
    expect(states).toEqual(['queued', 'starting', 'running', 'saving', 'succeeded'])
    expect(seen.filter(({ type }) => type === 'cell-finished')).toHaveLength(3)
    const notebook = await stored(run)
    expect(notebook.cells[0].outputs).toEqual([{ name: 'stdout', output_type: 'stream', text: ['one\n'] }])
    expect(notebook.cells[2].outputs[0].data).toEqual({ 'text/plain': ['42'] })
    expect(notebook.cells[2].metadata.papermill.status).toBe('completed')
  })

  it('takes a kernel that waited, which is ended with it and never used again', async () => {
    await using _worker = startWorker()
    const pid = async (run: Run) => (await stored(run)).cells[0].outputs[0].text[0]
    const first = (await ended(await accept('import os; print(os.getpid())'))).run
    const next = (await ended(await accept('import os; print(os.getpid(), os.getcwd())'))).run
    expect(next.state).toBe('succeeded')
    expect(await pid(next)).not.toContain((await pid(first)).trim())
    expect(await pid(next)).toContain(`/ws/runs/${next.id}`)
    const kernelId = next.kernel?.kernelId ?? ''
    await expect
      .poll(() => host.exists(kernelId, AbortSignal.timeout(5_000)), { timeout: 30_000 })
      .toBe(false)
    const left = () => database.query({ text: 'SELECT run_id FROM left_kernel' })
    await expect.poll(left, { timeout: 30_000 }).toEqual([])
  })

  it('keeps the files that it left in its folder, with what the kernel writes when it ends', async () => {
    await using _worker = startWorker()
    const { run } = await ended(await accept('file = open("a.txt", "w")', 'file.write("left open by me!")'))
    const store = fileStore(database)
    const files = await store.list(caller, run.id)
    expect(files).toMatchObject({
      complete: true,
      files: [{ path: 'a.txt', size: 16, mediaType: 'text/plain' }],
    })
    expect(await store.find(caller, run.id, 'a.txt')).toEqual(files?.files[0])
    const copied = run.object.key.replace('.ipynb', '/a.txt')
    expect(await readFile(join(folder, 'workspaces/ws', copied), 'utf8')).toBe('left open by me!')
    const other = { ...caller, workspaces: ['other'] }
    expect(await store.list(other, run.id)).toBeUndefined()
    expect(await store.find(other, run.id, 'a.txt')).toBeUndefined()
  })

  it('that fails says at which cell, and the rest never ran', async () => {
    await using _worker = startWorker()
    const { run } = await ended(await accept('1', '1/0', 'print("never")'))
    expect(run).toMatchObject({ state: 'failed', reason: 'cell-error' })
    expect(run.message).toContain('ZeroDivisionError')
    const { cells } = await stored(run)
    const statuses = cells.flatMap(
      (cell: { metadata: { papermill?: { status?: string } } }) => cell.metadata.papermill?.status ?? [],
    )
    expect(statuses).toEqual(['completed', 'failed', 'pending'])
  })

  it('whose kernel takes too much memory says so, and an error of memory is one of its cell', async () => {
    await using _worker = startWorker()
    const greedy = await accept(
      'print("before")',
      'x = b"x" * 1_000_000_000; import time; time.sleep(60)',
      '3',
    )
    const refused = await accept('b"x" * 10**15', '2')
    const { run } = await ended(greedy)
    expect(run).toMatchObject({ state: 'failed', reason: 'out-of-memory' })
    expect(run.message).toMatch(/^The kernel was ended (while|at) cell 2( ran)?\. It took more memory/)
    const { cells } = await stored(run)
    expect(cells[3].outputs[0]).toMatchObject({ output_type: 'error', ename: 'DeadKernelError' })
    expect((await ended(refused)).run).toMatchObject({
      state: 'failed',
      reason: 'cell-error',
      message: expect.stringContaining('MemoryError'),
    })
  })

  /** The kernel's process is that which names its connection file. */
  const killed = async (kernelId: string) => {
    const { stdout } = await promisify(execFile)('pgrep', ['-f', `kernel-${kernelId}`])
    for (const pid of stdout.trim().split('\n')) process.kill(Number(pid), 'SIGKILL')
  }

  it.each<[string, (kernelId: string) => Promise<void>]>([
    ['is shut down by somebody else', (kernelId) => host.shutdown(kernelId)],
    ['dies', killed],
  ])('whose kernel %s before any cell was sent to it has another one', async (_, end) => {
    const kernels: string[] = []
    await using _worker = startWorker(0, async (kernelId) => {
      if (kernels.push(kernelId) === 1) await end(kernelId)
    })
    const { run, seen } = await ended(await accept('open("ran", "a").write("x")', 'print("one")'))
    expect(run).toMatchObject({ state: 'succeeded', attempts: 1, kernel: { kernelId: kernels[1] } })
    expect(await readFile(join(folder, 'workspaces/ws/runs', run.id, 'ran'), 'utf8')).toBe('x')
    const notes = seen.flatMap((event) => (event.type === 'note' ? [event.text] : []))
    expect(notes).toEqual([expect.stringContaining('another one is started')])
    const exists = () => host.exists(kernels[0] ?? '', AbortSignal.timeout(5_000))
    await expect.poll(exists, { timeout: 30_000 }).toBe(false)
  })

  it('whose kernels all die before any cell was sent to them fails', async () => {
    let kernels = 0
    await using _worker = startWorker(0, async (kernelId) => {
      kernels++
      await killed(kernelId)
    })
    const { run } = await ended(await accept('1'))
    expect(run).toMatchObject({ state: 'failed', reason: 'kernel-died' })
    expect(run.message).toContain('died before any cell was sent')
    expect(kernels).toBe(3)
  })

  it('that gives no sign for longer than it may fails for its time', async () => {
    await using _worker = startWorker()
    const cell = 'import time\nfor i in range(600): time.sleep(0.1); i < 20 and print(i, flush=True)'
    const { run } = await ended(await acceptFor('python3', [cell], { silentSeconds: 2 }))
    expect(run).toMatchObject({ state: 'failed', reason: 'timeout' })
    expect(run.message).toContain('gave no sign for 2 s')
    expect(JSON.stringify(await stored(run))).toContain('19')
  })

  it('without its kernel fails at once and says which kernels there are', async () => {
    await using _worker = startWorker()
    const end = await ended(await acceptFor('pyton3', ['1']))
    expect(end.run).toMatchObject({ state: 'failed', reason: 'start-failed' })
    expect(end.run.message).toContain('pyton3')
  })

  it('is cancelled in the middle of a cell, and a queued one at once', async () => {
    const queued = await accept('1')
    expect(await runStore(database).cancel(caller, queued.id)).toMatchObject({ state: 'cancelled' })
    await using _worker = startWorker()
    const run = await accept('import time\nprint("begun", flush=True)\ntime.sleep(600)', 'print("never")')
    using events = new RunEvents(database, signals)
    for await (const { event } of events.watch(caller, run.id, 0, AbortSignal.timeout(120_000))) {
      if (event.type === 'output') await runStore(database).cancel(caller, run.id)
    }
    expect((await ended(run)).run.state).toBe('cancelled')
    expect(JSON.stringify(await stored(run))).toContain('begun')
  })

  it('goes on in the same kernel when its worker stops, and runs no cell twice', async () => {
    const run = await accept(
      // More than is read of its events at a time.
      'import os; print(os.getpid()); print(("x" * 99 + "\\n") * 25_000)',
      'import time\nfor i in range(40): print(i, flush=True); time.sleep(0.1)',
      'print(os.getpid(), open("ran", "a").write("x"))',
    )
    const first = startWorker()
    using events = new RunEvents(database, signals)
    for await (const { event } of events.watch(caller, run.id, 0, AbortSignal.timeout(120_000))) {
      if (event.type === 'cell-started' && event.cell === 1) break
    }
    await first[Symbol.asyncDispose]()
    await using _second = startWorker()
    const end = await ended(run)
    expect(end.run).toMatchObject({ state: 'succeeded', attempts: 2 })
    const { cells } = await stored(run)
    const [pid] = cells[0].outputs[0].text
    expect(cells[2].outputs[0].text).toEqual([`${pid.trim()} 1\n`])
    expect(cells[1].outputs).toEqual([
      { name: 'stdout', output_type: 'stream', text: Array.from({ length: 40 }, (_, index) => `${index}\n`) },
    ])
    expect(await readFile(join(folder, 'workspaces/ws/runs', run.id, 'ran'), 'utf8')).toBe('x')
  })

  /** Taken up and left by a worker whose kernel is gone since, after these events. */
  async function leftAfter(run: Run, events: readonly RunEvent[]): Promise<void> {
    const queue = runQueue(database, { perWorkspace: 4, perPerson: 4, leaseSeconds: LEASE_SECONDS })
    const claim = await queue.claim({ id: 'killed', kernelHost: 'test' })
    if (claim?.run.id !== run.id) throw new Error('Another run was in the line.')
    await claim.lease.setKernel({ host: 'test', kernelId: randomUUID(), clientId: randomUUID() })
    const cells = events.flatMap((event) => (event.type === 'cell-started' ? [event.cell] : []))
    await claim.lease.recordSending(cells.map((cell) => ({ cell, messageId: randomUUID() })))
    await claim.lease.appendEvents(events)
    await claim.lease.release()
  }

  const ran = (cell: number, status: 'completed' | 'failed' = 'completed'): readonly RunEvent[] => [
    { type: 'cell-started', cell },
    { type: 'cell-finished', cell, status, executionCount: cell + 1, seconds: 0.1 },
  ]
  const failure = { state: 'failed', reason: 'cell-error', message: 'Cell 1 failed.', failedCell: 0 } as const

  it.each<[string, readonly RunEvent[], object, readonly string[]]>([
    ['all cells', [...ran(0), ...ran(1)], { state: 'succeeded' }, ['completed', 'completed']],
    [
      'a cell that failed',
      [{ type: 'state', state: 'saving', result: failure }, ...ran(0, 'failed')],
      { state: 'failed', reason: 'cell-error', message: 'Cell 1 failed.' },
      ['failed', 'pending'],
    ],
    [
      'the first cell',
      [...ran(0), { type: 'cell-started', cell: 1 }],
      { state: 'failed', reason: 'kernel-died' },
      ['completed', 'failed'],
    ],
  ])('left by a worker that was killed after %s ends as it was to end', async (_, events, end, statuses) => {
    const run = await accept('1', '2')
    await leftAfter(run, events)
    await using _worker = startWorker()
    expect((await ended(run)).run).toMatchObject(end)
    const { cells } = await stored(run)
    const found = cells.flatMap(
      (cell: { metadata: { papermill?: { status?: string } } }) => cell.metadata.papermill?.status ?? [],
    )
    expect(found).toEqual(statuses)
  })

  it('left in the middle of taking a kernel over goes on with that', async () => {
    await using first = new AsyncDisposableStack()
    first.use(startWorker(600))
    const cell = 'n = globals().get("n", 0) + 1; print("ran", n)'
    const broken = (
      await ended(await accept('a = 1; print("before")', `${cell}\nif n == 1: raise ValueError()`))
    ).run
    expect(broken).toMatchObject({ state: 'failed', failedCell: 1 })
    await first.disposeAsync()

    const { id, ...rest } = broken
    const next = uuidv7()
    const { run } = await runStore(database).accept(scope, {
      ...rest,
      id: next,
      object: { bucket: 'ws', key: `notebooks/test-${next}.ipynb` },
      notebook: [await snapshotOf(id)],
      limits: {},
      retryOf: { id, fromCell: 1 },
    })
    const queue = runQueue(database, { perWorkspace: 4, perPerson: 4, leaseSeconds: LEASE_SECONDS })
    const claim = await queue.claim({ id: 'killed', kernelHost: 'test' })
    expect((await claim?.lease.takeKernel('test', randomUUID()))?.folderOf).toBe(id)
    await claim?.lease.appendEvents([{ type: 'cell-started', cell: 0, ranAt: new Date().toISOString() }])
    await claim?.lease.release()

    await using _second = startWorker()
    const end = await ended(run)
    expect(end.run).toMatchObject({ state: 'succeeded', progress: { done: 2, total: 2 } })
    expect(end.seen.filter(({ type }) => type === 'cell-started')).toHaveLength(2)
    const texts = (await stored(end.run)).cells.flatMap(
      (node: { outputs?: { text?: string[] }[] }) => node.outputs?.flatMap(({ text = [] }) => text) ?? [],
    )
    expect(texts).toEqual(['before\n', 'ran 2\n'])
  })

  it('whose kernel is only starting is cancelled at once', async () => {
    // Long, as it may have begun when the cancelling arrives.
    const run = await accept('import time; time.sleep(600)')
    await using _worker = startWorker()
    using events = new RunEvents(database, signals)
    for await (const { event } of events.watch(caller, run.id, 0, AbortSignal.timeout(120_000))) {
      if (event.type === 'state' && event.state === 'starting')
        await runStore(database).cancel(caller, run.id)
    }
    expect((await ended(run)).run.state).toBe('cancelled')
  })
})
