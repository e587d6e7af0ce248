/** What the service needs, each checked on its own. */
export type Probes = Readonly<Record<string, (signal: AbortSignal) => Promise<boolean>>>
export type Checks = Readonly<Record<string, 'up' | 'down'>>

const EVERY_MS = 1_500
const PROBE_TIMEOUT_MS = 1_000

/**
 * Health from a background probe that is at most 2 s old (a request never waits for a database that hangs, and a
 * thousand requests a second cost no query).
 */
export class Health {
  readonly #probes: Probes
  #checks: Checks = {}
  #timer: NodeJS.Timeout | undefined

  constructor(probes: Probes) {
    this.#probes = probes
  }

  get checks(): Checks {
    return this.#checks
  }

  /** Resolves once each probe has answered or timed out for the first time. */
  async start(): Promise<void> {
    await this.#probe()
    const again = async () => {
      await this.#probe()
      this.#timer = setTimeout(again, EVERY_MS).unref()
    }
    this.#timer = setTimeout(again, EVERY_MS).unref()
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  async #probe(): Promise<void> {
    const entries = Object.entries(this.#probes).map(async ([name, probe]) => {
      const signal = AbortSignal.timeout(PROBE_TIMEOUT_MS)
      const late = new Promise<boolean>((resolve) => signal.addEventListener('abort', () => resolve(false)))
      const up = await Promise.race([probe(signal).catch(() => false), late])
      return [name, up ? 'up' : 'down'] as const
    })
    this.#checks = Object.fromEntries(await Promise.all(entries))
  }
}
