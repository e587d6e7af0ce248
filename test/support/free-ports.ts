import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * Below those that a system gives to connections that go out (from 32768 on Linux, from 49152 elsewhere): what starts late
 * still finds its port free, however many connections others make meanwhile.
 */
const [FIRST, LAST] = [10_240, 32_767]

/** For servers that cannot say which port they took: so many that nobody listened on a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>()
  while (ports.size < count) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST + 1))
    if (await isFree(port)) ports.add(port)
  }
  return [...ports]
}

export async function freePort(): Promise<number> {
  const [port] = await freePorts(1)
  if (port === undefined) throw new Error('no port')
  return port
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening')
    return true
  } catch {
    return false
  } finally {
    await new Promise((done) => server.close(done))
  }
}
