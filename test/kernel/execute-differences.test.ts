import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CellGiven, executeOn, preparedText, unlimited } from '../support/executed.ts'
import { startKernels, type TestKernels } from '../support/kernels.ts'
import { PapermillRun } from '../support/papermill-run.ts'

let kernels: TestKernels
let papermill: PapermillRun
beforeAll(async () => {
  kernels = await startKernels()
  papermill = new PapermillRun(kernels.jupyterPath)
})
afterAll(async () => {
  await papermill[Symbol.asyncDispose]()
  await kernels[Symbol.asyncDispose]()
})

interface Seen {
  readonly statuses: string[]
  readonly exception: unknown
  readonly outputs: { readonly output_type: string; readonly text?: string[]; readonly ename?: string }[][]
}

function seen(text: string): Seen {
  const { cells, metadata } = JSON.parse(text)
  const code = cells.filter((cell: { cell_type: string }) => cell.cell_type === 'code')
  return {
    statuses: code.map(
      (cell: { metadata: { papermill: { status: string } } }) => cell.metadata.papermill.status,
    ),
    exception: metadata.papermill.exception,
    outputs: code.map((cell: { outputs: unknown }) => cell.outputs),
  }
}

async function both(cells: readonly (string | CellGiven)[], seconds?: number) {
  const text = preparedText(cells)
  const given = seconds === undefined ? {} : { execution_timeout: seconds }
  const { output, error } = await papermill.execute(text, 'oracle', given)
  const limits = seconds === undefined ? unlimited : { ...unlimited, cellSeconds: seconds }
  const ours = await executeOn(kernels, text, { limits })
  return { theirs: seen(output), error, ours: seen(ours.text), result: ours.result }
}

const differences: Readonly<Record<string, () => Promise<void>>> = {
  'goes well where a cell fails that may': async () => {
    const { error, result, ours } = await both([{ source: '1/0', tags: ['raises-exception'] }, '2'])
    expect(error).toMatch(/^PapermillExecutionError/)
    expect(result).toEqual({ state: 'succeeded' })
    expect(ours).toMatchObject({ statuses: ['completed', 'completed'], exception: null })
  },
  'calls a cell that exits well completed': async () => {
    const { theirs, error, result, ours } = await both(['import sys\nsys.exit(0)', '2'])
    expect(error).toBe(null)
    expect(theirs).toMatchObject({ statuses: ['failed', 'pending'], exception: true })
    expect(result).toEqual({ state: 'succeeded' })
    expect(ours).toMatchObject({ statuses: ['completed', 'pending'], exception: null })
  },
  'says which cell took too long, and which never ran': async () => {
    const { theirs, error, result, ours } = await both(['1', 'import time\ntime.sleep(60)', '3'], 1)
    expect(error).toMatch(/^CellTimeoutError/)
    expect(theirs).toMatchObject({ statuses: ['completed', 'completed', 'completed'], exception: null })
    expect(result).toMatchObject({ state: 'failed', reason: 'timeout' })
    expect(ours).toMatchObject({ statuses: ['completed', 'failed', 'pending'], exception: true })
    expect(ours.outputs[1]?.map(({ ename }) => ename)).toEqual(['KeyboardInterrupt', 'CellTimeoutError'])
  },
  'says in which cell the kernel died': async () => {
    const { theirs, error, result, ours } = await both([
      '1',
      // Time for the kernel to say that it has begun.
      'import os, time\ntime.sleep(1)\nos._exit(1)',
      '3',
    ])
    expect(error).toMatch(/^DeadKernelError/)
    expect(theirs).toMatchObject({ statuses: ['completed', 'completed', 'completed'], exception: null })
    expect(result).toMatchObject({ state: 'failed', reason: 'kernel-died' })
    expect(ours).toMatchObject({ statuses: ['completed', 'failed', 'pending'], exception: true })
    expect(ours.outputs[1]?.map(({ ename }) => ename)).toEqual(['DeadKernelError'])
  },
  'keeps output that comes after its cell has ended': async () => {
    const { theirs, ours } = await both([
      'kernel = get_ipython().kernel\nfirst = kernel.get_parent()',
      'late = {"name": "stdout", "text": "late\\n"}\nkernel.session.send(kernel.iopub_socket, "stream", late, parent=first)\nNone',
    ])
    expect(theirs.outputs.flat()).toEqual([])
    expect(ours.outputs[0]).toMatchObject([{ text: ['late\n'] }])
  },
  'joins the pieces of a stream': async () => {
    const source =
      'import time\nfor i in range(3):\n  print(f"\\r{i}", end="", flush=True)\n  time.sleep(0.3)'
    const text = preparedText([source])
    const { output } = await papermill.execute(text, 'oracle', { raw: true })
    expect(seen(output).outputs[0]?.map((stream) => stream.text)).toEqual([
      ['\r', '0'],
      ['\r', '1'],
      ['\r', '2'],
    ])
    const ours = await executeOn(kernels, text)
    expect(seen(ours.text).outputs[0]?.map((stream) => stream.text)).toEqual([['2']])
  },
  'cuts what is more than a limit': async () => {
    const text = preparedText(['print("x" * 5000)'])
    const { output } = await papermill.execute(text, 'oracle', {})
    expect(seen(output).outputs[0]).toHaveLength(1)
    const limits = { outputs: { cellBytes: 1000, runBytes: 1e9 } }
    const ours = await executeOn(kernels, text, { limits })
    expect(seen(ours.text).outputs[0]).toMatchObject([
      { text: ['x'.repeat(1000)] },
      { text: [expect.stringContaining('Output cut here: 4.0 kB more')] },
    ])
  },
}

describe('unlike papermill, an execution', { timeout: 180_000 }, () => {
  for (const [name, check] of Object.entries(differences)) it(name, check)
})

describe('the table of differences in docs/papermill.md', () => {
  it('has a row for each of these tests, and no other', () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/papermill.md'), 'utf8')
    const rows = [...page.matchAll(/^\|.*\| execute-differences: (.*) \|$/gm)].map((row) => row[1])
    expect(rows.sort()).toEqual(Object.keys(differences).sort())
  })
})
