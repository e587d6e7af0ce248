import { randomUUID } from 'node:crypto'
import timers from 'node:timers/promises'
import type { Logger } from 'pino'
import { RunnerError } from '../errors.ts'
import { execute } from '../kernel/execute.ts'
import type { ExecutionLimits, ExecutionResult, ExecutionSink, SentCell } from '../kernel/execution.ts'
import type { KernelConnection } from '../kernel/kernel-connection.ts'
import type { KernelHost } from '../kernel/kernel-host.ts'
import { ExecutedNotebook } from '../notebook/executed.ts'
import type { Storage, StorageScope } from '../storage/storage.ts'
import { EventWriter } from './event-writer.ts'
import { Hold } from './hold.ts'
import type { RunEnd } from './lease.ts'
import type { RunObserver } from './observer.ts'
import type { Claim } from './queue.ts'
import type { Run, RunKernel } from './run.ts'
import { RunReport } from './run-report.ts'
import { Saving } from './saving.ts'
import type { RunSignals } from './signals.ts'
import { throughOutages } from './through-outages.ts'
import type { Work } from './worker.ts'

export interface ExecuteParts {
  readonly host: KernelHost
  /** Names the host among all that the workers of this database use. */
  readonly hostName: string
  /** The working directory of a run's kernel, as the host wants it. */
  readonly folderOf: (run: Run) => string
  readonly storage: Storage
  readonly signals: RunSignals
  readonly leaseSeconds: number
  /** How long each cell of a notebook took before. */
  readonly cellTimes: (run: Run) => Promise<ReadonlyMap<number, number>>
  readonly observer: RunObserver
  readonly log: Logger
}

/** Cells sent ahead (reference measurements: 8 in flight make the way over a WebSocket as fast as the kernel). */
const WINDOW = 8
/** How long a kernel host that does not answer is waited for. */
const HOST_PATIENCE_MS = 120_000
const RETRY_MS = 1_000
/** How long a worker that stops still waits for a kernel that starts, and for the database to take the last events. */
const LEAVING_MS = 5_000
/** How long a database that is away may take to be told of a kernel; shorter than what makes a kernel a stray one. */
const KEEPING_MS = 20_000

/** Works on a run that was claimed: from the start, or from where another worker left it. */
export function executeRunWith(parts: ExecuteParts): (claim: Claim) => Work {
  return (claim) => {
    const hold = new Hold(claim.lease, parts.leaseSeconds, parts.signals)
    const work = new RunWork(parts, claim, hold)
    return { done: work.do(), interrupt: (interruption) => hold.interrupt(interruption) }
  }
}

class RunWork {
  readonly #parts: ExecuteParts
  readonly #claim: Claim
  readonly #hold: Hold
  readonly #log: Logger
  readonly #sent: SentCell[] = []

  constructor(parts: ExecuteParts, claim: Claim, hold: Hold) {
    this.#parts = parts
    this.#claim = claim
    this.#hold = hold
    const { id, workspace, notebookId } = claim.run
    this.#log = parts.log.child({ run: id, workspace, notebook: notebookId })
  }

  /** Never throws. A run that is not ended here is left to the next worker. */
  async do(): Promise<void> {
    const { lease, run, adopted } = this.#claim
    const { observer } = this.#parts
    observer.claimed(adopted)
    try {
      await using _hold = this.#hold
      await using events = new EventWriter(lease)
      const end = await this.#run(events).catch(async (error: unknown) => {
        // What was read from the kernel is nowhere else any more.
        if (this.#hold.signal.reason === 'stopping') await flushedInTime(events)
        throw error
      })
      await events.flush()
      await throughOutages(() => lease.finish(end), this.#hold.signal)
      observer.ended(end, secondsSince(run.startedAt))
      this.#log.info({ ...end }, 'run ended')
    } catch (error) {
      await this.#leave(error)
    }
  }

  async #leave(error: unknown): Promise<void> {
    const { lease } = this.#claim
    const interruption = this.#hold.signal.reason
    if (interruption === 'lost' || codeOf(error) === 'lease-lost') {
      this.#parts.observer.lost()
      this.#log.warn({}, 'run was taken over by another worker')
    } else if (interruption === 'stopping') {
      await lease.release().catch((err: unknown) => this.#log.warn({ err }, 'run could not be handed over'))
    } else if (codeOf(error) === 'database-failed') {
      this.#log.error({ err: error }, 'run is left to the next worker: the database is away')
    } else {
      this.#log.error({ err: error }, 'run failed on our side')
      const message = 'Something went wrong on our side; the log has it under the id of the run.'
      await lease
        .finish({ state: 'failed', reason: 'outcome-unknown', message })
        .catch((err: unknown) => this.#log.error({ err }, 'run could not be ended'))
    }
  }

  async #run(events: EventWriter): Promise<RunEnd> {
    const { run, lease, adopted } = this.#claim
    const { cellTimes, observer } = this.#parts
    const notebook = new ExecutedNotebook(await lease.snapshot(), () => randomUUID().slice(0, 8))
    notebook.started(run.startedAt ?? new Date())
    const report = new RunReport({ lease, events, notebook, times: await cellTimes(run), observer })
    if (adopted) {
      this.#sent.push(...(await lease.cells()))
      await report.replay()
    }
    const scope: StorageScope = { workspace: run.workspace, user: run.ownerName }
    await using saving = new Saving({
      storage: this.#parts.storage,
      scope,
      object: run.object,
      notebook,
      log: this.#log,
    })
    this.#kernel = run.kernel
    const result = await (report.result === undefined
      ? this.#execute(notebook, report, events, saving)
      : report.conclude(report.result))
    if (result.state === 'failed' && result.reason === 'start-failed')
      events.push({ type: 'state', state: 'saving' })
    else report.settle(result)
    const [stored] = await Promise.all([saving.finish(this.#hold.signal), this.#endKernel()])
    if (!stored) {
      const message = `The notebook could not be stored in the workspace; what it had brought about is kept with the run.`
      return { state: 'failed', reason: 'storage-failed', message }
    }
    return result.state === 'failed'
      ? { state: 'failed', reason: result.reason, message: result.message }
      : { state: result.state, ...(result.state === 'cancelled' && { message: result.message }) }
  }

  #kernel: RunKernel | undefined

  async #execute(
    notebook: ExecutedNotebook,
    report: RunReport,
    events: EventWriter,
    saving: Saving,
  ): Promise<ExecutionResult | StartFailure> {
    const { signal } = this.#hold
    const cancel = new AbortController()
    using _cancelling = onAbort(signal, () => {
      if (signal.reason === 'cancelled') cancel.abort()
    })
    const known = this.#kernel
    const kernel = known ?? (await this.#startKernel())
    if ('state' in kernel) return kernel
    this.#kernel = kernel
    if (known === undefined) this.#parts.observer.running(secondsSince(this.#claim.run.queuedAt))
    events.push({ type: 'state', state: 'running' })
    const end = await this.#executeOn(kernel, notebook, report, saving, cancel.signal)
    if (typeof end === 'object') return end
    return report.conclude(cancel.signal.aborted ? cancelled('The run was cancelled.') : LOST[end])
  }

  /** Joins the kernel as often as the way to it breaks. */
  async #executeOn(
    kernel: RunKernel,
    notebook: ExecutedNotebook,
    report: RunReport,
    saving: Saving,
    cancel: AbortSignal,
  ): Promise<ExecutionResult | keyof typeof LOST> {
    const { host } = this.#parts
    const { run, lease } = this.#claim
    let patience = performance.now() + HOST_PATIENCE_MS
    for (;;) {
      this.#throwIfLeaving()
      try {
        const late = AbortSignal.timeout(30_000)
        await using connection = await host.connect(kernel.kernelId, kernel.clientId, late)
        using _leaving = onAbort(this.#hold.signal, () => this.#leaveKernel(connection))
        patience = Number.POSITIVE_INFINITY
        saving.start()
        return await execute({
          connection,
          host,
          notebook,
          sink: this.#sink(report, kernel),
          limits: limitsOf(run),
          allowErrors: false,
          window: WINDOW,
          signal: cancel,
          sent: this.#sent,
          ...(this.#kernel?.session !== undefined && { kernelSession: this.#kernel.session }),
        })
      } catch (error) {
        this.#throwIfLeaving()
        if (codeOf(error) === 'kernel-gone') return 'gone'
        if (codeOf(error) !== 'kernel-host-failed') throw error
        patience = Math.min(patience, performance.now() + HOST_PATIENCE_MS)
        if (performance.now() > patience) return 'unreachable'
        this.#log.warn({ err: error }, 'the way to the kernel broke: it is joined again')
        await timers.setTimeout(RETRY_MS)
        // Whoever has the run by now has closed our way: to join again would close theirs.
        await throughOutages(() => lease.renew(), this.#hold.signal)
        if (await this.#isGone(kernel)) return 'gone'
      }
    }
  }

  /** While the run is left nothing is sent any more; what has come from the kernel is still told. */
  #sink(report: RunReport, kernel: RunKernel): ExecutionSink {
    const sink = report.sink(this.#sent)
    return {
      ...sink,
      joined: async (session) => {
        this.#kernel = { ...kernel, session }
        await throughOutages(() => this.#claim.lease.setKernel(this.#kernel), this.#hold.signal)
      },
      sending: async (cells) => {
        if (this.#isLeaving) await Promise.withResolvers<never>().promise
        await throughOutages(() => sink.sending(cells), this.#hold.signal)
      },
    }
  }

  #leaveKernel(connection: KernelConnection): void {
    const { reason } = this.#hold.signal
    if (reason === 'stopping') void connection.hangUp()
    else if (reason === 'lost') void connection[Symbol.asyncDispose]()
  }

  /** A host that is starting, or away for a moment, is waited for. */
  async #startKernel(): Promise<RunKernel | StartFailure | ExecutionResult> {
    const { host, hostName, folderOf } = this.#parts
    const { run } = this.#claim
    const patience = performance.now() + HOST_PATIENCE_MS
    const kernelName = run.kernelName ?? 'python3'
    // A kernel that is just being started would be nobody's.
    const gaveUp = new AbortController()
    let leaving: NodeJS.Timeout | undefined
    using _interrupted = onAbort(this.#hold.signal, () => {
      leaving = setTimeout(() => gaveUp.abort(), LEAVING_MS)
    })
    try {
      for (;;) {
        this.#throwIfLeaving()
        if (this.#hold.signal.aborted) return cancelled('Cancelled before it began.')
        try {
          const signal = AbortSignal.any([AbortSignal.timeout(90_000), gaveUp.signal])
          const kernelId = await host.start({ kernelName, folder: folderOf(run), environment: {} }, signal)
          const kernel = { host: hostName, kernelId, clientId: randomUUID() }
          await this.#keepKernel(kernel)
          return kernel
        } catch (error) {
          const code = codeOf(error)
          const passing = code === 'kernel-host-failed' && performance.now() < patience
          if (code !== 'no-such-kernel' && code !== 'kernel-host-failed') throw error
          if (!passing && !this.#hold.signal.aborted) return startFailure(error)
          this.#log.warn({ err: error }, 'the kernel could not be started: it is tried again')
          await timers.setTimeout(RETRY_MS)
        }
      }
    } finally {
      clearTimeout(leaving)
    }
  }

  /** A kernel that is not kept with the run would be nobody's. */
  async #keepKernel(kernel: RunKernel): Promise<void> {
    const signal = AbortSignal.timeout(KEEPING_MS)
    try {
      await throughOutages(() => this.#claim.lease.setKernel(kernel), signal)
    } catch (error) {
      this.#kernel = kernel
      await this.#endKernel()
      throw error
    }
  }

  async #isGone({ kernelId }: RunKernel): Promise<boolean> {
    try {
      return !(await this.#parts.host.exists(kernelId, AbortSignal.timeout(10_000)))
    } catch {
      return false
    }
  }

  async #endKernel(): Promise<void> {
    if (this.#kernel === undefined) return
    await this.#parts.host
      .shutdown(this.#kernel.kernelId)
      .catch((err: unknown) => this.#log.warn({ err }, 'the kernel could not be shut down'))
  }

  /** Losing the lease, or stopping: the kernel goes on, and the run with it. */
  get #isLeaving(): boolean {
    const { signal } = this.#hold
    return signal.aborted && signal.reason !== 'cancelled'
  }

  #throwIfLeaving(): void {
    if (this.#isLeaving) throw new RunnerError('lease-lost', 'The work on the run is left to another.')
  }
}

type StartFailure = RunEnd & { readonly state: 'failed'; readonly reason: 'start-failed' }

const startFailure = (error: unknown): StartFailure => ({
  state: 'failed',
  reason: 'start-failed',
  message: error instanceof Error ? error.message : 'The kernel could not be started.',
})

const cancelled = (message: string): ExecutionResult => ({ state: 'cancelled', message })

const LOST = {
  gone: {
    state: 'failed',
    reason: 'kernel-died',
    message: 'The kernel is gone: its server does not know it any more.',
  },
  unreachable: {
    state: 'failed',
    reason: 'outcome-unknown',
    message: 'What became of the run is not known: the server of its kernel does not answer any more.',
  },
} as const

async function flushedInTime(events: EventWriter): Promise<void> {
  const late = timers.setTimeout(LEAVING_MS, undefined, { ref: false })
  await Promise.race([events.flush().catch(() => undefined), late])
}

const secondsSince = (at: Date | undefined): number =>
  at === undefined ? 0 : (Date.now() - at.getTime()) / 1000

const codeOf = (error: unknown): string | undefined => (error instanceof RunnerError ? error.code : undefined)

/** At once where it has been aborted before. */
function onAbort(signal: AbortSignal, listener: () => void): Disposable {
  if (signal.aborted) listener()
  signal.addEventListener('abort', listener)
  return { [Symbol.dispose]: () => signal.removeEventListener('abort', listener) }
}

function limitsOf({ limits }: Run): ExecutionLimits {
  return {
    ...(limits['cellSeconds'] !== undefined && { cellSeconds: limits['cellSeconds'] }),
    ...(limits['runSeconds'] !== undefined && { runSeconds: limits['runSeconds'] }),
    outputs: { cellBytes: limits['cellOutputBytes'] ?? 50e6, runBytes: limits['outputBytes'] ?? 100e6 },
  }
}
