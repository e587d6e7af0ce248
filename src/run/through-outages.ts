import timers from 'node:timers/promises'
import { RunnerError } from '../errors.ts'

const PAUSE_MS = { first: 250, most: 5_000 }

/**
 * Does what may be done twice, again and again until the database has answered: a database that is started again is no
 * reason to give up a run. Throws all else that `work` throws, and `database-failed` once the signal is aborted.
 */
export async function throughOutages<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let pause = PAUSE_MS.first; ; pause = Math.min(2 * pause, PAUSE_MS.most)) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof RunnerError && error.code === 'database-failed') || signal.aborted) throw error
      await timers.setTimeout(pause, undefined, { signal }).catch(() => undefined)
    }
  }
}
