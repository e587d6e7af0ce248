import type { ExecutionResult, SentCell } from '../kernel/execution.ts'
import type { ExecutedNotebook } from '../notebook/executed.ts'
import { inSpan } from '../tracing/in-span.ts'
import type { EventWriter } from './event-writer.ts'
import { executeOnKernel, type Lost } from './execute-on-kernel.ts'
import { type RunInWork, secondsSince } from './execute-parts.ts'
import { onAbort } from './on-abort.ts'
import type { RunKernel } from './run.ts'
import type { RunReport } from './run-report.ts'
import type { Saving } from './saving.ts'
import { type StartedKernel, type StartFailure, startKernel } from './start-kernel.ts'
import { originRemark, takeKernel } from './take-kernel.ts'

/** Started for a run at most, one after the other, where they die before anything has run in them. */
const MOST_KERNELS = 3

export interface Executing {
  readonly notebook: ExecutedNotebook
  readonly report: RunReport
  readonly events: EventWriter
  readonly saving: Saving
  readonly sent: SentCell[]
}

/**
 * Executes the notebook of a run on the kernel that it is to have, to the end of the execution, however often the kernel is
 * joined. Throws `lease-lost` where the run is to be left, and `database-failed`.
 */
export async function executeNotebook(
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
  let started = await kernelFor(inWork, { report, events, sent })
  for (let kernels = 1; ; kernels++) {
    if (started === undefined) return cancelled('Cancelled before it began.')
    if ('state' in started) return started
    const { kernel, connection, warm } = started
    notebook.remark = originRemark(run, kernel)
    if (kernels === 1) {
      if (known?.kernelId !== kernel.kernelId) {
        parts.observer.running(secondsSince(run.queuedAt), warm)
        if (notebook.remark !== undefined) events.push({ type: 'note', text: notebook.remark.text })
      }
      events.push({ type: 'state', state: 'running' })
    }
    const joined = () => saving.start()
    const on = { kernel, connection, notebook, report, sent, joined, cancel: cancel.signal }
    const end = await executeOnKernel(inWork, on)
    if (!('lost' in end)) return end
    if (cancel.signal.aborted) return report.conclude(cancelled('The run was cancelled.'))
    // What ran before is in the kernel that was taken over, and in no other.
    const isUntouched = sent.length === 0 && kernel.folderOf === undefined
    if (end.lost !== 'gone' || !isUntouched || kernels === MOST_KERNELS) return report.conclude(lostBy(end))
    const text = `${end.why ?? GONE.message} Nothing had run in it: another one is started.`
    events.push({ type: 'note', text })
    started = await anotherKernel(inWork, kernel, tellInto(events))
  }
}

/** In place of one in which nothing has run. A server starts a kernel that died anew, and nobody would use that one. */
async function anotherKernel(
  inWork: RunInWork,
  { kernelId }: RunKernel,
  tell: (text: string) => void,
): ReturnType<typeof startKernel> {
  const { parts, log } = inWork
  log.warn({ kernel: kernelId }, 'the kernel died before any cell was sent to it: another one is started')
  await parts.host
    .shutdown(kernelId)
    .catch((err: unknown) => log.warn({ err }, 'the kernel could not be shut down'))
  return newKernel(inWork, tell)
}

const newKernel = (inWork: RunInWork, tell: (text: string) => void): ReturnType<typeof startKernel> =>
  inSpan(inWork.parts.tracing, 'kernel start', () => startKernel(inWork, tell))

const tellInto = (events: EventWriter) => (text: string) => events.push({ type: 'note', text })

/** The one that a worker before has left, the one of the run before, or a new one. Undefined where it was cancelled. */
async function kernelFor(
  inWork: RunInWork,
  { report, events, sent }: Pick<Executing, 'report' | 'events' | 'sent'>,
): Promise<(Omit<StartedKernel, 'connection'> & Partial<StartedKernel>) | StartFailure | undefined> {
  const { kernel, fromCell } = inWork.claim.run
  const tell = tellInto(events)
  const mayTake = kernel === undefined || kernel.folderOf !== undefined
  if (fromCell !== undefined && mayTake && sent.length === 0) {
    const taken = await takeKernel(inWork, fromCell, report)
    return taken ?? newKernel(inWork, tell)
  }
  return kernel === undefined ? newKernel(inWork, tell) : { kernel, warm: false }
}

const cancelled = (message: string): ExecutionResult => ({ state: 'cancelled', message })

const lostBy = (end: Lost): ExecutionResult =>
  end.lost === 'gone' ? { ...GONE, message: end.why ?? GONE.message } : UNREACHABLE

const GONE = {
  state: 'failed',
  reason: 'kernel-died',
  message: 'The kernel is gone: its server does not know it any more.',
} as const
const UNREACHABLE = {
  state: 'failed',
  reason: 'outcome-unknown',
  message: 'What became of the run is not known: the server of its kernel does not answer any more.',
} as const
