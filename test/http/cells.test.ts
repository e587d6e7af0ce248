import { Value } from 'typebox/value'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CellList, CellOutputs, RunLog, WidgetStates } from '../../src/http/cell-schema.ts'
import type { JsonObject, JsonValue } from '../../src/notebook/json.ts'
import { JsonNumber } from '../../src/notebook/json.ts'
import type { RunEvent } from '../../src/run/event.ts'
import { problemOf } from '../support/answers.ts'
import { notebookFolder } from '../support/notebook-folder.ts'
import { type RunService, startRunService } from '../support/run-service.ts'
import { startedRun } from '../support/started-run.ts'

const catalogue = await notebookFolder({
  small: [{ markdown: '# Title' }, 'print(1)', 'print(2)'],
  large: Array.from({ length: 450 }, (_, index) => `print(${index})`),
  long: ['x'.repeat(300_000)],
})
let service: RunService

beforeAll(async () => {
  service = await startRunService({ CONFIG_URL: catalogue.path })
})
afterAll(async () => {
  await service?.[Symbol.asyncDispose]()
  await catalogue[Symbol.asyncDispose]()
})

const get = (path: string) => service.runner.program(path)
const cellsOf = async (id: string, query = '') =>
  Value.Parse(CellList, await (await get(`/jobs/${id}/cells${query}`)).json())
const outputsOf = async (id: string, cell: number) =>
  Value.Parse(CellOutputs, await (await get(`/jobs/${id}/cells/${cell}/outputs`)).json())
const object = (entries: Record<string, JsonValue>): JsonObject => new Map(Object.entries(entries))
const print = (cell: number, text: string): RunEvent => ({
  type: 'output',
  cell,
  change: { type: 'append', output: object({ output_type: 'stream', name: 'stdout', text }) },
})

describe('the cells of a run', () => {
  it('are told in pieces, with what events have made of them', async () => {
    const id = await startedRun(service.runner, 'small')
    const { lease } = await service.claim()
    const before = await cellsOf(id)
    expect(before).toMatchObject({ total: 3 })
    expect(before.cells.map(({ type, status, runs }) => [type, status, runs])).toEqual([
      ['markdown', 'pending', false],
      ['code', 'pending', true],
      ['code', 'pending', true],
    ])
    await lease.appendEvents([
      { type: 'state', state: 'running' },
      { type: 'cell-started', cell: 1 },
      print(1, 'one'),
      { type: 'cell-finished', cell: 1, status: 'completed', executionCount: 1, seconds: 0.5 },
      { type: 'progress', done: 1, total: 2, secondsLeft: 4 },
      { type: 'cell-started', cell: 2 },
    ])
    const after = await cellsOf(id, '?from=1')
    expect(after).toMatchObject({ total: 3, running: 2, secondsLeft: 4 })
    expect(after.event).toBeGreaterThan(before.event)
    expect(after.cells[0]).toMatchObject({
      index: 1,
      source: 'print(1)',
      status: 'completed',
      executionCount: 1,
      seconds: 0.5,
      outputs: 1,
    })
    await lease.appendEvents([{ type: 'output', cell: 1, change: { type: 'text', drop: 0, text: ' more' } }])
    const { event, outputs } = await outputsOf(id, 1)
    expect(outputs).toEqual([{ output_type: 'stream', name: 'stdout', text: 'one more' }])
    expect(event).toBeGreaterThan(after.event)
    await lease.finish({ state: 'cancelled' })
    // Nothing was stored: what the events told is left.
    expect(await outputsOf(id, 1)).toMatchObject({ outputs })
  })

  it('are those of the stored notebook once it has ended, without the marks of an error', async () => {
    const id = await startedRun(service.runner, 'small')
    const { lease, run } = await service.claim()
    const cell = (source: string, outputs: readonly unknown[], status: string) => ({
      cell_type: 'code',
      execution_count: 7,
      id: source,
      metadata: { papermill: { status, duration: 1.5, start_time: '2026-01-01T00:00:00+00:00' } },
      outputs,
      source: [source],
    })
    const mark = {
      cell_type: 'markdown',
      id: 'mark',
      metadata: { tags: ['papermill-error-cell-tag'] },
      source: 'An error',
    }
    const stored = {
      cells: [
        mark,
        cell('a', [{ output_type: 'stream', name: 'stdout', text: ['1\n', '2'] }], 'completed'),
        mark,
        cell('b', [{ output_type: 'error', ename: 'E', evalue: 'v', traceback: ['t'] }], 'failed'),
      ],
      metadata: { widgets: { 'application/vnd.jupyter.widget-state+json': { state: {}, version_major: 2 } } },
      nbformat: 4,
      nbformat_minor: 5,
    }
    await service.storage.put({ workspace: run.workspace, user: run.ownerName }, run.object, [
      new TextEncoder().encode(JSON.stringify(stored)),
    ])
    await lease.finish({ state: 'failed', reason: 'cell-error', message: 'Cell 2 failed' })
    const { total, failed, cells } = await cellsOf(id)
    expect({ total, failed }).toEqual({ total: 2, failed: 1 })
    expect(
      cells.map(({ source, status, seconds, executionCount }) => [source, status, seconds, executionCount]),
    ).toEqual([
      ['a', 'completed', 1.5, 7],
      ['b', 'failed', 1.5, 7],
    ])
    expect((await outputsOf(id, 0)).outputs).toEqual([
      { output_type: 'stream', name: 'stdout', text: '1\n2' },
    ])
    const widgets = Value.Parse(WidgetStates, await (await get(`/jobs/${id}/widgets`)).json())
    expect(widgets.widgets).toEqual({ state: {}, version_major: 2 })
  })

  it('come some at a time', async () => {
    const id = await startedRun(service.runner, 'large')
    const indices = async (query: string) => (await cellsOf(id, query)).cells.map(({ index }) => index)
    expect((await indices('')).length).toBe(200)
    expect(await indices('?from=448&to=470')).toEqual([448, 449])
    expect(await indices('?from=9000')).toEqual([])
    for (const [query, detail] of [
      ['?from=0&to=450', 'At most 200 cells are sent at a time: ask for fewer.'],
      ['?from=-1', 'from must be the number of a cell, counted from 0.'],
      ['?to=x', 'to must be the number of a cell, counted from 0.'],
    ]) {
      const response = await get(`/jobs/${id}/cells${query}`)
      expect([response.status, (await problemOf(response)).detail]).toEqual([400, detail])
    }
    for (const cell of ['450', 'x', '-1']) {
      const response = await get(`/jobs/${id}/cells/${cell}/outputs`)
      expect([response.status, (await problemOf(response)).detail]).toEqual([
        404,
        `The notebook has no cell ${cell}: they are counted from 0.`,
      ])
    }
    await (await service.claim()).lease.finish({ state: 'cancelled' })
  })

  it('are cut to what a page can show, and say so', async () => {
    const id = await startedRun(service.runner, 'long')
    const { lease } = await service.claim()
    const data = object({
      'image/png': 'A'.repeat(9_000_000),
      'application/json': object({ mean: new JsonNumber('NaN'), id: new JsonNumber('1.50') }),
    })
    await lease.appendEvents([
      print(0, `${'a'.repeat(250_000)}end`),
      {
        type: 'output',
        cell: 0,
        change: { type: 'append', output: object({ output_type: 'display_data', data }) },
      },
    ])
    const [printed, shown] = (await outputsOf(id, 0)).outputs
    expect(printed?.['leftOut']).toEqual([{ type: 'text', bytes: 50_003 }])
    expect(String(printed?.['text'])).toMatch(/^a+end$/)
    expect(shown?.['leftOut']).toEqual([{ type: 'image/png', bytes: 9_000_002 }])
    expect(shown?.['data']).toEqual({ 'application/json': { mean: null, id: 1.5 } })
    const [cell] = (await cellsOf(id)).cells
    expect([cell?.source.length, cell?.leftOut]).toEqual([200_000, 100_000])
    await lease.finish({ state: 'cancelled' })
  })

  it('are nobody else’s', async () => {
    const id = '00000000-0000-7000-8000-000000000000'
    for (const path of ['cells', 'cells/0/outputs', 'widgets', 'log'])
      expect((await get(`/jobs/${id}/${path}`)).status).toBe(404)
  })
})

it('the log of a run has its states and notes', async () => {
  const id = await startedRun(service.runner, 'small')
  const { lease } = await service.claim()
  await lease.appendEvents([print(1, 'x'), { type: 'note', text: 'Some messages were lost.' }])
  await lease.finish({ state: 'failed', reason: 'timeout', message: 'It took too long' })
  const { entries } = Value.Parse(RunLog, await (await get(`/jobs/${id}/log`)).json())
  expect(entries.map(({ state, reason, message, text }) => [state, reason, message, text])).toEqual([
    ['queued', undefined, undefined, undefined],
    ['starting', undefined, undefined, undefined],
    [undefined, undefined, undefined, 'Some messages were lost.'],
    ['failed', 'timeout', 'It took too long', undefined],
  ])
})
