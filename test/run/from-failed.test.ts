import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { StatusInfo } from '../../src/http/job-schema.ts'
import { temporaryDataDir } from '../support/postgres.ts'
import {
  type ServiceFolder,
  type ServiceProcess,
  serviceFolder,
  startService,
  stopShared,
} from '../support/service-process.ts'

const PATIENCE = { timeout: 60_000, interval: 50 }

/** The third cell fails as long as there is no file `ready` in its folder; each cell leaves a trace of itself. */
const NOTEBOOK = JSON.stringify({
  cells: [
    'import os\nx = 41\nopen("ran", "a").write("0"); print("first", os.getpid())',
    'from IPython.display import HTML, display\nx += 1\nopen("ran", "a").write("1"); display(HTML("<b>shown</b>"))',
    'open("ran", "a").write("2")\nif not os.path.exists("ready"): raise ValueError("not yet")\nprint(x, os.getpid())',
    'open("ran", "a").write("3"); x',
  ].map((source, index) => ({
    cell_type: 'code',
    id: `c${index}`,
    metadata: {},
    outputs: [],
    execution_count: null,
    source,
  })),
  metadata: { kernelspec: { name: 'python3', display_name: 'Python 3', language: 'python' } },
  nbformat: 4,
  nbformat_minor: 5,
})

let stack: AsyncDisposableStack
let folder: ServiceFolder
let service: ServiceProcess
beforeAll(async () => {
  stack = new AsyncDisposableStack()
  const { path } = stack.use(await temporaryDataDir())
  folder = await serviceFolder(path, 'a-token-that-is-long-enough', NOTEBOOK)
  stack.defer(() => stopShared(folder))
  service = await startService(folder)
  stack.defer(() => service[Symbol.asyncDispose]())
}, 120_000)
afterAll(() => stack?.disposeAsync())

async function ask(path: string, method: 'GET' | 'POST' | 'DELETE' = 'GET'): Promise<StatusInfo> {
  const json = { headers: { 'content-type': 'application/json' }, body: '{"inputs": {}}' }
  const answer = await service.fetch(path, { method, ...(path.endsWith('/execution') && json) })
  return JSON.parse(await answer.text())
}

/** The status and the problem that it is answered with. */
async function refusal(path: string, method: 'GET' | 'POST') {
  const answer = await service.fetch(path, { method, redirect: 'manual' })
  const problem: { type?: string; detail?: string } = JSON.parse(await answer.text())
  return { status: answer.status, ...problem }
}

async function ended(id: string): Promise<StatusInfo> {
  const state = async () => (await ask(`/jobs/${id}`)).state
  await expect.poll(state, PATIENCE).toMatch(/succeeded|failed|cancelled/)
  return ask(`/jobs/${id}`)
}

async function failed(): Promise<StatusInfo> {
  const run = await ended((await ask('/processes/counter/execution', 'POST')).id)
  expect(run).toMatchObject({ state: 'failed', reason: 'cell-error', failedCell: 2 })
  return run
}

const inFolder = (id: string, name: string) => join(folder.path, 'workspaces/local/runs', id, name)
const traces = (id: string) => readFile(inFolder(id, 'ran'), 'utf8')

interface NotebookCell {
  readonly source: string | readonly string[]
  readonly execution_count?: number
  readonly outputs?: readonly { readonly text?: readonly string[]; readonly data?: object }[]
  readonly metadata: { readonly papermill: { readonly status: string; readonly duration: number } }
}

/** How long the cell took is taken over; when, is known to a tenth of a second only. */
function withoutTimes({ metadata, ...rest }: NotebookCell) {
  const { status, duration } = metadata.papermill
  return { ...rest, status, duration }
}

async function notebookOf(id: string): Promise<readonly NotebookCell[]> {
  const answer: { cells: readonly NotebookCell[] } = JSON.parse(
    await (await service.fetch(`/jobs/${id}/notebook`)).text(),
  )
  return answer.cells
}

async function events(id: string): Promise<string> {
  return (await service.fetch(`/jobs/${id}/events`)).text()
}

/** Makes the reason go away, as a person would, in the kernel or beside it. */
async function mend(id: string): Promise<void> {
  await writeFile(inFolder(id, 'ready'), '')
}

describe('a run that failed', { timeout: 120_000 }, () => {
  it('goes on from the failed cell in its kernel, and no cell before runs again', async () => {
    const first = await failed()
    expect(first.keptKernel?.openUrl).toBe(`${service.url}/jobs/${first.id}/kernel`)
    expect(Date.parse(first.keptKernel?.until ?? '')).toBeGreaterThan(Date.now() + 600_000)
    await mend(first.id)
    const accepted = await ask(`/jobs/${first.id}/rerun?from=failed`, 'POST')
    expect(accepted).toMatchObject({ retryOf: first.id, fromCell: 2 })
    const second = await ended(accepted.id)
    expect(second).toMatchObject({ state: 'succeeded', cells: { done: 4, total: 4 } })
    expect(await traces(first.id)).toBe('01223')

    const [before, after] = [await notebookOf(first.id), await notebookOf(second.id)]
    const remark = after.findIndex(({ source }) => String(source).includes('goes on from here'))
    expect(remark).toBe(2)
    const cells = after.filter(({ outputs }) => outputs !== undefined)
    // Of the run before there are the cells that mark its failure.
    const old = before.filter(({ outputs }) => outputs !== undefined)
    expect(cells.slice(0, 2).map(withoutTimes)).toEqual(old.slice(0, 2).map(withoutTimes))
    const pid = old[0]?.outputs?.[0]?.text?.[0]?.split(' ')[1]?.trim()
    expect(cells[2]?.outputs?.[0]?.text).toEqual([`42 ${pid}\n`])
    expect(cells.map((cell) => cell.execution_count)).toEqual([1, 2, 4, 5])
    expect(await events(second.id)).toContain('goes on from here')
    expect((await ask(`/jobs/${first.id}`)).keptKernel).toBeUndefined()
  })

  it('runs as a whole, and says so, where its kernel is gone', async () => {
    const first = await failed()
    await mend(first.id)
    const kept = await ended((await ask(`/jobs/${first.id}/rerun?from=failed`, 'POST')).id)
    expect(kept.state).toBe('succeeded')
    // The kernel has gone to the one before.
    const again = await ended((await ask(`/jobs/${first.id}/rerun?from=failed`, 'POST')).id)
    expect(again).toMatchObject({ state: 'failed', failedCell: 2, fromCell: 2 })
    expect(await traces(again.id)).toBe('012')
    const [remark] = (await notebookOf(again.id)).filter(({ source }) => String(source).includes('is gone'))
    expect(String(remark?.source)).toContain('so all cells are executed again')
    expect(await events(again.id)).toContain('so all cells are executed again')
  })

  it('is opened in JupyterLab on its kernel, by a link, until it is dismissed', async () => {
    const first = await failed()
    const metrics = await (await service.fetch('/metrics')).text()
    expect(metrics).toMatch(/^notebook_kernels\{use="kept"\} [1-9]/m)
    expect(metrics).toMatch(/^notebook_kernels\{use="run"\} 0$/m)
    const opened = await service.fetch(`/jobs/${first.id}/kernel`, { redirect: 'manual' })
    expect(opened.status).toBe(302)
    // Whoever looks into it has the whole time for that.
    const { keptKernel } = await ask(`/jobs/${first.id}`)
    expect(Date.parse(keptKernel?.until ?? '')).toBeGreaterThan(Date.parse(first.keptKernel?.until ?? ''))
    const link = new URL(opened.headers.get('location') ?? '')
    expect(link.pathname).toMatch(new RegExp(`^/lab/tree/local/notebooks/counter-${first.id}.ipynb$`))
    const authorization = `token ${link.searchParams.get('token')}`
    const list = async (what: string): Promise<readonly { id: string; kernel: { id: string } }[]> =>
      JSON.parse(await (await fetch(`${link.origin}/api/${what}`, { headers: { authorization } })).text())
    const [session] = await list('sessions')
    const kernels = async () => (await list('kernels')).map(({ id }) => id)
    expect(await kernels()).toContain(session?.kernel.id)
    await ask(`/jobs/${first.id}`, 'DELETE')
    const gone = await refusal(`/jobs/${first.id}/kernel`, 'GET')
    expect(gone).toMatchObject({ status: 409, type: expect.stringContaining('kernel-gone') })
    await expect.poll(kernels, PATIENCE).not.toContain(session?.kernel.id)
  })

  it('keeps its kernel over a crash of the service, and goes on in it afterwards', async () => {
    const first = await failed()
    await service.kill()
    service = await startService(folder)
    await mend(first.id)
    const second = await ended((await ask(`/jobs/${first.id}/rerun?from=failed`, 'POST')).id)
    expect(second.state).toBe('succeeded')
    expect(await traces(first.id)).toBe('01223')
  })

  it('is refused from a cell that never failed, and by another query', async () => {
    const first = await failed()
    await mend(first.id)
    const second = await ended((await ask(`/jobs/${first.id}/rerun?from=failed`, 'POST')).id)
    expect(await refusal(`/jobs/${second.id}/rerun?from=failed`, 'POST')).toMatchObject({
      status: 409,
      detail: 'No cell of this run has failed, so there is none to go on from: run it again as a whole.',
    })
    expect(await refusal(`/jobs/${second.id}/rerun?from=1`, 'POST')).toMatchObject({ status: 400 })
  })

  it('has its kernel kept only among the newest of its owner', async () => {
    const runs: string[] = []
    for (let count = 0; count < 4; count++) runs.push((await failed()).id)
    const kept = async () => {
      const jobs = await Promise.all(runs.map((id) => ask(`/jobs/${id}`)))
      return jobs.map(({ keptKernel }) => keptKernel !== undefined)
    }
    await expect.poll(kept, PATIENCE).toEqual([false, true, true, true])
  })
})
