import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromPlain, isObject, type JsonObject, pythonJson } from '../../src/notebook/json.ts'
import { type CellChange, type OutputMessage, OutputReader } from '../../src/notebook/output-reader.ts'
import { RunOutputs } from '../../src/notebook/outputs.ts'
import { processorMs } from '../support/processor-time.ts'
import { recorded } from '../support/recorded-change.ts'

const unlimited = { cellBytes: 1e9, runBytes: 1e9 }

function object(plain: object): JsonObject {
  const value = fromPlain(plain)
  if (!isObject(value)) throw new Error('not an object')
  return value
}

function message(type: string, content: object, more: Partial<OutputMessage> = {}): OutputMessage {
  return {
    type,
    parentId: 'p',
    date: '2026-01-01T00:00:00.000001Z',
    content: object(content),
    buffers: [],
    ...more,
  }
}

const stream = (text: string, name = 'stdout') => message('stream', { name, text })
const display = (text: string, displayId?: string, type = 'display_data') =>
  message(type, {
    data: { 'text/plain': text },
    metadata: {},
    transient: displayId === undefined ? {} : { display_id: displayId },
  })

function shown(outputs: RunOutputs, cells = 3): string {
  const lists = Array.from({ length: cells }, (_, cell) => [
    outputs.outputs(cell),
    outputs.times(cell) ?? null,
  ])
  return pythonJson([fromPlain(lists), outputs.widgets.metadata() ?? null])
}

function texts(outputs: RunOutputs, cell = 0): string[] {
  return outputs.outputs(cell).map((output) => String(output.get('text') ?? output.get('output_type')))
}

const anyMessage = fc.oneof(
  fc
    .tuple(fc.constantFrom('a', 'b\n', '\r', 'c\b', '\nd\re'), fc.constantFrom('stdout', 'stderr'))
    .map(([text, name]) => stream(text, name)),
  fc
    .tuple(
      fc.constantFrom('x', 'y'.repeat(30)),
      fc.constantFrom(undefined, 'one', 'two'),
      fc.constantFrom('display_data', 'execute_result', 'update_display_data'),
    )
    .map(([text, id, type]) => display(text, id, type)),
  fc.boolean().map((wait) => message('clear_output', { wait })),
  fc.constant(message('error', { ename: 'E', evalue: 'v', traceback: ['a', 'b'] })),
  fc.constantFrom(
    message('comm_open', {
      comm_id: 'w',
      target_name: 'jupyter.widget',
      data: { state: { _model_name: 'OutputModel', _model_module: '@jupyter-widgets/output', outputs: [] } },
    }),
    message('comm_msg', { comm_id: 'w', data: { state: { msg_id: 'p' } } }),
    message('comm_msg', { comm_id: 'w', data: { state: { msg_id: '' } } }),
    message('comm_msg', { comm_id: 'v', data: { state: { value: 1 } } }),
  ),
  fc.constant(message('status', { execution_state: 'busy' })),
)

describe('the outputs of a run', () => {
  it('are what their changes make of them, at every moment', () => {
    const same = (
      messages: readonly (readonly [number, OutputMessage])[],
      cellBytes: number,
      runBytes: number,
    ) => {
      const [outputs, replayed] = [new RunOutputs(), new RunOutputs()]
      const reader = new OutputReader(outputs, { cellBytes, runBytes })
      const replay = (changes: readonly CellChange[]) => {
        // As they come back from where they are recorded.
        for (const [cell, change] of changes) replayed.apply(cell, recorded(change))
        expect(shown(replayed)).toBe(shown(outputs))
      }
      for (const [cell, given] of messages) replay(reader.read(cell, given))
      for (const cell of [0, 1, 2]) replay(reader.finish(cell))
      expect(replayed.bytes).toBe(outputs.bytes)
    }
    const limit = fc.oneof(fc.constant(1e9), fc.nat(500))
    const messages = fc.array(fc.tuple(fc.nat(2), anyMessage), { maxLength: 30 })
    fc.assert(fc.property(messages, limit, limit, same), { numRuns: 300 })
  })

  it('merge what one stream prints, until something else comes', () => {
    const outputs = new RunOutputs()
    const reader = new OutputReader(outputs, unlimited)
    for (const one of [
      stream('a'),
      stream('b'),
      stream('c', 'stderr'),
      stream('d'),
      display('x'),
      stream('e'),
    ]) {
      reader.read(0, one)
    }
    expect(texts(outputs)).toEqual(['ab', 'c', 'd', 'display_data', 'e'])
  })

  it("take up the kernel's number and times", () => {
    const reader = new OutputReader(new RunOutputs(), unlimited)
    reader.read(0, message('status', { execution_state: 'busy' }))
    reader.read(0, message('execute_input', { code: '1', execution_count: 7 }))
    reader.read(0, message('status', { execution_state: 'starting' }))
    reader.read(0, message('execute_reply', { status: 'ok' }))
    expect(reader.executionCount(0)).toBe(7)
    const [[, change] = []] = reader.finish(0)
    expect(change).toMatchObject({ type: 'times' })
    expect(change?.type === 'times' && [...change.times.keys()]).toEqual([
      'iopub.status.busy',
      'iopub.execute_input',
      'shell.execute_reply',
    ])
  })

  it('leave alone what is broken or not known', () => {
    const outputs = new RunOutputs()
    const reader = new OutputReader(outputs, unlimited)
    for (const type of ['stream', 'comm_open', 'comm_msg', 'comm_close', 'debug_event', 'shutdown_reply']) {
      reader.read(0, message(type, {}))
    }
    expect(outputs.outputs(0)).toEqual([])
  })
})

describe('the limits of outputs', () => {
  it('cut a cell that prints too much, say how much, and keep its error', () => {
    const outputs = new RunOutputs()
    const reader = new OutputReader(outputs, { cellBytes: 1_000, runBytes: 1e9 })
    for (let count = 0; count < 1_000; count += 1) reader.read(0, stream('é'.repeat(50)))
    reader.read(0, display('picture'))
    reader.read(0, message('error', { ename: 'E', evalue: 'v', traceback: ['t'] }))
    reader.finish(0)
    const [kept, note, error] = texts(outputs)
    expect(kept).toBe('é'.repeat(500))
    expect(note).toMatch(
      /^\[Output cut here: 99\.\d kB more, where the outputs of a cell may take 1\.0 kB\.\]\n$/,
    )
    expect(error).toBe('error')
  })

  it('count what is kept: a progress bar is never cut, and a cleared cell starts anew', () => {
    const outputs = new RunOutputs()
    const reader = new OutputReader(outputs, { cellBytes: 1_000, runBytes: 1_000 })
    for (let count = 0; count < 1_000; count += 1) reader.read(0, stream(`\r${count} of 1000`))
    expect(texts(outputs)).toEqual(['999 of 1000'])
    reader.read(0, stream('x'.repeat(5_000)))
    expect(texts(outputs)).toHaveLength(2)
    reader.read(0, message('clear_output', {}))
    reader.read(0, stream('again'))
    reader.finish(0)
    expect(texts(outputs)).toEqual(['again'])
  })

  it('hold for all cells of a run, and for widgets', () => {
    const outputs = new RunOutputs()
    const reader = new OutputReader(outputs, { cellBytes: 1_000, runBytes: 1_500 })
    const widget = { comm_id: 'w', data: { state: { _model_name: 'M', text: 'x'.repeat(600) } } }
    reader.read(0, message('comm_open', widget))
    reader.read(0, stream('x'.repeat(600)))
    reader.read(1, stream('x'.repeat(600)))
    reader.finish(1)
    expect(texts(outputs, 1)[1]).toMatch(/where the outputs of a run may take 1\.5 kB/)
    reader.read(2, message('comm_msg', widget))
    expect(outputs.bytes).toBeLessThan(2_000)
  })

  it('cut an error to its end', () => {
    const outputs = new RunOutputs()
    const reader = new OutputReader(outputs, { cellBytes: 100, runBytes: 1e9 })
    const traceback = Array.from({ length: 10_000 }, (_, line) => `${'x'.repeat(90)} ${line}`)
    reader.read(0, message('error', { ename: 'E', evalue: 'v'.repeat(100_000), traceback }))
    expect(outputs.cellBytes(0)).toBeLessThan(70_000)
    expect(JSON.stringify(outputs.outputs(0).map((output) => output.get('traceback')))).toContain(' 9999"')
  })

  it('bound what 100 MB in small pieces take', { timeout: 60_000 }, () => {
    const reader = new OutputReader(new RunOutputs(), { cellBytes: 10e6, runBytes: 50e6 })
    const line = stream(`${'x'.repeat(99)}\n`)
    const took = processorMs(() => {
      for (let count = 0; count < 1_000_000; count += 1) reader.read(0, line)
    })
    expect(took).toBeLessThan(20_000)
  })
})
