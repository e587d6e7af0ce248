import { CommanderError } from 'commander'
import manifest from '../../package.json' with { type: 'json' }
import { PROBLEMS, RunnerError } from '../errors.ts'

/**
 * How a command ends: 0 all is well, 1 what it was given is wrong, 2 the command itself is not understood.
 */
export type ExitCode = 0 | 1 | 2

/** Tells the person what went wrong, on the standard error, and says how the process should end. */
export function report(error: unknown): ExitCode {
  // Commander has told already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  if (error instanceof RunnerError && error.code !== 'internal') {
    process.stderr.write(`error: ${clean(textOf(error))}\n`)
    return error.code === 'usage' ? 2 : 1
  }
  if (isBrokenPipe(error)) return 1
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  process.stderr.write(
    `error: Something went wrong inside of ${manifest.name} ${manifest.version} that should not have. ` +
      `Please report it, with the command and these lines:\n${clean(stack)}\n`,
  )
  return 1
}

/** Something that the person should know, and that stops nothing. */
export function warn(message: string): void {
  process.stderr.write(`warning: ${clean(message)}\n`)
}

/** The message, and each fault in a line of its own, but nothing twice. */
function textOf({ message, code, errors = [] }: RunnerError): string {
  if (errors.length === 0) return message
  const repeats = errors.every((fault) => message.includes(fault.message))
  if (repeats && message.includes('\n')) return message
  const head = repeats ? `${PROBLEMS[code].title}.` : message
  return [head, ...errors.map((fault) => `  - ${fault.message}`)].join('\n')
}

/** The other end of a pipe has had enough, such as `head`. */
function isBrokenPipe(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EPIPE'
}

/** What comes from a notebook or a catalogue must not steer the terminal. */
function clean(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]/gu, '\ufffd')
}
