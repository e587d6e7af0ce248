import { DatabaseSync } from 'node:sqlite'
import timers from 'node:timers/promises'

const SQLITE_BUSY = 5
const POLL_MS = 20

/**
 * Takes a lock between processes, which the operating system lets go of when its holder dies, however it dies. Node
 * has no flock, so an empty SQLite file is what is locked. `exclusive` keeps everybody else out, `shared` only those
 * who want it exclusively. Undefined where somebody holds it. The folder of `path` must be there.
 */
export function tryLock(path: string, mode: 'exclusive' | 'shared'): Disposable | undefined {
  const file = new DatabaseSync(path, { timeout: 0 })
  try {
    // A read inside of a transaction is what takes the shared lock; closing the file gives either back.
    file.exec(mode === 'exclusive' ? 'BEGIN EXCLUSIVE' : 'BEGIN; SELECT count(*) FROM sqlite_master')
    return { [Symbol.dispose]: () => file.close() }
  } catch (error) {
    file.close()
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) return undefined
    throw error
  }
}

/** As `tryLock`, but waits for it. Throws the signal's reason. */
export async function lock(
  path: string,
  mode: 'exclusive' | 'shared',
  signal: AbortSignal,
): Promise<Disposable> {
  for (;;) {
    signal.throwIfAborted()
    const held = tryLock(path, mode)
    if (held !== undefined) return held
    await timers.setTimeout(POLL_MS)
  }
}
