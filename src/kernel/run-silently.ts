import { randomUUID } from 'node:crypto'
import type { KernelConnection } from './kernel-connection.ts'
import { textOf } from './message.ts'

/**
 * Runs code of which no output and no number is left, and waits for its end. False where it failed, was refused, or the
 * way to the kernel broke. Where `signal` aborts, the connection is closed.
 */
export async function runSilently(
  connection: KernelConnection,
  code: string,
  signal: AbortSignal,
): Promise<boolean> {
  if (signal.aborted) return false
  const messageId = randomUUID()
  const giveUp = () => void connection[Symbol.asyncDispose]()
  signal.addEventListener('abort', giveUp)
  try {
    connection.execute({ messageId, code, silent: true, storeHistory: false, stopOnError: true })
    let [done, idle] = [false, false]
    for await (const event of connection.events()) {
      if (event.kind !== 'message') return false
      if (event.parentId !== messageId) continue
      if (event.type === 'execute_reply') {
        if (textOf(event.content, 'status') !== 'ok') return false
        done = true
      }
      idle ||= event.type === 'status' && textOf(event.content, 'execution_state') === 'idle'
      // Nothing of this request is left for the reader to come.
      if (done && idle) return true
    }
    return false
  } catch {
    return false
  } finally {
    signal.removeEventListener('abort', giveUp)
  }
}
