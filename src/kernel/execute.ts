import { randomUUID } from 'node:crypto'
import { RunnerError } from '../errors.ts'
import { errorOutput } from '../notebook/error-output.ts'
import type { ExecutableCell } from '../notebook/executed.ts'
import { isObject, JsonNumber } from '../notebook/json.ts'
import { streamOutput } from '../notebook/output-list.ts'
import { type CellChange, OutputReader } from '../notebook/output-reader.ts'
import { abortGuard } from './abort-guard.ts'
import { CellTimers } from './cell-timers.ts'
import type { Execution, ExecutionResult, SentCell } from './execution.ts'
import type { KernelEvent, KernelMessage } from './kernel-connection.ts'
import { textOf } from './message.ts'
import { judgeAdopted } from './resume.ts'
import { utcMicros } from './utc-micros.ts'

/** After a cell's reply, for the rest of its output. nbclient has the same. */
const IDLE_MS = 4_000
/** After an interrupt; then the kernel is ended. */
const INTERRUPT_MS = 5_000
/** After an error, for the replies of cells that were sent ahead and must not run. */
const ABORTED_MS = 5_000

interface Flight {
  readonly cell: ExecutableCell
  readonly messageId: string
  /** Sent by one who went away, and not heard of since. */
  readonly adopted: boolean
  began: boolean
  idle: boolean
  reply: { readonly status: 'ok' | 'error' | 'aborted'; readonly name: string; readonly value: string } | undefined
}

/**
 * Runs the code cells of a notebook on a kernel, with nbclient's results (docs/papermill.md has the differences). Cells
 * are sent ahead only to a kernel that has been made to refuse them after an error, and never past one that may fail.
 * A notebook that fails is a result. Throws `kernel-host-failed` where the way to the kernel breaks: connect again
 * under the same client id, and execute again with the same notebook and with `sent`. The connection is then, and
 * after any result, to be disposed of.
 */
export async function execute(execution: Execution): Promise<ExecutionResult> {
  using executor = new Executor(execution)
  const result = await executor.run()
  execution.notebook.finished({
    at: new Date(),
    exception: result.state !== 'succeeded',
    ...(result.state === 'failed' && result.failedCell !== undefined ? { failedCell: result.failedCell } : {}),
  })
  return result
}

class Executor implements Disposable {
  readonly #execution: Execution
  readonly #reader: OutputReader
  readonly #timers: CellTimers
  readonly #result = Promise.withResolvers<ExecutionResult>()
  /** Not sent yet. */
  readonly #waiting: ExecutableCell[]
  /** Sent and not over, in the order of sending. */
  #flights: Flight[] = []
  readonly #cells = new Map<string, number>()
  readonly #probes = new Map<string, (reply: KernelMessage) => void>()
  #window = 1
  #filling = false
  /** Once it is known how the run ends, and only the end of what was sent is waited for. */
  #ending: ExecutionResult | undefined
  #adopting: boolean

  constructor(execution: Execution) {
    const { notebook, limits, sent = [] } = execution
    this.#execution = execution
    this.#reader = new OutputReader(notebook.outputs, limits.outputs)
    this.#timers = new CellTimers(limits, (message) => this.#timeOut(message))
    const open = notebook.cells.filter(({ runs, index }) => runs && isOpen(notebook.status(index)))
    for (const { cell, messageId } of sent) this.#cells.set(messageId, cell)
    // Of a cell that was sent a second time, the first sending never arrived.
    const last = new Map(sent.map(({ cell, messageId }) => [cell, messageId]))
    this.#flights = open.flatMap((cell) => {
      const messageId = last.get(cell.index)
      return messageId === undefined ? [] : [this.#flight(cell, messageId, true)]
    })
    this.#waiting = open.filter(({ index }) => !last.has(index))
    this.#adopting = this.#flights.length > 0
  }

  run(): Promise<ExecutionResult> {
    const { signal } = this.#execution
    signal.addEventListener('abort', this.#cancel)
    this.#pump().catch(this.#result.reject)
    this.#prepare().catch(this.#result.reject)
    this.#timers.startRun()
    this.#timers.watch(this.#flights[0]?.cell.index, this.#since())
    if (signal.aborted) this.#cancel()
    else this.#step()
    return this.#result.promise
  }

  [Symbol.dispose](): void {
    this.#timers[Symbol.dispose]()
    this.#execution.signal.removeEventListener('abort', this.#cancel)
  }

  async #pump(): Promise<void> {
    for await (const event of this.#execution.connection.events()) {
      for (const [cell, change] of this.#handle(event)) await this.#execution.sink.change(cell, change)
      this.#step()
    }
    throw new RunnerError('kernel-host-failed', 'The connection to the kernel was closed.')
  }
