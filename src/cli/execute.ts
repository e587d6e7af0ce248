import { randomUUID } from 'node:crypto'
import { resolve } from 'node:path'
import { kernelEnvironment } from '../config/command-line.ts'
import { RunnerError } from '../errors.ts'
import { DirectHost } from '../kernel/direct-host.ts'
import { execute } from '../kernel/execute.ts'
import type { ExecutionResult } from '../kernel/execution.ts'
import { ExecutedNotebook } from '../notebook/executed.ts'
import { newId } from './new-id.ts'
import { ProgressBar } from './progress-bar.ts'
import { warn } from './report.ts'
import { streamCopies } from './stream-copies.ts'
import { writeOutput } from './write-output.ts'

export interface ExecuteOptions {
  readonly cwd?: string
  readonly progressBar?: boolean
  readonly logOutput?: boolean
  readonly stdoutFile?: string
  readonly stderrFile?: string
  /** Seconds. */
  readonly startTimeout?: number
  readonly executionTimeout?: number
  readonly runTimeout?: number
  readonly idleTimeout?: number
  readonly outputBytes?: number
}

export interface ExecuteRequest {
  readonly prepared: readonly Uint8Array[]
  readonly kernelName: string | undefined
  readonly outputPath: string
  readonly options: ExecuteOptions
}

/** Cells sent ahead to a kernel that refuses them after an error. */
const WINDOW = 8
const START_SECONDS = 60
/** Between two writings of an unfinished notebook, so that a crash of the machine loses little. */
const CHECKPOINT_MS = 10_000
const OUTPUT_BYTES = 1e9

/**
 * Executes a prepared notebook with a kernel of its own, which ends with us, and writes it as far as it has run. Ctrl-C
 * cancels: the kernel is interrupted, and the notebook says how far it came. Throws `run-failed` where a cell
 * fails or it is cancelled, `kernel-host-failed`, `no-such-kernel` and `kernel-gone` where it cannot begin.
 */
export async function executeNotebook(request: ExecuteRequest): Promise<void> {
  const { prepared, kernelName, outputPath, options } = request
  if (kernelName === undefined) {
    throw new RunnerError('invalid-notebook', 'The notebook names no kernel: name one with --kernel.')
  }
  const notebook = new ExecutedNotebook(Buffer.concat(prepared), newId)
  await using host = new DirectHost(kernelEnvironment())
  const folder = resolve(options.cwd ?? '.')
  const starting = AbortSignal.timeout((options.startTimeout ?? START_SECONDS) * 1_000)
  const kernelId = await host.start({ kernelName, folder, environment: {} }, starting)
  await using connection = await host.connect(kernelId, randomUUID(), starting)
  notebook.started(new Date())
  const result = await watched(notebook, outputPath, options, (sink, signal) =>
    execute({
      connection,
      host,
      notebook,
      sink,
      limits: {
        ...(options.executionTimeout !== undefined && { cellSeconds: options.executionTimeout }),
        ...(options.runTimeout !== undefined && { runSeconds: options.runTimeout }),
        ...(options.idleTimeout !== undefined && { silentSeconds: options.idleTimeout }),
        outputs: { cellBytes: OUTPUT_BYTES, runBytes: options.outputBytes ?? OUTPUT_BYTES },
      },
      allowErrors: false,
      window: WINDOW,
      signal,
    }),
  )
  await writeOutput(outputPath, notebook.chunks())
  if (result.state !== 'succeeded') throw new RunnerError('run-failed', result.message)
}

type Executing = (
  sink: Parameters<typeof execute>[0]['sink'],
  signal: AbortSignal,
) => Promise<ExecutionResult>

/** Shows how far it is, and writes the unfinished notebook now and then. */
async function watched(
  notebook: ExecutedNotebook,
  outputPath: string,
  options: ExecuteOptions,
  executing: Executing,
): Promise<ExecutionResult> {
  const cells = notebook.cells.filter(({ runs }) => runs).length
  const shown = options.progressBar ?? process.stderr.isTTY
  const bar = shown ? new ProgressBar(cells, (text) => process.stderr.write(text)) : undefined
  const copies = streamCopies(options)
  const cancel = new AbortController()
  const interrupted = () => cancel.abort()
  process.on('SIGINT', interrupted).on('SIGTERM', interrupted)
  const checkpoint = setInterval(() => {
    if (outputPath === '-') return
    writeOutput(outputPath, notebook.chunks()).catch((error: unknown) => warn(String(error)))
  }, CHECKPOINT_MS)
  try {
    return await executing(
      {
        joined: async () => undefined,
        sending: async () => undefined,
        started: () => undefined,
        change: (_cell, change) => {
          copies(change)
        },
        finished: () => bar?.advance(),
        ending: () => undefined,
        note: warn,
      },
      cancel.signal,
    )
  } finally {
    clearInterval(checkpoint)
    process.off('SIGINT', interrupted).off('SIGTERM', interrupted)
    bar?.end()
  }
}
