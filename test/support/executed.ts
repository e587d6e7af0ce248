import { randomUUID } from 'node:crypto'
import { execute } from '../../src/kernel/execute.ts'
import type { Execution, ExecutionResult, SentCell } from '../../src/kernel/execution.ts'
import { ExecutedNotebook } from '../../src/notebook/executed.ts'
import type { OutputChange } from '../../src/notebook/outputs.ts'
import type { TestKernel, TestKernels } from './kernels.ts'
import { recorded } from './recorded-change.ts'

/** What the sink of an execution was told, in its order. */
export type Told =
  | { readonly told: 'sending'; readonly cells: readonly SentCell[] }
  | { readonly told: 'started'; readonly cell: number; readonly at: Date }
  | { readonly told: 'change'; readonly cell: number; readonly change: OutputChange }
  | {
      readonly told: 'finished'
      readonly cell: number
      readonly end: Parameters<Execution['sink']['finished']>[1]
    }
  | { readonly told: 'ending'; readonly result: ExecutionResult }
  | { readonly told: 'joined'; readonly kernelSession: string }
  | { readonly told: 'note'; readonly text: string }

export interface Executed {
  readonly result: ExecutionResult
  readonly told: readonly Told[]
  readonly notebook: ExecutedNotebook
  /** The bytes of the notebook, as text. */
  readonly text: string
}

export const unlimited = { outputs: { cellBytes: 1e9, runBytes: 1e9 } }

export function newNotebook(text: string): ExecutedNotebook {
  const notebook = new ExecutedNotebook(new TextEncoder().encode(text), () => randomUUID().slice(0, 8))
  notebook.started(new Date())
  return notebook
}

export function textOf(notebook: ExecutedNotebook): string {
  return Buffer.concat([...notebook.chunks()]).toString()
}

export function sinkInto(told: Told[]): Execution['sink'] {
  return {
    async joined(kernelSession) {
      told.push({ told: 'joined', kernelSession })
    },
    async sending(cells) {
      told.push({ told: 'sending', cells })
    },
    started: (cell, at) => void told.push({ told: 'started', cell, at }),
    change(cell, change) {
      told.push({
        told: 'change',
        cell,
        change: recorded(change),
      })
      return undefined
    },
    finished: (cell, end) => void told.push({ told: 'finished', cell, end }),
    ending: (result) => void told.push({ told: 'ending', result }),
    note: (text) => void told.push({ told: 'note', text }),
  }
}

/** Executes a prepared notebook on a kernel of its own. */
export async function executeOn(
  kernels: TestKernels,
  text: string,
  options: Partial<Execution> & { readonly kernelName?: string } = {},
): Promise<Executed> {
  await using kernel = await kernels.start(options.kernelName)
  return await executeWith(kernels, kernel, text, options)
}

export async function executeWith(
  kernels: TestKernels,
  { connection }: TestKernel,
  text: string,
  options: Partial<Execution> = {},
): Promise<Executed> {
  const told: Told[] = []
  const notebook = newNotebook(text)
  const result = await execute({
    connection,
    host: kernels.host,
    notebook,
    sink: sinkInto(told),
    limits: unlimited,
    allowErrors: false,
    window: 8,
    signal: new AbortController().signal,
    ...options,
  })
  return { result, told, notebook, text: textOf(notebook) }
}

export interface CellGiven {
  readonly source: string
  readonly tags?: readonly string[]
  readonly type?: 'markdown' | 'raw'
}

/** A notebook as a preparation leaves it. */
export function preparedText(cells: readonly (string | CellGiven)[]): string {
  const nodes = cells.map((given, index) => {
    const { source, tags = [], type } = typeof given === 'string' ? { source: given } : given
    const common = { id: `cell-${index}`, metadata: { papermill: {}, tags }, source }
    return type === undefined
      ? { ...common, cell_type: 'code', execution_count: 9, outputs: [OLD_OUTPUT] }
      : { ...common, cell_type: type }
  })
  const papermill = {
    default_parameters: {},
    environment_variables: {},
    input_path: 'input.ipynb',
    output_path: 'output.ipynb',
    parameters: {},
    version: '2.7.0',
  }
  const kernelspec = { display_name: 'Oracle', language: 'python', name: 'oracle' }
  return JSON.stringify({
    cells: nodes,
    metadata: { kernelspec, papermill },
    nbformat: 4,
    nbformat_minor: 5,
  })
}

const OLD_OUTPUT = { name: 'stdout', output_type: 'stream', text: 'of an earlier run' }
