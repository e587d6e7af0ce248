import timers from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Database } from '../database/connect.ts'
import type { KernelHost } from '../kernel/kernel-host.ts'

interface LeftKernelsParts {
  readonly database: Database
  readonly host: Pick<KernelHost, 'shutdown'>
  readonly hostName: string
  readonly log: Logger
}

const EVERY_MS = 15_000

const DUE_OF_RUN = `
  SELECT run_id AS "runId", kernel_id AS "kernelId" FROM left_kernel
  WHERE run_id = $1 AND until <= clock_timestamp()`

// Whose worker has died, or could not end it. Those of a host that nobody uses any more are forgotten one day.
const DUE_OF_HOST = `
  WITH old AS (DELETE FROM left_kernel WHERE until < clock_timestamp() - interval '1 day')
  SELECT run_id AS "runId", kernel_id AS "kernelId" FROM left_kernel
  WHERE kernel_host = $1 AND until BETWEEN clock_timestamp() - interval '1 day' AND clock_timestamp() - interval '5 s'`

const FORGET = 'DELETE FROM left_kernel WHERE run_id = $1 AND kernel_id = $2'

interface Due extends Record<string, unknown> {
  readonly runId: string
  readonly kernelId: string
}

/** Ends the kernels that runs have left when they ended, whichever worker had the run. */
export class LeftKernels implements AsyncDisposable {
  readonly #parts: LeftKernelsParts
  readonly #stopping = new AbortController()
  readonly #ending = new Set<Promise<void>>()
  readonly #looking: Promise<void>

  constructor(parts: LeftKernelsParts) {
    this.#parts = parts
    this.#looking = this.#look()
  }

  /** Ends the kernel of a run that has ended, in the background. */
  end(runId: string): void {
    const ending = this.#endDue(DUE_OF_RUN, runId)
      // The next look finds it again.
      .catch((err: unknown) => this.#parts.log.warn({ err, run: runId }, 'a kernel could not be shut down'))
      .finally(() => this.#ending.delete(ending))
    this.#ending.add(ending)
  }

  /** Waits for the kernels that are being ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort()
    await this.#looking
    await Promise.all(this.#ending)
  }

  async #look(): Promise<void> {
    const { signal } = this.#stopping
    for (;;) {
      await timers.setTimeout(EVERY_MS, undefined, { signal, ref: false }).catch(() => undefined)
      if (signal.aborted) return
      // A host or a database that is away is asked again.
      await this.#endDue(DUE_OF_HOST, this.#parts.hostName).catch(() => undefined)
    }
  }

  async #endDue(text: string, of: string): Promise<void> {
    const { database, host } = this.#parts
    for (const { runId, kernelId } of await database.query<Due>({ text, values: [of] })) {
      await host.shutdown(kernelId)
      await database.query({ text: FORGET, values: [runId, kernelId] })
    }
  }
}
