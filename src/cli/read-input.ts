import { readFileSync } from 'node:fs'
import { RunnerError } from '../errors.ts'

/**
 * The bytes of a file, or of the standard input for `-`. `what` is what the file should be, for the
 * messages.
 */
export async function readInput(path: string, what: string): Promise<Uint8Array> {
  if (path === '-') return readStandardInput()
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(path)) {
    throw new RunnerError(
      'usage',
      `${what} is read from a file here, not from ${path.split('?')[0]}. Download it, and pipe it in as - if you like.`,
    )
  }
  try {
    // At once: nothing waits beside it, and the asynchronous functions take longer to load than most notebooks.
    return readFileSync(path)
  } catch (error) {
    throw unreadable(path, what, error)
  }
}

async function readStandardInput(): Promise<Uint8Array> {
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}

function unreadable(path: string, what: string, cause: unknown): RunnerError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  if (code === 'ENOENT') return new RunnerError('not-found', `${what} "${path}" does not exist.`, { cause })
  if (code === 'EISDIR')
    return new RunnerError('not-found', `${what} "${path}" is a folder; name a file.`, { cause })
  return new RunnerError('not-found', `${what} "${path}" cannot be read (${code}).`, { cause })
}
