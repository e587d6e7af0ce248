import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { RunnerError } from '../errors.ts'

const run = promisify(execFile)

/**
 * Writes everything that is in memory only of the file system that a folder is on: one flush for thousands of small
 * files, at the price of a few. Node has no syncfs(2), so the program of coreutils (or busybox) makes the call; it ends
 * with an error where the system could not write.
 */
export async function flushFolder(folder: string): Promise<void> {
  try {
    await run('sync', ['-f', folder])
  } catch (cause) {
    throw new RunnerError(
      'storage-failed',
      'What was stored could not be flushed to the disk. Ask the operator of this service to look at the disk.',
      { cause },
    )
  }
}

/** Whether there is such a program. Asked of a file system that has nothing to write. */
export async function canFlushFolder(): Promise<boolean> {
  if (process.platform !== 'linux') return false
  return run('sync', ['-f', '/proc']).then(
    () => true,
    () => false,
  )
}
