import { randomUUID } from 'node:crypto'
import { RunnerError } from '../errors.ts'
import { errorOutput } from '../notebook/error-output.ts'
import type { ExecutableCell } from '../notebook/executed.ts'
import { JsonNumber, type JsonObject } from '../notebook/json.ts'
import { streamOutput } from '../notebook/output-list.ts'
import { type CellChange, OutputReader } from '../notebook/output-reader.ts'
import { abortGuard } from './abort-guard.ts'
import { CellTimers } from './cell-timers.ts'
import type { Execution, ExecutionResult } from './execution.ts'
import type { KernelEvent, KernelMessage } from './kernel-connection.ts'
import type { CauseOfDeath } from './kernel-host.ts'
import { textOf } from './message.ts'
import { type AdoptedCell, judgeAdopted } from './resume.ts'
import { utcMicros } from './utc-micros.ts'

/** After a cell's reply, for the rest of its output. nbclient has the same. */
const IDLE_MS = 4_000
/** After an interrupt; then the kernel is ended. */
const INTERRUPT_MS = 5_000
/** After an error, for the replies of cells that were sent ahead and must not run. */
const ABORTED_MS = 5_000
/** To find out why a kernel has died. */
const CAUSE_MS = 3_000

/** A cell that was sent and is not over. */
interface Flight {
  readonly cell: ExecutableCell
  readonly messageId: string
  began: boolean
  idle: boolean
  reply: KernelMessage | undefined
}

/**
 * Runs the code cells of a notebook on a kernel, with nbclient's results (docs/papermill.md has the differences). Cells
 * are sent ahead only to a kernel that has been made to refuse them after an error, and never past one that may fail.
 * A notebook that fails is a result. Throws `kernel-host-failed` where the way to the kernel breaks: connect again
 * under the same client id, and execute again with the same notebook and with `sent`. Throws `kernel-gone` where the kernel
 * died before any cell was sent to it: another one can do as well. The connection is then, and after any result, to be
 * disposed of.
 */
export async function execute(execution: Execution): Promise<ExecutionResult> {
  using executor = new Executor(execution)
  const result = await executor.run()
  execution.notebook.finished({
    at: new Date(),
    exception: result.state !== 'succeeded',
    ...inCell(result.state === 'failed' ? result.failedCell : undefined),
  })
  return result
}

class Executor implements Disposable {
  readonly #execution: Execution
  readonly #reader: OutputReader
  readonly #timers: CellTimers
  readonly #result = Promise.withResolvers<ExecutionResult>()
  /** Not sent yet. */
  #waiting: ExecutableCell[]
  /** Sent and not over, in the order of sending. */
  #flights: Flight[]
  /** By message id. */
  readonly #cells: Map<string, number>
  /** Requests of our own, by message id. */
  readonly #asked = new Map<string, (reply: KernelMessage) => void>()
  /** Sent before the kernel was joined again, and not known to be over then; with the last number that it had given. */
  readonly #adopted: { readonly flights: readonly Flight[]; readonly count: number }
  /** The kernel has not answered yet: it may not live, and is sent no cell. */
  #joining = true
  #window = 1
  #filling = false
  /** How the run ends: only the end of what was sent is waited for. */
  #ending: ExecutionResult | undefined
  #killing = false
  /** Why the kernel has died is being asked: whatever is there in its place is sent nothing. */
  #dying = false
  #isOver = false
  #grace: NodeJS.Timeout | undefined
  /** What the sink has not taken yet. */
  #pressure: Promise<void>[] = []

  constructor(execution: Execution) {
    const { notebook, limits, sent = [] } = execution
    this.#execution = execution
    this.#reader = new OutputReader(notebook.outputs, limits.outputs)
    this.#timers = new CellTimers(limits, (message) => this.#timeOut(message))
    this.#cells = new Map(sent.map(({ cell, messageId }) => [messageId, cell]))
    const open = notebook.cells.filter(({ runs, index }) => runs && !isOver(notebook.status(index)))
    // Of a cell that was sent again, what was sent before never arrived.
    const last = new Map(sent.map(({ cell, messageId }) => [cell, messageId]))
    this.#flights = open.flatMap((cell) => {
      const messageId = last.get(cell.index)
      const began = notebook.status(cell.index) === 'running'
      return messageId === undefined ? [] : [newFlight(cell, messageId, began)]
    })
    this.#waiting = open.filter(({ index }) => !last.has(index))
    const counts = notebook.cells.flatMap(({ index }) => notebook.executionCount(index) ?? [])
    this.#adopted = { flights: this.#flights, count: Math.max(0, ...counts) }
  }

  run(): Promise<ExecutionResult> {
    const { signal } = this.#execution
    signal.addEventListener('abort', this.#cancel)
    this.#pump().catch(this.#result.reject)
    this.#prepare().catch(this.#result.reject)
    this.#timers.startRun()
    for (const { began, cell } of this.#flights) {
      const text = `The way to the kernel broke while cell ${cell.index + 1} ran: output of that moment may be missing.`
      if (began) this.#execution.sink.note(text)
    }
    if (signal.aborted) this.#cancel()
    this.#step()
    return this.#result.promise
  }

  [Symbol.dispose](): void {
    this.#isOver = true
    clearTimeout(this.#grace)
    this.#timers[Symbol.dispose]()
    this.#execution.signal.removeEventListener('abort', this.#cancel)
  }

  async #pump(): Promise<void> {
    for await (const event of this.#execution.connection.events()) {
      if (this.#isOver) return
      this.#handle(event)
      this.#step()
      if (this.#pressure.length > 0) await Promise.all(this.#pressure.splice(0))
    }
    throw new RunnerError('kernel-host-failed', 'The connection to the kernel was closed.')
  }

  /** Asks the kernel what it is, which also tells when all that was sent before is over, and opens the window. */
  async #prepare(): Promise<void> {
    const { connection, notebook, signal, window } = this.#execution
    let count: number | undefined
    if (this.#adopted.flights.length > 0) {
      this.#ask('', (reply) => {
        const value = reply.content.get('execution_count')
        if (value instanceof JsonNumber) count = Number(value.raw)
      })
    }
    const info = await connection.info(signal).catch((error: unknown) => {
      // Either way the events tell, or it was cancelled.
      if (error instanceof RunnerError) return undefined
      throw error
    })
    if (info === undefined || !(await this.#isSame(connection.kernelSession))) return
    notebook.kernelInfo(info)
    this.#joining = false
    this.#adopt(count)
    const guard = window > 1 ? abortGuard(info) : undefined
    if (guard !== undefined && this.#ending === undefined) {
      this.#ask(guard, ({ content }) => {
        if (textOf(content, 'status') === 'ok') this.#window = window
      })
    }
    this.#step()
  }

  /** False where the kernel was started anew since it was joined first. */
  async #isSame(session: string | undefined): Promise<boolean> {
    const { kernelSession, sink } = this.#execution
    if (kernelSession === undefined && session !== undefined) await sink.joined(session)
    if (kernelSession === undefined || kernelSession === session) return true
    this.#die()
    return false
  }

  /** Runs source that the notebook knows nothing of. */
  #ask(code: string, replied: (reply: KernelMessage) => void): void {
    const messageId = randomUUID()
    this.#asked.set(messageId, replied)
    const request = { messageId, code, silent: true, storeHistory: false, stopOnError: false }
    this.#execution.connection.execute(request)
  }

  #handle(event: KernelEvent): void {
    if (event.kind === 'died') this.#die()
    else if (event.kind === 'disconnected') throw new RunnerError('kernel-host-failed', event.reason)
    else this.#read(event)
  }

  #read(message: KernelMessage): void {
    const { parentId = '', type, content } = message
    if (type === 'execute_reply') this.#asked.get(parentId)?.(message)
    const cell = this.#cells.get(parentId)
    if (cell === undefined) {
      if (message.unread !== undefined)
        this.#execution.sink.note(`A message of the kernel could not be read: ${message.unread}.`)
      return
    }
    this.#timers.heard()
    const flight = this.#flights.find(({ messageId }) => messageId === parentId)
    if (flight !== undefined && isSignOfLife(message)) this.#begin(flight)
    this.#tell(this.#reader.read(cell, { ...message, date: utcMicros(message.date) }))
    if (flight === undefined) return
    if (message.channel === 'stdin') this.#refuseInput(flight)
    if (type === 'status' && textOf(content, 'execution_state') === 'idle') flight.idle = true
    if (type === 'execute_reply') {
      flight.reply = message
      this.#later(IDLE_MS, () => this.#complete(flight)).unref()
    }
    if (flight.idle && flight.reply !== undefined) this.#complete(flight)
  }

  #begin(flight: Flight): void {
    if (flight.began) return
    flight.began = true
    const mustNotRun = this.#ending !== undefined
    const at = new Date()
    const { notebook, sink } = this.#execution
    notebook.cellStarted(flight.cell.index, at)
    sink.started(flight.cell.index, at)
    if (mustNotRun) this.#kill()
  }

  /** The reply of a cell has come, and the rest of its output, or no more of it is waited for. */
  #complete(flight: Flight): void {
    if (!this.#flights.includes(flight) || flight.reply === undefined) return
    const { cell } = flight
    const { content } = flight.reply
    const status = textOf(content, 'status')
    if (status === 'aborted' || status === 'abort') {
      this.#flights = this.#flights.filter((other) => other !== flight)
      if (this.#ending === undefined) this.#endUnknown(flight)
    } else if (this.#ending?.state === 'failed' && this.#ending.failedCell === cell.index) {
      this.#fail(flight, this.#ending.message)
    } else if (status !== 'error' || cell.mayFail || this.#execution.allowErrors) {
      this.#finish(flight, 'completed')
      if (this.#ending !== undefined && this.#flights.length > 0) this.#kill()
    } else if (isGoodExit(content)) {
      this.#end({ state: 'succeeded' }, ABORTED_MS)
      this.#finish(flight, 'completed')
    } else {
      const [name, value] = [textOf(content, 'ename') ?? 'Error', textOf(content, 'evalue') ?? '']
      const message = `Cell ${cell.index + 1} failed with ${name}${value === '' ? '' : `: ${value}`}`
      this.#end({ state: 'failed', reason: 'cell-error', message, failedCell: cell.index }, ABORTED_MS)
      this.#finish(flight, 'failed')
    }
    this.#step()
  }

  #finish(flight: Flight, status: 'completed' | 'failed'): void {
    this.#flights = this.#flights.filter((other) => other !== flight)
    const { notebook, sink } = this.#execution
    const { index } = flight.cell
    this.#tell(this.#reader.finish(index))
    const at = new Date()
    const end = { status, executionCount: this.#reader.executionCount(index), at }
    notebook.cellFinished(index, end)
    const start = notebook.startOf(index) ?? at
    sink.finished(index, { ...end, seconds: (at.getTime() - start.getTime()) / 1000 })
  }

  /** Ends a cell with an error of ours, since the kernel has none for it. */
  #fail(flight: Flight, message: string): void {
    const { index } = flight.cell
    const name = errorName(this.#ending)
    const output = errorOutput({ name, value: message, traceback: [message] })
    this.#append(index, output)
    this.#finish(flight, 'failed')
  }

  #tell(changes: readonly CellChange[]): void {
    const { notebook, sink } = this.#execution
    for (const [cell, change] of changes) {
      notebook.changed(cell)
      const taken = sink.change(cell, change)
      if (taken !== undefined) this.#pressure.push(taken)
    }
  }

  /** Sends what may be sent; ends the run where nothing is left. */
  #step(): void {
    const [head] = this.#flights
    const since = head && this.#execution.notebook.startOf(head.cell.index)
    this.#timers.watch(head?.cell.index, since)
    if (this.#filling) return
    if (head === undefined) {
      if (this.#ending !== undefined) this.#result.resolve(this.#ending)
      else if (this.#waiting.length === 0) this.#result.resolve({ state: 'succeeded' })
    }
    if (this.#ending === undefined && !this.#joining && !this.#dying) this.#fill().catch(this.#result.reject)
  }

  /** Half of the window at a time, so that there are fewer records than cells. */
  async #fill(): Promise<void> {
    const next = this.#sendable()
    if (next.length === 0) return
    this.#filling = true
    this.#waiting = this.#waiting.slice(next.length)
    const flights = next.map((cell) => newFlight(cell, randomUUID(), false))
    await this.#execution.sink.sending(
      flights.map(({ cell, messageId }) => ({ cell: cell.index, messageId })),
    )
    this.#filling = false
    if (this.#ending === undefined && !this.#dying) {
      for (const flight of flights) this.#send(flight)
    }
    this.#step()
  }

  #sendable(): readonly ExecutableCell[] {
    if (this.#flights.length > this.#window / 2) return []
    const mayFail = (cell: ExecutableCell) => cell.mayFail || this.#execution.allowErrors
    if (this.#flights.some(({ cell }) => mayFail(cell))) return []
    const room = this.#waiting.slice(0, this.#window - this.#flights.length)
    const barrier = room.findIndex(mayFail)
    return barrier < 0 ? room : room.slice(0, barrier + 1)
  }

  #send(flight: Flight): void {
    const { cell, messageId } = flight
    this.#cells.set(messageId, cell.index)
    this.#flights.push(flight)
    this.#execution.connection.execute({
      messageId,
      code: cell.source,
      silent: false,
      storeHistory: true,
      stopOnError: !(cell.mayFail || this.#execution.allowErrors),
    })
  }

  /** Everything that had been sent before the way broke is over: what became of it is judged. */
  #adopt(count: number | undefined): void {
    const { flights, count: before } = this.#adopted
    const ran = count === undefined ? undefined : count - before
    const isSure = this.#execution.kernelSession !== undefined
    const verdicts = judgeAdopted(flights.map(adoptedOf), ran).map((verdict) =>
      // One that was started in the place of the one before knows nothing of what ran in that one.
      verdict === 'never-sent' && !isSure ? 'unknown' : verdict,
    )
    const open = this.#flights
    for (const [index, flight] of flights.entries()) {
      if (!open.includes(flight)) continue
      const verdict = verdicts[index]
      if (verdict === 'succeeded') {
        this.#begin(flight)
        this.#lost(flight)
        this.#finish(flight, 'completed')
      } else if (verdict === 'unknown') {
        this.#begin(flight)
        this.#lost(flight)
        this.#endUnknown(flight)
      }
    }
    const unsent = flights.filter((_, index) => verdicts[index] === 'never-sent')
    this.#flights = this.#flights.filter((flight) => !unsent.includes(flight))
    this.#waiting = [...unsent.map(({ cell }) => cell), ...this.#waiting]
  }

  /** What the kernel said of a cell is gone in part. */
  #lost({ cell: { index } }: Flight): void {
    const text = `[The way to the kernel broke while cell ${index + 1} ran: some of its output is lost.]\n`
    this.#append(index, streamOutput('stderr', text))
    this.#execution.sink.note(text.slice(1, -2))
  }

  #append(cell: number, output: JsonObject): void {
    const change = { type: 'append', output } as const
    this.#execution.notebook.outputs.apply(cell, change)
    this.#tell([[cell, change]])
  }

  #end(ending: ExecutionResult, graceMs: number): void {
    if (this.#ending !== undefined) return
    this.#ending = ending
    this.#execution.sink.ending(ending)
    this.#waiting = []
    if (this.#flights.length > 0) this.#grace = this.#later(graceMs, () => this.#kill())
  }

  /** Ends the run while a cell runs. Nothing that was sent ahead may run: where that is not sure, the kernel is ended. */
  #stop(ending: ExecutionResult): void {
    if (this.#ending !== undefined) return
    this.#end(ending, INTERRUPT_MS)
    const { connection, host } = this.#execution
    if (this.#flights.length > 0) host.interrupt(connection.kernelId).catch(() => this.#kill())
    this.#step()
  }

  readonly #cancel = () =>
    this.#guarded(() => this.#stop({ state: 'cancelled', message: 'The run was cancelled.' }))

  #timeOut(message: string): void {
    const failedCell = this.#flights[0]?.cell.index
    this.#guarded(() => this.#stop({ state: 'failed', reason: 'timeout', message, ...inCell(failedCell) }))
  }

  #refuseInput({ cell: { index } }: Flight): void {
    const message = `Cell ${index + 1} asks for input, which nobody can give while a notebook runs. Make it a parameter.`
    this.#stop({ state: 'failed', reason: 'cell-error', message, failedCell: index })
  }

  /** Something ran or may have run, and nothing says how it ended. */
  #endUnknown(flight: Flight): void {
    const suspect = this.#flights.find(({ began, reply }) => began && reply === undefined) ?? flight
    const { index } = suspect.cell
    const message = `What became of cell ${index + 1} is not known: the way to the kernel broke, and its answer is lost.`
    this.#end({ state: 'failed', reason: 'outcome-unknown', message, failedCell: index }, ABORTED_MS)
    if (suspect.began) this.#fail(suspect, message)
  }

  #die(): void {
    // By our own hand: that it is over is waited for.
    if (this.#killing || this.#dying) return
    this.#dying = true
    for (const flight of this.#flights) this.#complete(flight)
    const isOver = this.#flights.length === 0 && this.#waiting.length === 0 && !this.#filling
    if (this.#ending === undefined && isOver) return
    const { connection, host } = this.#execution
    host
      .causeOfDeath(connection.kernelId, AbortSignal.timeout(CAUSE_MS))
      .then((cause) => this.#guarded(() => this.#dead(cause)))
      .catch(this.#result.reject)
  }

  #dead(cause: CauseOfDeath | undefined): void {
    if (this.#ending === undefined && this.#cells.size === 0 && !this.#filling) {
      const why = `The kernel died before any cell was sent to it. ${DEATH[cause ?? 'unknown']}`
      this.#result.reject(new RunnerError('kernel-gone', why))
      return
    }
    const running = this.#flights.find(({ began }) => began)
    // A kernel that dies at once does not get to say that it has begun.
    const flight = running ?? this.#flights[0]
    if (flight !== undefined) this.#begin(flight)
    const at = flight?.cell.index
    const where =
      at === undefined
        ? 'between cells'
        : running === undefined
          ? `at cell ${at + 1}`
          : `while cell ${at + 1} ran`
    const reason = cause === undefined ? 'kernel-died' : 'out-of-memory'
    const message = `The kernel ${cause === undefined ? 'died' : 'was ended'} ${where}. ${DEATH[cause ?? 'unknown']}`
    this.#end({ state: 'failed', reason, message, ...inCell(at) }, 0)
    this.#abandon()
  }

  #kill(): void {
    if (this.#killing) return
    this.#killing = true
    const { connection, host, sink } = this.#execution
    host
      .shutdown(connection.kernelId)
      .catch(() => sink.note('The kernel could not be ended: it may go on with what it was doing.'))
      .then(() => this.#guarded(() => this.#abandon()))
      .catch(this.#result.reject)
  }

  /** No more is heard of what was sent. */
  #abandon(): void {
    const { message } = { message: 'The run ended.', ...this.#ending }
    for (const flight of this.#flights) if (flight.began) this.#fail(flight, message)
    this.#flights = []
    this.#step()
  }

  #later(ms: number, action: () => void): NodeJS.Timeout {
    return setTimeout(() => this.#guarded(action), ms)
  }

  #guarded(action: () => void): void {
    try {
      action()
    } catch (error) {
      this.#result.reject(error)
    }
  }
}

const DEATH: Readonly<Record<CauseOfDeath | 'unknown', string>> = {
  unknown: 'If the notebook needs much memory, there may not have been enough.',
  'memory-limit': 'It took more memory than a kernel may have here: KERNEL_MEMORY is the limit.',
  'machine-memory': 'There was no memory left where it runs.',
}

/** As nbclient calls them. */
const ERROR_NAMES: Readonly<Record<string, string>> = {
  'kernel-died': 'DeadKernelError',
  'out-of-memory': 'DeadKernelError',
  timeout: 'CellTimeoutError',
  'cell-error': 'StdinNotImplementedError',
}

function errorName(ending: ExecutionResult | undefined): string {
  return (ending?.state === 'failed' ? ERROR_NAMES[ending.reason] : undefined) ?? 'CellExecutionError'
}

function newFlight(cell: ExecutableCell, messageId: string, began: boolean): Flight {
  return { cell, messageId, began, idle: false, reply: undefined }
}

function adoptedOf({ began, reply }: Flight): AdoptedCell {
  const status = reply && textOf(reply.content, 'status')
  return {
    ran: began,
    reply: status === undefined ? undefined : status === 'ok' || status === 'error' ? status : 'aborted',
  }
}

/** A kernel also says that it is busy when it refuses a request. */
function isSignOfLife({ type, content }: KernelMessage): boolean {
  if (type === 'execute_reply') return ['ok', 'error'].includes(textOf(content, 'status') ?? '')
  return type !== 'status'
}

/** `sys.exit()` and `sys.exit(0)`: the notebook ends here, and well. */
function isGoodExit(reply: JsonObject): boolean {
  return textOf(reply, 'ename') === 'SystemExit' && ['', '0', 'None'].includes(textOf(reply, 'evalue') ?? '?')
}

function isOver(status: ReturnType<Execution['notebook']['status']>): boolean {
  return status === 'completed' || status === 'failed'
}

function inCell(failedCell: number | undefined): { readonly failedCell?: number } {
  return failedCell === undefined ? {} : { failedCell }
}
