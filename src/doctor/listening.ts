import { once } from 'node:events'
import { createServer } from 'node:net'
import { ask } from './ask.ts'
import { type Finding, fault, ok, reasonOf } from './finding.ts'

/** Whether a port is free to listen on, or the service is there already. */
export async function checkListening(
  setting: 'PORT' | 'METRICS_PORT',
  host: string,
  port: number,
  basePath: string,
): Promise<Finding> {
  const at = `${host}:${port}`
  try {
    await using server = createServer().listen(port, host)
    await once(server, 'listening')
    return ok(setting, `${at} is free.`)
  } catch (error) {
    const there = await ask(
      `http://${host.includes(':') ? `[${host}]` : host}:${port}${basePath}/livez`,
    ).catch(() => undefined)
    if (there?.status === 200) return ok(setting, `A service is there already, at ${at}.`)
    return fault(setting, 'port-taken', `${at}: ${reasonOf(error)}.`)
  }
}
