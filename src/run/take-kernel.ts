import { randomUUID } from 'node:crypto'
import timers from 'node:timers/promises'
import type { KernelConnection } from '../kernel/kernel-connection.ts'
import { runSilently } from '../kernel/run-silently.ts'
import { type RunInWork, throwIfLeaving } from './execute-parts.ts'
import type { Run, RunKernel } from './run.ts'
import type { RunReport } from './run-report.ts'
import type { StartedKernel } from './start-kernel.ts'
import { throughOutages } from './through-outages.ts'

const CONNECT_MS = 15_000
/** After an error a kernel refuses what comes for ten seconds (`abortGuard`). */
const READY_MS = 20_000
const PAUSE_MS = 500

/**
 * The kernel that is kept of the run which this one repeats, where it can go on in it: what the cells before have brought
 * about is taken over. Undefined where that cannot be, because the kernel is gone, is another person's, or was started
 * anew: then all cells are to be executed again. Throws `lease-lost` where the run is to be left, and `database-failed`.
 */
export async function takeKernel(
  work: RunInWork,
  fromCell: number,
  report: RunReport,
): Promise<StartedKernel | undefined> {
  const { parts, claim, hold, log } = work
  const take = () => claim.lease.takeKernel(parts.hostName, randomUUID())
  const kernel = await throughOutages(take, hold.signal)
  if (kernel === undefined) return undefined
  const connection = await joinReady(work, kernel)
  throwIfLeaving(work)
  if (connection !== undefined) {
    if (await report.takeOver(fromCell)) return { kernel, connection, warm: true }
    await connection[Symbol.asyncDispose]()
  }
  await parts.host
    .shutdown(kernel.kernelId)
    .catch((err: unknown) => log.warn({ err }, 'the kernel could not be shut down'))
  await throughOutages(() => claim.lease.setKernel(undefined), hold.signal)
  return undefined
}

/** Undefined where the kernel is not the one that the run before has left, or does not answer. */
async function joinReady(
  { parts, log }: RunInWork,
  { kernelId, clientId, session }: RunKernel,
): Promise<KernelConnection | undefined> {
  let connection: KernelConnection | undefined
  try {
    connection = await parts.host.connect(kernelId, clientId, AbortSignal.timeout(CONNECT_MS))
    const signal = AbortSignal.timeout(READY_MS)
    await connection.info(signal)
    const isSame = session !== undefined && connection.kernelSession === session
    while (isSame && !signal.aborted) {
      if (await runSilently(connection, '', signal)) return connection
      await timers.setTimeout(PAUSE_MS)
    }
  } catch (err) {
    log.warn({ err }, 'the kernel that was kept cannot be gone on in')
  }
  await connection?.[Symbol.asyncDispose]()
  return undefined
}

/** What a person should know of a run that was to go on where another had failed, and before which cell it stands. */
export function originRemark(
  { retryOf, fromCell }: Run,
  kernel: RunKernel | undefined,
): { readonly before: number; readonly text: string } | undefined {
  if (fromCell === undefined) return undefined
  const before = retryOf === undefined ? 'the run before' : `the run ${retryOf}`
  if (kernel?.folderOf !== undefined) {
    const text = `The cells above ran in ${before}. This run goes on from here, in the kernel of that one.`
    return { before: fromCell, text }
  }
  const text = `This run was to go on from cell ${fromCell + 1} of ${before}. The kernel of that one is gone, so all cells are executed again.`
  return { before: 0, text }
}
