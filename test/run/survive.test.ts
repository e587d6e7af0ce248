import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { StatusInfo } from '../../src/http/job-schema.ts'
import { jobOf } from '../support/answers.ts'
import { temporaryDataDir } from '../support/postgres.ts'
import {
  counterNotebook,
  kernelsOf,
  type ServiceFolder,
  type ServiceProcess,
  serviceFolder,
  sharedProcess,
  startService,
  stopShared,
  strayKernel,
  tracesOf,
} from '../support/service-process.ts'

const CELLS = 4
const NUMBERS = 10
const PATIENCE = { timeout: 50_000, interval: 50 }

let stack: AsyncDisposableStack
let folder: ServiceFolder
let service: ServiceProcess
/** A kernel that a worker had started when it was killed, before it could write that down. */
let stray: string

beforeAll(async () => {
  stack = new AsyncDisposableStack()
  const { path } = stack.use(await temporaryDataDir())
  folder = await serviceFolder(path, randomBytes(12).toString('hex'), counterNotebook(CELLS, NUMBERS))
  stack.defer(() => stopShared(folder))
  service = await startService(folder)
  stack.defer(() => service.kill())
})
afterAll(() => stack.disposeAsync())

async function accept(inputs: object): Promise<string> {
  const response = await service.fetch('/processes/counter/execution', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ inputs }),
  })
  expect(response.status).toBe(201)
  return String((await jobOf(response)).id)
}

const job = async (id: string): Promise<StatusInfo> => jobOf(await service.fetch(`/jobs/${id}`))

/** Waits until the cell of the run has begun. Its process. */
async function reached(id: string, cell: number): Promise<number> {
  const find = async () => (await tracesOf(folder, id)).find((trace) => trace.cell === cell)?.pid
  await expect.poll(find, PATIENCE).toBeGreaterThan(0)
  return (await find()) ?? 0
}

async function ended(id: string): Promise<StatusInfo> {
  const state = async () => (await job(id).catch(() => undefined))?.state
  await expect.poll(state, PATIENCE).toMatch(/succeeded|failed|cancelled/)
  return job(id)
}

/** Text of each code cell with output. */
async function printed(id: string): Promise<readonly string[]> {
  const answer = await (await service.fetch(`/jobs/${id}/notebook`)).text()
  const notebook: { cells: { outputs?: { name?: string; text?: string[] }[] }[] } = JSON.parse(answer)
  return notebook.cells.flatMap(({ outputs = [] }) => {
    const texts = outputs.filter(({ name }) => name === 'stdout').flatMap(({ text = [] }) => text)
    return texts.length === 0 ? [] : [texts.join('')]
  })
}

const allCells = Array.from({ length: CELLS }, (_, cell) => cell)
const everything = allCells.map((cell) =>
  Array.from({ length: NUMBERS }, (_, number) => `${cell}: ${number}\n`).join(''),
)

/** Every cell ran once, in one process, and what it printed is there: all of it, or all but that of a moment. */
async function expectWhole(id: string, pid: number, output: 'all' | 'nearly all' = 'all'): Promise<void> {
  const { state, message } = await ended(id)
  expect({ state, message }).toEqual({ state: 'succeeded', message: undefined })
  expect(await tracesOf(folder, id)).toEqual(allCells.map((cell) => ({ cell, pid })))
  const texts = await printed(id)
  if (output === 'all') expect(texts).toEqual(everything)
  else expect(texts.join('').length).toBeGreaterThan(everything.join('').length * 0.8)
  const others = async () => (await kernelsOf(folder)).filter((kernel) => kernel !== stray)
  await expect.poll(others, PATIENCE).toEqual([])
}

describe('a run goes on', { timeout: 120_000 }, () => {
  it('in the same kernel when the service is killed', async () => {
    const id = await accept({ pause: 0.1 })
    const pid = await reached(id, 1)
    await service.kill()
    stray = await strayKernel(folder)
    service = await startService(folder)
    await expectWhole(id, pid, 'nearly all')
  })

  it('in the same kernel when the service is stopped, even by somebody impatient', async () => {
    const id = await accept({ pause: 0.1 })
    const pid = await reached(id, 1)
    service.child.kill('SIGTERM')
    service.child.kill('SIGINT')
    service.child.kill('SIGTERM')
    expect(await service.gone).toEqual([0, null])
    expect(await sharedProcess(folder, 'postgres')).toBeUndefined()
    expect(await sharedProcess(folder, 'jupyter')).toBeDefined()
    service = await startService(folder)
    await expectWhole(id, pid)
  })

  it('when PostgreSQL is killed', async () => {
    const id = await accept({ pause: 0.1 })
    const pid = await reached(id, 1)
    const before = await sharedProcess(folder, 'postgres')
    process.kill(before?.pid ?? 0, 'SIGKILL')
    await expectWhole(id, pid)
    expect((await sharedProcess(folder, 'postgres'))?.pid).not.toBe(before?.pid)
  })
})

describe('a run ends and says why', { timeout: 120_000 }, () => {
  it('at once when its kernel is killed', async () => {
    const id = await accept({ pause: 1 })
    process.kill(await reached(id, 0), 'SIGKILL')
    const killed = performance.now()
    expect(await ended(id)).toMatchObject({ state: 'failed', reason: 'kernel-died' })
    expect(performance.now() - killed).toBeLessThan(15_000)
    expect((await tracesOf(folder, id)).map(({ cell }) => cell)).toEqual([0])
    await expect.poll(() => kernelsOf(folder), PATIENCE).not.toContain(stray)
  })

  it('when the Jupyter server is killed; the next run finds a new one', async () => {
    const id = await accept({ pause: 1 })
    await reached(id, 0)
    process.kill((await sharedProcess(folder, 'jupyter'))?.pid ?? 0, 'SIGKILL')
    expect(await ended(id)).toMatchObject({ state: 'failed', reason: 'kernel-died' })
    expect((await tracesOf(folder, id)).map(({ cell }) => cell)).toEqual([0])
    const next = await accept({ pause: 0 })
    await expectWhole(next, await reached(next, 0))
  })
})

describe('a service that is stopped', { timeout: 120_000 }, () => {
  it('leaves nothing behind where no run goes on, whoever else signals', async () => {
    service.child.kill('SIGINT')
    service.child.kill('SIGINT')
    service.child.kill('SIGTERM')
    expect(await service.gone).toEqual([0, null])
    expect(await sharedProcess(folder, 'postgres')).toBeUndefined()
    expect(await sharedProcess(folder, 'jupyter')).toBeUndefined()
    service = await startService(folder)
  })
})
