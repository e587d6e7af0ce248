import { randomUUID } from 'node:crypto'
import timers from 'node:timers/promises'
import type { ExecutionResult, SentCell } from '../kernel/execution.ts'
import { ExecutedNotebook } from '../notebook/executed.ts'
import { inSpan } from '../tracing/in-span.ts'
import { EventWriter } from './event-writer.ts'
import { executeOnKernel, type Lost } from './execute-on-kernel.ts'
import { codeOf, type ExecuteParts, LEAVING_MS, type RunInWork, storageScope } from './execute-parts.ts'
import { Hold } from './hold.ts'
import { keepFiles } from './keep-files.ts'
import { keepScraps } from './keep-scraps.ts'
import { keepThumbnail } from './keep-thumbnail.ts'
import type { RunEnd } from './lease.ts'
import { onAbort } from './on-abort.ts'
import type { Claim } from './queue.ts'
import { RunReport } from './run-report.ts'
import { openRunSpan } from './run-span.ts'
import { Saving } from './saving.ts'
import { type StartedKernel, type StartFailure, startKernel } from './start-kernel.ts'
import { originRemark, takeKernel } from './take-kernel.ts'
import { throughOutages } from './through-outages.ts'
import type { Work } from './worker.ts'

/** Works on a run that was claimed: from the start, or from where another worker left it. */
export function executeRunWith(parts: ExecuteParts): (claim: Claim) => Work {
  return (claim) => {
    const hold = new Hold(claim.lease, parts.leaseSeconds, parts.signals)
    const { id, workspace, notebookId } = claim.run
    const log = parts.log.child({ run: id, workspace, notebook: notebookId })
    const span = openRunSpan(parts.tracing, claim)
    const begin = () => work({ parts, claim, hold, span, log })
    const done = span === undefined ? begin() : span.within(begin).finally(() => span.end())
    return { done, interrupt: (interruption) => hold.interrupt(interruption) }
  }
}

/** Never throws. A run that is not ended here is left to the next worker. */
async function work(inWork: RunInWork): Promise<void> {
  const { parts, claim, hold, log } = inWork
  const { lease, run, adopted } = claim
  parts.observer.claimed(adopted)
  try {
    await using _hold = hold
    await using events = new EventWriter(lease)
    const end = await toItsEnd(inWork, events).catch(async (error: unknown) => {
      // What was read from the kernel is nowhere else any more.
      if (hold.signal.reason === 'stopping') await flushedInTime(events)
      throw error
    })
    await events.flush()
    const keepSeconds = await keepSecondsOf(inWork, end)
    await throughOutages(() => lease.finish(end, keepSeconds), hold.signal)
    parts.observer.ended(end, secondsSince(run.startedAt))
    inWork.span?.set({ 'run.state': end.state, ...(end.state === 'failed' && { 'run.reason': end.reason }) })
    log.info({ ...end }, 'run ended')
    // Nobody waits for that: the run has ended, and the next may begin.
    parts.leftKernels.end(run.id)
  } catch (error) {
    await leave(inWork, error)
  }
}

/** For how long its kernel is kept: only one that has failed in a cell and lives, so that nothing else can happen in it. */
async function keepSecondsOf({ parts, claim }: RunInWork, end: RunEnd): Promise<number> {
  const { host, keepFailedSeconds } = parts
  const kernel = claim.lease.kernel ?? claim.run.kernel
  const isOfUse = end.state === 'failed' && (end.reason === 'cell-error' || end.reason === 'timeout')
  if (kernel === undefined || !isOfUse || !host.capabilities.has('readopts')) return 0
  const there = await host.exists(kernel.kernelId, AbortSignal.timeout(EXISTS_MS)).catch(() => false)
  return there ? keepFailedSeconds : 0
}

async function leave({ parts, claim, hold, log }: RunInWork, error: unknown): Promise<void> {
  const { lease } = claim
  const interruption = hold.signal.reason
  if (interruption === 'lost' || codeOf(error) === 'lease-lost') {
    parts.observer.lost()
    log.warn({}, 'run was taken over by another worker')
  } else if (interruption === 'stopping') {
    await lease.release().catch((err: unknown) => log.warn({ err }, 'run could not be handed over'))
  } else if (codeOf(error) === 'database-failed') {
    log.error({ err: error }, 'run is left to the next worker: the database is away')
  } else {
    log.error({ err: error }, 'run failed on our side')
    const message = 'Something went wrong on our side; the log has it under the id of the run.'
    await lease
      .finish({ state: 'failed', reason: 'outcome-unknown', message })
      .catch((err: unknown) => log.error({ err }, 'run could not be ended'))
  }
}

async function toItsEnd(inWork: RunInWork, events: EventWriter): Promise<RunEnd> {
  const { parts, claim, hold, log } = inWork
  const { run, lease, adopted } = claim
  const notebook = new ExecutedNotebook(await lease.snapshot(), () => randomUUID().slice(0, 8))
  notebook.started(run.startedAt ?? new Date())
  const { observer, storage, tracing } = parts
  const report = new RunReport({
    lease,
    events,
    notebook,
    times: await parts.cellTimes(run),
    observer,
    tracing,
  })
  const sent: SentCell[] = []
  if (adopted) {
    sent.push(...(await lease.cells()))
    await report.replay()
  }
  if (run.kernel !== undefined) notebook.remark = originRemark(run, run.kernel)
  const scope = () => storageScope(inWork)
  await using saving = new Saving({ storage, scope, object: run.object, notebook, log })
  const result = await (report.result === undefined
    ? executed(inWork, { notebook, report, events, saving, sent })
    : report.conclude(report.result))
  if (result.state === 'failed' && result.reason === 'start-failed')
    events.push({ type: 'state', state: 'saving' })
  else report.settle(result)
  const [isStored] = await inSpan(tracing, 'save', () =>
    Promise.all([saving.finish(hold.signal), keepThumbnail(inWork, notebook)]),
  )
  const end: RunEnd =
    result.state === 'failed'
      ? result
      : { state: result.state, ...(result.state === 'cancelled' && { message: result.message }) }
  if (!isStored) {
    await throughOutages(() => parts.keepNotebook(run.id, notebook.chunks(), end), hold.signal)
    const why = saving.refusal?.message ?? 'The storage did not answer.'
    const message = `The notebook could not be stored in the workspace. It is kept with the run, and stored when somebody of the workspace opens the page of the run. ${why}`
    return { state: 'failed', reason: 'storage-failed', message }
  }
  await keepFiles(inWork, result.state)
  await keepScraps(inWork, notebook)
  return end
}

interface Executing {
  readonly notebook: ExecutedNotebook
  readonly report: RunReport
  readonly events: EventWriter
  readonly saving: Saving
  readonly sent: SentCell[]
}

async function executed(
  inWork: RunInWork,
  { notebook, report, events, saving, sent }: Executing,
): Promise<ExecutionResult | StartFailure> {
  const { parts, claim, hold } = inWork
  const cancel = new AbortController()
  using _cancelling = onAbort(hold.signal, () => {
    if (hold.signal.reason === 'cancelled') cancel.abort()
  })
  const { run } = claim
  const known = run.kernel
  const started = await kernelFor(inWork, { report, events, sent })
  if (started === undefined) return cancelled('Cancelled before it began.')
  if ('state' in started) return started
  const { kernel, connection, warm } = started
  notebook.remark = originRemark(run, kernel)
  if (known?.kernelId !== kernel.kernelId) {
    parts.observer.running(secondsSince(run.queuedAt), warm)
    if (notebook.remark !== undefined) events.push({ type: 'note', text: notebook.remark.text })
  }
  events.push({ type: 'state', state: 'running' })
  const joined = () => saving.start()
  const on = { kernel, connection, notebook, report, sent, joined, cancel: cancel.signal }
  const end = await executeOnKernel(inWork, on)
  if (!('lost' in end)) return end
  return report.conclude(cancel.signal.aborted ? cancelled('The run was cancelled.') : lostBy(end))
}

/** The one that a worker before has left, the one of the run before, or a new one. Undefined where it was cancelled. */
async function kernelFor(
  inWork: RunInWork,
  { report, events, sent }: Pick<Executing, 'report' | 'events' | 'sent'>,
): Promise<(Omit<StartedKernel, 'connection'> & Partial<StartedKernel>) | StartFailure | undefined> {
  const { kernel, fromCell } = inWork.claim.run
  const tell = (text: string) => events.push({ type: 'note', text })
  const start = () => inSpan(inWork.parts.tracing, 'kernel start', () => startKernel(inWork, tell))
  const mayTake = kernel === undefined || kernel.folderOf !== undefined
  if (fromCell !== undefined && mayTake && sent.length === 0) {
    const taken = await takeKernel(inWork, fromCell, report)
    return taken ?? start()
  }
  return kernel === undefined ? start() : { kernel, warm: false }
}

const cancelled = (message: string): ExecutionResult => ({ state: 'cancelled', message })

function lostBy(end: Lost): ExecutionResult {
  const { [end.lost]: result } = LOST
  return end.lost === 'gone' && end.why !== undefined ? { ...result, message: end.why } : result
}

const EXISTS_MS = 10_000

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
