import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import timers from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { StatusInfo } from '../../src/http/job-schema.ts'
import { jobOf, problemOf } from '../support/answers.ts'
import { startHub, type TestHub } from '../support/hub.ts'
import { temporaryDataDir } from '../support/postgres.ts'
import {
  counterNotebook,
  type ServiceFolder,
  type ServiceProcess,
  serviceFolder,
  startService,
  stopShared,
} from '../support/service-process.ts'

const CELLS = 4
const NUMBERS = 10
const PATIENCE = { timeout: 60_000, interval: 100 }
const allCells = Array.from({ length: CELLS }, (_, cell) => cell)

let stack: AsyncDisposableStack
let hub: TestHub
let folder: ServiceFolder
let service: ServiceProcess
/** Everything that a service wrote to its log. */
let logged = ''

beforeAll(async () => {
  stack = new AsyncDisposableStack()
  hub = stack.use(await startHub(6))
  const { path } = stack.use(await temporaryDataDir())
  folder = await serviceFolder(path, randomBytes(12).toString('hex'), counterNotebook(CELLS, NUMBERS))
  stack.defer(() => stopShared(folder))
  service = await start()
  stack.defer(() => service.kill())
})
afterAll(() => stack.disposeAsync())

/** The one local user is called `local`. */
async function start(): Promise<ServiceProcess> {
  const started = await startService(folder, {
    KERNELS: 'hub',
    JUPYTERHUB_API_URL: hub.apiUrl,
    JUPYTERHUB_API_TOKEN: hub.token,
    JUPYTERHUB_SERVER: 'workspace',
    JUPYTERHUB_PRESTART: 'yes',
    JUPYTERHUB_ONE_SERVER: 'person',
    VIEW_URL: `${hub.url}/hub/spawn/{user}/{server}?next=/notebooks/user/{user}/{server}/lab/tree/{path}`,
    LOG_LEVEL: 'debug',
  })
  for (const stream of [started.child.stdout, started.child.stderr]) {
    stream?.on('data', (part: string) => {
      logged += part
    })
  }
  return started
}

function post(inputs: object): Promise<Response> {
  return service.fetch('/processes/counter/execution', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ inputs }),
  })
}

async function accept(inputs: object): Promise<string> {
  const response = await post(inputs)
  expect(response.status).toBe(201)
  return String((await jobOf(response)).id)
}

async function ended(id: string): Promise<StatusInfo> {
  const job = async () => jobOf(await service.fetch(`/jobs/${id}`))
  const state = async () => (await job().catch(() => undefined))?.state
  await expect.poll(state, PATIENCE).toMatch(/succeeded|failed|cancelled/)
  return job()
}

/** What the cells of a run wrote into its folder in the person's server: cell and process. */
async function traces(id: string): Promise<readonly (readonly number[])[]> {
  const text = await readFile(join(hub.home('local'), 'runs', id, 'ran'), 'utf8').catch(() => '')
  return text
    .trim()
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split(' ').map(Number))
}

/** Waits until the cell of the run has begun. Its process. */
async function reached(id: string, cell: number): Promise<number> {
  const find = async () => (await traces(id)).find(([one]) => one === cell)?.[1] ?? 0
  await expect.poll(find, PATIENCE).toBeGreaterThan(0)
  return find()
}

/** Every cell ran once, in one process. */
async function expectWhole(id: string, pid: number): Promise<void> {
  const { state, message } = await ended(id)
  expect({ state, message }).toEqual({ state: 'succeeded', message: undefined })
  expect(await traces(id)).toEqual(allCells.map((cell) => [cell, pid]))
}

async function notes(id: string): Promise<string> {
  const answer = await (await service.fetch(`/jobs/${id}/events`)).text()
  return answer
    .split('\n')
    .filter((line) => line.includes('"type":"note"'))
    .join('\n')
}

/** Ours among the tokens that the person has. */
async function tokens(): Promise<number> {
  const text = await (await hub.admin('GET', '/users/local/tokens')).text()
  return text.split('"notebook-runner"').length - 1
}

describe('in a person’s own server', { timeout: 120_000 }, () => {
  it('nobody runs anything before the hub knows them', async () => {
    const response = await post({})
    expect(response.status).toBe(409)
    expect(await problemOf(response)).toMatchObject({
      type: 'urn:notebook-runner:problem:hub-unknown-user',
      detail: expect.stringContaining('JupyterHub does not know local yet'),
      link: `${hub.url}/hub/home`,
    })
    await hub.addUsers('local')
  })

  it('a form is told of it, has it started, and then has its kernels', async () => {
    const ask = async () => {
      const response = await service.fetch('/processes/counter/plan', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query: '', open: opened }),
      })
      return JSON.parse(await response.text()).server
    }
    const kernels = async () =>
      JSON.parse(await (await service.fetch('/processes/counter/kernels')).text()).kernels
    let opened = false
    expect(await ask()).toEqual({ state: 'stopped', stops: [] })
    expect(await kernels()).toEqual([])
    // Where another one would be stopped for it, that is said, and nothing is started.
    await hub.admin('POST', '/users/local/servers/other')
    opened = true
    await expect.poll(ask, PATIENCE).toEqual({ state: 'stopped', stops: ['your server other'] })
    await hub.admin('DELETE', '/users/local/servers/other')
    await expect.poll(async () => (await ask()).state, PATIENCE).toBe('starting')
    await expect.poll(ask, PATIENCE).toEqual({ state: 'up', stops: [] })
    await expect.poll(kernels, PATIENCE).toMatchObject([{ name: 'python3', suits: true }])
    await hub.admin('DELETE', '/users/local/servers/local')
    opened = false
    await expect.poll(ask, PATIENCE).toEqual({ state: 'stopped', stops: [] })
  })

  it('a run has it started, says so, works in a folder of its own, and leaves no token behind', async () => {
    const id = await accept({ pause: 0 })
    await expectWhole(id, await reached(id, 0))
    expect(await notes(id)).toMatch(/Your server is being started(.|\n)*Your server is starting: \d+ %/)
    await expect.poll(tokens, { timeout: 90_000, interval: 1_000 }).toBe(0)
    const view = await service.fetch(`/view-notebook/counter/${id}`, { redirect: 'manual' })
    expect(view.headers.get('location')).toBe(
      `${hub.url}/hub/spawn/local/local?next=/notebooks/user/local/local/lab/tree/notebooks%2Fcounter-${id}.ipynb`,
    )
  })

  it('a run goes on in the same kernel when the service is killed', async () => {
    const id = await accept({ pause: 0.1 })
    const pid = await reached(id, 1)
    await service.kill()
    service = await start()
    await expectWhole(id, pid)
  })

  it('a run goes on when the hub is stopped and comes back', async () => {
    const id = await accept({ pause: 0.1 })
    const pid = await reached(id, 1)
    await hub.stopHub()
    await reached(id, 3)
    await hub.startHub()
    await expectWhole(id, pid)
  })

  it('a run that is accepted while the hub is away waits for it', async () => {
    await hub.stopHub()
    const id = await accept({ pause: 0 })
    await timers.setTimeout(3_000)
    await hub.startHub()
    await expectWhole(id, await reached(id, 0))
  })

  it('a run goes on when the proxy has lost its routes', async () => {
    const id = await accept({ pause: 0.1 })
    const pid = await reached(id, 1)
    await hub.restartProxy()
    await expectWhole(id, pid)
  })

  it('a run fails and says why when the server is stopped; the next one has it started again', async () => {
    const id = await accept({ pause: 1 })
    await reached(id, 0)
    await hub.admin('DELETE', '/users/local/servers/local')
    expect(await ended(id)).toMatchObject({
      state: 'failed',
      reason: 'kernel-died',
      message: expect.stringContaining('The server local of local was stopped while the run went on'),
    })
    const next = await accept({ pause: 0 })
    await expectWhole(next, await reached(next, 0))
  })

  it('a run that is cancelled leaves no kernel', async () => {
    const id = await accept({ pause: 1 })
    const pid = await reached(id, 0)
    await service.fetch(`/jobs/${id}`, { method: 'DELETE' })
    expect(await ended(id)).toMatchObject({ state: 'cancelled' })
    const alive = () => {
      try {
        return process.kill(pid, 0)
      } catch {
        return false
      }
    }
    await expect.poll(alive, PATIENCE).toBe(false)
  })

  it('no log has a token', async () => {
    expect(logged).toContain('run ended')
    expect(logged).not.toContain(hub.token)
    const asked = (await hub.log()).split('\n').filter((line) => /(GET|POST|DELETE) .*token=/.test(line))
    expect(asked).toEqual([])
  })
})
