import { randomBytes } from 'node:crypto'
import { open, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { RunnerError } from '../errors.ts'

/**
 * Writes to a file whole or not at all, or to the standard output for `-`. What is there is replaced, the notebook that was
 * read included: papermill allows that too, and nothing is lost by it, as a second injection replaces the first.
 */
export async function writeOutput(path: string, chunks: readonly Uint8Array[]): Promise<void> {
  if (path === '-') return writeStandardOutput(chunks)
  try {
    // Through a link, the file behind it is replaced and the link stays.
    const target = await realpath(path).catch(() => path)
    const before = await stat(target).catch(() => undefined)
    if (before === undefined || before.isFile()) await replaceFile(target, chunks, before?.mode)
    else await writeInto(target, 'w', chunks)
  } catch (error) {
    throw unwritable(path, error)
  }
}

async function replaceFile(target: string, chunks: readonly Uint8Array[], mode: number | undefined) {
  const name = `.${basename(target)}.${randomBytes(4).toString('hex')}.tmp`
  const temporary = join(dirname(target), name)
  try {
    await writeInto(temporary, 'wx', chunks, mode)
    await rename(temporary, target)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

async function writeInto(path: string, flags: string, chunks: readonly Uint8Array[], mode?: number) {
  await using file = await open(path, flags)
  if (mode !== undefined) await file.chmod(mode)
  await file.writeFile(chunks)
}

async function writeStandardOutput(chunks: readonly Uint8Array[]): Promise<void> {
  for (const chunk of chunks) {
    await new Promise<void>((resolve, reject) => {
      process.stdout.write(chunk, (error) => (error ? reject(error) : resolve()))
    })
  }
}

function unwritable(path: string, cause: unknown): RunnerError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  if (code === 'ENOENT') {
    return new RunnerError('not-found', `The folder "${dirname(path)}" for the output does not exist.`, {
      cause,
    })
  }
  if (code === 'EISDIR') {
    return new RunnerError('usage', `The output "${path}" is a folder; name a file in it.`, { cause })
  }
  return new RunnerError('storage-failed', `The output "${path}" cannot be written (${code}).`, { cause })
}
