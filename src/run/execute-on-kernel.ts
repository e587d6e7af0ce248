import timers from 'node:timers/promises'
import { RunnerError } from '../errors.ts'
import { execute } from '../kernel/execute.ts'
import type { ExecutionLimits, ExecutionResult, ExecutionSink, SentCell } from '../kernel/execution.ts'
import type { KernelConnection } from '../kernel/kernel-connection.ts'
import type { ExecutedNotebook } from '../notebook/executed.ts'
import { codeOf, isLeaving, RETRY_MS, type RunInWork, throwIfLeaving } from './execute-parts.ts'
import { onAbort } from './on-abort.ts'
import type { Run, RunKernel } from './run.ts'
import type { RunReport } from './run-report.ts'
import { throughOutages } from './through-outages.ts'

/** Cells sent ahead (reference measurements: 8 in flight make the way over a WebSocket as fast as the kernel). */
const WINDOW = 8
const CONNECT_MS = 30_000

export interface OnKernel {
  /** As it is kept with the run. */
  readonly kernel: RunKernel
  /** Where it has been joined already. It is disposed of. */
  readonly connection: KernelConnection | undefined
  readonly notebook: ExecutedNotebook
  readonly report: RunReport
  /** What was sent before, by any worker; what is sent is added to it. */
  readonly sent: SentCell[]
  /** Called each time that the kernel is joined. */
  readonly joined: () => void
  readonly cancel: AbortSignal
}

/** The kernel, or the way to it. */
export type Lost =
  | { readonly lost: 'gone'; readonly why: string | undefined }
  | { readonly lost: 'unreachable' }

/**
 * Executes the notebook on its kernel, which is joined as often as the way to it breaks. `gone`: there is no such kernel
 * any more, and why, where its host says so; `unreachable`: its host has not answered for too long. Throws `lease-lost` where the run is to be left.
 */
export async function executeOnKernel(work: RunInWork, on: OnKernel): Promise<ExecutionResult | Lost> {
  const { host } = work.parts
  const { run, lease } = work.claim
  const { kernelId, clientId } = on.kernel
  let { kernel } = on
  let given = on.connection
  let patience = performance.now() + host.patienceMs
  for (;;) {
    // Whoever has the run by now has closed our way: to join again would close theirs.
    if (given === undefined) throwIfLeaving(work)
    try {
      const late = AbortSignal.timeout(CONNECT_MS)
      await using connection = given ?? (await host.connect(kernelId, clientId, late))
      given = undefined
      throwIfLeaving(work)
      using _leaving = onAbort(work.hold.signal, () => leaveKernel(work, connection))
      patience = Number.POSITIVE_INFINITY
      on.joined()
      const keep = async (session: string) => {
        kernel = { ...kernel, session }
        await throughOutages(() => lease.setKernel(kernel), work.hold.signal)
      }
      return await execute({
        connection,
        host,
        notebook: on.notebook,
        sink: sinkOf(work, on, keep),
        limits: limitsOf(run),
        allowErrors: false,
        window: WINDOW,
        signal: on.cancel,
        sent: on.sent,
        ...(kernel.session !== undefined && { kernelSession: kernel.session }),
      })
    } catch (error) {
      throwIfLeaving(work)
      if (codeOf(error) === 'kernel-gone') return gone(error)
      if (codeOf(error) !== 'kernel-host-failed') throw error
      patience = Math.min(patience, performance.now() + host.patienceMs)
      if (performance.now() > patience) return { lost: 'unreachable' }
      work.log.warn({ err: error }, 'the way to the kernel broke: it is joined again')
      await timers.setTimeout(RETRY_MS)
      await throughOutages(() => lease.renew(), work.hold.signal)
      const lost = await goneIfSaid(work, kernelId)
      if (lost !== undefined) return lost
    }
  }
}

/** While the run is left nothing is sent any more; what has come from the kernel is still told. */
function sinkOf(work: RunInWork, { report, sent }: OnKernel, joined: ExecutionSink['joined']): ExecutionSink {
  const sink = report.sink(sent)
  return {
    ...sink,
    joined,
    sending: async (cells) => {
      if (isLeaving(work)) await Promise.withResolvers<never>().promise
      await throughOutages(() => sink.sending(cells), work.hold.signal)
    },
  }
}

function leaveKernel({ hold }: RunInWork, connection: KernelConnection): void {
  const { reason } = hold.signal
  if (reason === 'stopping') void connection.hangUp()
  else if (reason === 'lost') void connection[Symbol.asyncDispose]()
}

/** Undefined as long as nobody says that the kernel is gone. */
async function goneIfSaid({ parts }: RunInWork, kernelId: string): Promise<Lost | undefined> {
  try {
    const there = await parts.host.exists(kernelId, AbortSignal.timeout(10_000))
    return there ? undefined : gone(undefined)
  } catch (error) {
    return codeOf(error) === 'kernel-gone' ? gone(error) : undefined
  }
}

const gone = (error: unknown): Lost => ({
  lost: 'gone',
  why: error instanceof RunnerError ? error.message : undefined,
})

function limitsOf({ limits, startedAt }: Run): ExecutionLimits {
  return {
    ...(limits['cellSeconds'] !== undefined && { cellSeconds: limits['cellSeconds'] }),
    ...(limits['silentSeconds'] !== undefined && { silentSeconds: limits['silentSeconds'] }),
    ...(limits['runSeconds'] !== undefined && { runSeconds: limits['runSeconds'] }),
    ...(startedAt !== undefined && { runSince: startedAt }),
    outputs: { cellBytes: limits['cellOutputBytes'] ?? 50e6, runBytes: limits['outputBytes'] ?? 100e6 },
  }
}
