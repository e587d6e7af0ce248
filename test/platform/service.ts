import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import timers from 'node:timers/promises'
import { promisify } from 'node:util'

const COMMAND = join(import.meta.dirname, '../../notebook-runner')

/** `notebook-runner migrate` and `serve`, with these settings. Returns when it takes requests at `url`. */
export async function startService(
  url: string,
  settings: Readonly<Record<string, string>>,
  folder: string,
): Promise<AsyncDisposable> {
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], ...settings }
  await promisify(execFile)(COMMAND, ['migrate'], { env })
  const path = join(folder, 'notebook-runner.log')
  const log = openSync(path, 'a')
  // Ctrl-C is for us: we stop it.
  const child = spawn(COMMAND, ['serve'], { env, stdio: ['ignore', log, log], detached: true })
  for (;;) {
    const status = await fetch(`${url}/readyz`).then((answer) => answer.status, String)
    if (status === 200) break
    if (child.exitCode !== null)
      throw new Error(`The service does not start: ${readFileSync(path, 'utf8').slice(-2000)}`)
    await timers.setTimeout(100)
  }
  return { [Symbol.asyncDispose]: () => stop(child) }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const late = setTimeout(() => child.kill('SIGKILL'), 30_000)
  await ended
  clearTimeout(late)
}
