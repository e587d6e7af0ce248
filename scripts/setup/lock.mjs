import {
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'

const HEARTBEAT = 2_000
/** A holder that has not been heard of for so long is gone, though a process with its number may live (a restarted container). */
const SILENCE = 60_000

/**
 * Takes the lock of a folder, so that two set-ups don't install at once. The lock is a folder with one file, named by
 * the holder's process: renaming a prepared folder over an empty one is atomic and fails over one that is held, and
 * removing the file of a holder that is gone can't hit the next holder.
 * @param {string} cache folder for the lock
 * @param {(pid: number) => void} onWait called once when another set-up holds it
 * @returns {Promise<() => void>} gives the lock back
 */
export async function takeLock(cache, onWait) {
  const lock = join(cache, 'setup-lock')
  const own = String(process.pid)
  const prepared = join(cache, `setup-lock-${own}`)
  let waited = false
  for (;;) {
    mkdirSync(prepared, { recursive: true })
    writeFileSync(join(prepared, own), '')
    try {
      renameSync(prepared, lock)
      break
    } catch {
      rmSync(prepared, { recursive: true })
    }
    for (const holder of filesOf(lock)) {
      if (isGone(join(lock, holder), Number(holder))) remove(join(lock, holder))
      else if (!waited) {
        waited = true
        onWait(Number(holder))
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  const file = join(lock, own)
  const beat = setInterval(() => utimesSync(file, new Date(), new Date()), HEARTBEAT)
  beat.unref()
  return () => {
    clearInterval(beat)
    remove(file)
  }
}

/** @param {string} folder */
function filesOf(folder) {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/**
 * @param {string} file
 * @param {number} pid
 */
function isGone(file, pid) {
  try {
    if (Date.now() - statSync(file).mtimeMs > SILENCE) return true
    process.kill(pid, 0)
    return false
  } catch (error) {
    // EPERM: it lives, and is another user's.
    return !(error instanceof Error && 'code' in error && error.code === 'EPERM')
  }
}

/** @param {string} file */
function remove(file) {
  try {
    unlinkSync(file)
  } catch {
    // Someone else was first.
  }
}
