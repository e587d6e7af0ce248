import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect: unknown = runInNewContext('gc')

/**
 * Bytes that this process holds on to, in the engine's memory and in buffers outside of it. What is garbage is collected
 * first, so that this is the same however late the engine would have done it, and on however busy a machine.
 */
export function heldBytes(): number {
  if (typeof collect !== 'function') throw new Error('the engine gives no way to collect garbage')
  // What the first one finds dead outside of the engine's memory is let go of by the second one at the latest.
  collect()
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
