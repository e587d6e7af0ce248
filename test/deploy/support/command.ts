import { type ChildProcess, execFile } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** What a program printed. Throws, with what it complained about, where it ends with anything but 0. */
export async function output(
  program: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<string> {
  const { stdout } = await run(program, [...args], { maxBuffer: 64 * 1024 * 1024, ...options })
  return stdout
}

/** The end of a child, with the last of what it said. */
export async function ended(
  child: ChildProcess,
): Promise<{ readonly code: number | null; readonly text: string }> {
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (part: string) => {
      text = (text + part).slice(-20_000)
    })
  await once(child, 'close')
  return { code: child.exitCode, text }
}
