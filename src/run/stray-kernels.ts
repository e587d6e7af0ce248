import timers from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Database } from '../database/connect.ts'
import { eachKernel } from './each-kernel.ts'
import { kernelsInUse } from './kernels-in-use.ts'

interface StrayKernelsParts {
  readonly database: Database
  /** Kernels that nobody has been using for a while, as far as their host knows. */
  readonly unused: (signal: AbortSignal) => Promise<readonly string[]>
  readonly shutdown: (kernelId: string) => Promise<void>
  readonly log: Logger
}

const EVERY_MS = 15_000

/**
 * Ends kernels that were started for a run and are of no run: their worker was killed before it had written down that
 * they are there, or while it ended them. Nobody else knows of them, and each holds memory.
 */
export class StrayKernels implements AsyncDisposable {
  readonly #parts: StrayKernelsParts
  readonly #stopping = new AbortController()
  readonly #looking: Promise<void>

  constructor(parts: StrayKernelsParts) {
    this.#parts = parts
    this.#looking = this.#look()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort()
    await this.#looking
  }

  async #look(): Promise<void> {
    const { signal } = this.#stopping
    for (;;) {
      await timers.setTimeout(EVERY_MS, undefined, { signal, ref: false }).catch(() => undefined)
      if (signal.aborted) return
      // A host or a database that is away has nothing to be ended just now.
      await this.#endStray().catch(() => undefined)
    }
  }

  async #endStray(): Promise<void> {
    const { database, unused, shutdown, log } = this.#parts
    const kernels = await unused(this.#stopping.signal)
    if (kernels.length === 0) return
    const used = await kernelsInUse(database, kernels)
    const stray = kernels.filter((id) => !used.has(id))
    await eachKernel(stray, async (kernel) => {
      log.warn({ kernel }, 'a kernel without a run is ended')
      await shutdown(kernel)
    })
  }
}
