import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

export interface OtherProcess extends AsyncDisposable {
  readonly child: ChildProcess
  /** Ends it in good order. */
  close(): Promise<void>
  /** As if it had crashed. */
  kill(): Promise<void>
}

/** Starts `shared-child-main.ts` and waits until it has what it was started for. Throws what it complains about. */
export async function otherProcess(
  args: readonly string[],
  user?: { uid: number; gid: number },
): Promise<OtherProcess> {
  const main = join(import.meta.dirname, 'shared-child-main.ts')
  const child = spawn(process.execPath, [main, ...args], { ...user, stdio: ['pipe', 'pipe', 'pipe'] })
  const gone = once(child, 'exit')
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text
  })
  const close = async () => {
    child.stdin.end()
    await gone
  }
  const ready = once(child.stdout, 'data').then(() => true)
  if (!(await Promise.race([ready, gone.then(() => false)]))) throw new Error(complaint)
  return {
    child,
    close,
    async kill() {
      child.kill('SIGKILL')
      await gone
    },
    [Symbol.asyncDispose]: close,
  }
}
