import timers from 'node:timers/promises'
import type { TakenKernel } from '../kernel/warm-kernels.ts'
import { codeOf, LEAVING_MS, RETRY_MS, type RunInWork, throwIfLeaving } from './execute-parts.ts'
import { onAbort } from './on-abort.ts'
import type { RunEnd, RunKernel } from './run.ts'
import { throughOutages } from './through-outages.ts'

export interface StartedKernel extends TakenKernel {
  readonly kernel: RunKernel
}

export type StartFailure = RunEnd & { readonly state: 'failed'; readonly reason: 'start-failed' }

const START_FAILURES = ['kernel-host-failed', 'no-such-kernel', 'server-failed', 'hub-unknown-user'] as const

/** Where the notebook names none. */
export const DEFAULT_KERNEL = 'python3'
/** How long a database that is away may take to be told of a kernel; shorter than what makes a kernel a stray one. */
const KEEPING_MS = 20_000

/**
 * A kernel for the run, kept with it. A host that is starting, or away for a moment, is waited for. Undefined where the
 * run was cancelled meanwhile. `tell`: what its owner may like to read. Throws `lease-lost` where the run is to be left, and `database-failed`.
 */
export async function startKernel(
  work: RunInWork,
  tell: (text: string) => void,
): Promise<StartedKernel | StartFailure | undefined> {
  const { hold, log } = work
  const { patienceMs } = work.parts.host
  const patience = performance.now() + patienceMs
  // A kernel that is just being started would be nobody's.
  const gaveUp = new AbortController()
  let leaving: NodeJS.Timeout | undefined
  using _interrupted = onAbort(hold.signal, () => {
    leaving = setTimeout(() => gaveUp.abort(), LEAVING_MS)
  })
  try {
    for (;;) {
      throwIfLeaving(work)
      if (hold.signal.aborted) return undefined
      try {
        const signal = AbortSignal.any([AbortSignal.timeout(patienceMs), gaveUp.signal])
        return await startOnce(work, tell, signal)
      } catch (error) {
        const code = codeOf(error)
        const passing = code === 'kernel-host-failed' && performance.now() < patience
        if (!START_FAILURES.some((known) => known === code)) throw error
        if (!passing && !hold.signal.aborted) return startFailure(error)
        log.warn({ err: error }, 'the kernel could not be started: it is tried again')
        await timers.setTimeout(RETRY_MS)
      }
    }
  } finally {
    clearTimeout(leaving)
  }
}

async function startOnce(
  work: RunInWork,
  tell: (text: string) => void,
  signal: AbortSignal,
): Promise<StartedKernel> {
  const { parts, claim } = work
  const { run } = claim
  const owner = kernelOwner(run.ownerIssuer, run.ownerSubject)
  const kind = { kernelName: run.kernelName ?? DEFAULT_KERNEL, environment: {}, owner }
  const folder = parts.folderOf({ ...run, kernel: undefined })
  const taken = await parts.warmKernels.take({ ...kind, folder, tell }, signal)
  const { kernelId, clientId } = taken.connection
  const kernel = { host: parts.hostName, kernelId, clientId }
  try {
    await throughOutages(() => claim.lease.setKernel(kernel), AbortSignal.timeout(KEEPING_MS))
    return { ...taken, kernel }
  } catch (error) {
    // A kernel that is not kept with the run would be nobody's.
    await taken.connection[Symbol.asyncDispose]()
    await parts.host
      .shutdown(kernelId)
      .catch((err: unknown) => work.log.warn({ err }, 'the kernel could not be shut down'))
    throw error
  }
}

/** Kernels of one owner are not given to another. */
export const kernelOwner = (issuer: string, subject: string): string => JSON.stringify([issuer, subject])

const startFailure = (error: unknown): StartFailure => ({
  state: 'failed',
  reason: 'start-failed',
  message: error instanceof Error ? error.message : 'The kernel could not be started.',
})
