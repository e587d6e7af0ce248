import timers from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Database } from '../database/connect.ts'
import type { KernelHost } from '../kernel/kernel-host.ts'
import { eachKernel } from './each-kernel.ts'

interface LeftKernelsParts {
  readonly database: Database
  readonly host: Pick<KernelHost, 'shutdown' | 'exists'>
  readonly hostName: string
  readonly log: Logger
}

const EVERY_MS = 15_000
const ANSWER_MS = 10_000
/** Of failed runs of one person, so many kernels are kept, the newest. */
const KEPT_PER_PERSON = 3

// Those of the run $2 that has just ended, those that a worker did not end that has died, and of those that are kept the
// ones that are too many. Not one in which somebody has asked to go on. Of a host that nobody uses any more they are
// forgotten one day.
const DUE = `
  WITH old AS (DELETE FROM left_kernel WHERE until < clock_timestamp() - interval '1 day'), kernel AS (
    SELECT *, row_number() OVER (PARTITION BY owner_issuer, owner_subject ORDER BY until DESC) AS place
    FROM left_kernel WHERE kernel_host = $1
  )
  UPDATE left_kernel SET ending = true, until = least(left_kernel.until, clock_timestamp())
  FROM kernel WHERE left_kernel.run_id = kernel.run_id AND (
    kernel.until <= clock_timestamp() AND (kernel.run_id = $2 OR kernel.until < clock_timestamp() - interval '5 s')
    OR kernel.until > clock_timestamp() AND kernel.place > $3
  ) AND NOT EXISTS (
    SELECT FROM run WHERE retry_of = kernel.run_id AND from_cell IS NOT NULL AND state IN ('queued', 'starting')
      AND NOT kernel.ending
  )
  RETURNING left_kernel.run_id AS "runId", left_kernel.kernel_id AS "kernelId"`

const KEPT = `
  SELECT run_id AS "runId", kernel_id AS "kernelId" FROM left_kernel
  WHERE kernel_host = $1 AND NOT ending AND until > clock_timestamp()`

const FORGET = 'DELETE FROM left_kernel WHERE run_id = $1 AND kernel_id = $2'

interface LeftKernel extends Record<string, unknown> {
  readonly runId: string
  readonly kernelId: string
}

/**
 * Ends the kernels that runs have left when they ended, whichever worker had the run: at once, or once the time is over
 * for which that of a failed run is kept.
 */
export class LeftKernels implements AsyncDisposable {
  readonly #parts: LeftKernelsParts
  readonly #stopping = new AbortController()
  readonly #ending = new Set<Promise<void>>()
  readonly #looking: Promise<void>

  constructor(parts: LeftKernelsParts) {
    this.#parts = parts
    this.#looking = this.#look()
  }

  /** A run has ended: ends its kernel, unless that is kept, in the background. */
  end(runId: string): void {
    const ending = this.#endDue(runId)
      // The next look finds it again.
      .catch((err: unknown) => this.#parts.log.warn({ err, run: runId }, 'a kernel could not be shut down'))
      .finally(() => this.#ending.delete(ending))
    this.#ending.add(ending)
  }

  /** How many are kept. Throws `database-failed`. */
  async kept(): Promise<number> {
    const { database, hostName } = this.#parts
    return (await database.query({ text: KEPT, values: [hostName] })).length
  }

  /** Waits for the kernels that are being ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort()
    await this.#looking
    await Promise.all(this.#ending)
  }

  async #look(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      // A host or a database that is away is asked again.
      await this.#endDue(undefined).catch(() => undefined)
      await this.#forgetDead().catch(() => undefined)
      await timers.setTimeout(EVERY_MS, undefined, { signal, ref: false }).catch(() => undefined)
    }
  }

  async #endDue(runId: string | undefined): Promise<void> {
    const { database, host, hostName } = this.#parts
    const values = [hostName, runId, KEPT_PER_PERSON]
    await eachKernel(await database.query<LeftKernel>({ text: DUE, values }), async (due) => {
      await host.shutdown(due.kernelId)
      await this.#forget(due)
    })
  }

  /** Of those that are kept: nobody is to be told of one that is not there any more. */
  async #forgetDead(): Promise<void> {
    const { database, host, hostName } = this.#parts
    await eachKernel(await database.query<LeftKernel>({ text: KEPT, values: [hostName] }), async (kept) => {
      if (!(await host.exists(kept.kernelId, AbortSignal.timeout(ANSWER_MS)))) await this.#forget(kept)
    })
  }

  async #forget({ runId, kernelId }: LeftKernel): Promise<void> {
    await this.#parts.database.query({ text: FORGET, values: [runId, kernelId] })
  }
}
