import { randomUUID } from 'node:crypto'
import timers from 'node:timers/promises'
import type { SentCell } from '../kernel/execution.ts'
import { ExecutedNotebook } from '../notebook/executed.ts'
import { inSpan } from '../tracing/in-span.ts'
import { EventWriter } from './event-writer.ts'
import { executeNotebook } from './execute-notebook.ts'
import {
  codeOf,
  type ExecuteParts,
  LEAVING_MS,
  type RunInWork,
  secondsSince,
  storageScope,
} from './execute-parts.ts'
import { Hold } from './hold.ts'
import { keepFiles } from './keep-files.ts'
import { keepScraps } from './keep-scraps.ts'
import { keepThumbnail } from './keep-thumbnail.ts'
import type { Claim } from './queue.ts'
import type { RunEnd } from './run.ts'
import { RunReport } from './run-report.ts'
import { openRunSpan } from './run-span.ts'
import { Saving } from './saving.ts'
import { originRemark } from './take-kernel.ts'
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
  await using saving = new Saving({ storage, scope, object: run.object, notebook, lease, log })
  const result = await (report.result === undefined
    ? executeNotebook(inWork, { notebook, report, events, saving, sent })
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
    await throughOutages(() => lease.keepNotebook(notebook.chunks(), end), hold.signal)
    const why = saving.refusal?.message ?? 'The storage did not answer.'
    const message = `The notebook could not be stored in the workspace. It is kept with the run, and stored when somebody of the workspace opens the page of the run. ${why}`
    return { state: 'failed', reason: 'storage-failed', message }
  }
  await keepFiles(inWork, result.state)
  await keepScraps(inWork, notebook)
  return end
}

const EXISTS_MS = 10_000
async function flushedInTime(events: EventWriter): Promise<void> {
  const late = timers.setTimeout(LEAVING_MS, undefined, { ref: false })
  await Promise.race([events.flush().catch(() => undefined), late])
}
