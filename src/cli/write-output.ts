import {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { RunnerError } from '../errors.ts'
import { newId } from './new-id.ts'
import { print } from './print.ts'

/**
 * Writes to a file whole or not at all, or to the standard output for `-`. What is there is replaced, the
 * notebook that was read included: papermill allows that too, and nothing is lost by it, as a second
 * injection replaces the first.
 */
export async function writeOutput(path: string, chunks: Iterable<Uint8Array>): Promise<void> {
  if (path === '-') {
    for (const chunk of chunks) await print(chunk)
    return
  }
  try {
    const before = statSync(path, { throwIfNoEntry: false })
    // A pipe or a device is not to be replaced by a file.
    if (before !== undefined && !before.isFile()) writeInto(path, 'w', chunks)
    // Through a link, the file behind it is replaced and the link stays.
    else if (before !== undefined) replaceFile(realpathSync(path), chunks, before.mode)
    else replaceFile(path, chunks)
  } catch (error) {
    throw unwritable(path, error)
  }
}

/** To be asked before anything runs whose result would be lost. Throws as `writeOutput`. */
export function refuseUnwritable(path: string): void {
  if (path === '-') return
  try {
    const before = statSync(path, { throwIfNoEntry: false })
    if (before?.isDirectory()) throw folderGiven(path)
    // A file is replaced, which is its folder's to allow; into all else is written.
    const place = before === undefined ? dirname(path) : before.isFile() ? dirname(realpathSync(path)) : path
    accessSync(place, constants.W_OK)
  } catch (error) {
    throw error instanceof RunnerError ? error : unwritable(path, error)
  }
}

function replaceFile(path: string, chunks: Iterable<Uint8Array>, mode?: number): void {
  const temporary = join(dirname(path), `.${basename(path)}.${newId()}.tmp`)
  try {
    writeInto(temporary, 'wx', chunks, mode)
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}

function writeInto(path: string, flags: string, chunks: Iterable<Uint8Array>, mode?: number): void {
  const file = openSync(path, flags)
  try {
    if (mode !== undefined) fchmodSync(file, mode)
    for (const chunk of chunks) writeFileSync(file, chunk)
  } finally {
    closeSync(file)
  }
}

function unwritable(path: string, cause: unknown): RunnerError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  if (code === 'ENOENT') {
    return new RunnerError('not-found', `The folder "${dirname(path)}" for the output does not exist.`, {
      cause,
    })
  }
  if (code === 'EISDIR') return folderGiven(path, cause)
  return new RunnerError('storage-failed', `The output "${path}" cannot be written (${code}).`, { cause })
}

const folderGiven = (path: string, cause?: unknown): RunnerError =>
  new RunnerError('usage', `The output "${path}" is a folder; name a file in it.`, { cause })
