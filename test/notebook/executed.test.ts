import { describe, expect, it } from 'vitest'
import { ExecutedNotebook } from '../../src/notebook/executed.ts'
import { preparedText, textOf } from '../support/executed.ts'

const at = (ms: number) => new Date(Date.UTC(2026, 0, 2, 3, 4, 5, ms))
const output = (text: string) => ({
  type: 'append' as const,
  output: new Map([
    ['name', 'stdout'],
    ['output_type', 'stream'],
    ['text', text],
  ]),
})

function notebook(cells: Parameters<typeof preparedText>[0]): ExecutedNotebook {
  let id = 0
  const executed = new ExecutedNotebook(new TextEncoder().encode(preparedText(cells)), () => `new-${id++}`)
  executed.started(at(0))
  return executed
}

function papermillOf(executed: ExecutedNotebook): unknown[] {
  return JSON.parse(textOf(executed)).cells.map(
    (cell: { metadata: { papermill: unknown } }) => cell.metadata.papermill,
  )
}

const pending = { duration: null, end_time: null, exception: null, start_time: null, status: 'pending' }

describe('a notebook while it is executed', () => {
  it('starts without what an earlier run left', () => {
    const { cells, metadata } = JSON.parse(textOf(notebook(['1', ''])))
    for (const cell of cells) {
      expect(cell).toMatchObject({ execution_count: null, outputs: [], metadata: { papermill: pending } })
    }
    expect(metadata.papermill).toMatchObject({
      start_time: '2026-01-02T03:04:05+00:00',
      end_time: null,
      duration: null,
      exception: null,
    })
  })

  it('has in each checkpoint what has happened so far', () => {
    const executed = notebook([{ type: 'markdown', source: 'm' }, '1', '2', '3'])
    executed.cellStarted(1, at(10))
    executed.apply(1, output('a\nb'))
    const running = {
      ...pending,
      exception: false,
      start_time: '2026-01-02T03:04:05.010000+00:00',
      status: 'running',
    }
    expect(papermillOf(executed)).toEqual([
      {
        duration: 0,
        end_time: running.start_time,
        exception: false,
        start_time: running.start_time,
        status: 'completed',
      },
      running,
      pending,
      pending,
    ])
    executed.apply(1, { type: 'text', drop: 1, text: 'c' })
    executed.cellFinished(1, { status: 'completed', executionCount: 1, at: at(35) })
    executed.cellStarted(2, at(36))
    const { cells } = JSON.parse(textOf(executed))
    expect(cells[1]).toMatchObject({
      execution_count: 1,
      metadata: { papermill: { duration: 0.025, status: 'completed' } },
      outputs: [{ text: ['a\n', 'c'] }],
    })
    expect(cells[2].metadata.papermill.status).toBe('running')
  })

  it('makes the bytes of a cell once', () => {
    const executed = notebook(['1', '2'])
    executed.cellStarted(0, at(1))
    executed.apply(0, output('x'))
    executed.cellFinished(0, { status: 'completed', executionCount: 1, at: at(2) })
    const [, first] = executed.chunks()
    executed.cellStarted(1, at(3))
    expect([...executed.chunks()][1]).toBe(first)
    // But a display that a later cell updates is made anew.
    executed.apply(0, { type: 'clear' })
    expect([...executed.chunks()][1]).not.toBe(first)
  })

  it('marks the cell that failed, and what did not run stays pending', () => {
    const executed = notebook(['1', '2', { type: 'markdown', source: 'm' }])
    executed.cellStarted(0, at(1))
    executed.cellFinished(0, { status: 'failed', executionCount: 4, at: at(2) })
    executed.finished({ at: at(1000), exception: true, failedCell: 0 })
    const { cells, metadata } = JSON.parse(textOf(executed))
    expect(metadata.papermill).toMatchObject({ duration: 1, exception: true })
    expect(cells.map((cell: { id: string }) => cell.id)).toEqual([
      'new-0',
      'new-1',
      'cell-0',
      'cell-1',
      'cell-2',
    ])
    expect(cells[0].source.join('')).toContain('In [4]')
    expect(cells[4].metadata.papermill).toEqual(pending)
  })

  it('may have no cells', () => {
    const executed = notebook([])
    executed.finished({ at: at(1), exception: false })
    expect(JSON.parse(textOf(executed)).cells).toEqual([])
  })
})
