import { setTimeout as pause } from 'node:timers/promises'
import autocannon from 'autocannon'
import type { Cost } from './figures.ts'
import { type Ground, spent } from './ground.ts'

const SECONDS = 5
const NOTICES = 100_000

/** Eight connections, which fill a pool, ask the same for some seconds. Throws where a request fails. */
export async function measureRequests(ground: Ground, path: string): Promise<Cost> {
  const { url, pid, token } = ground.server
  let answered = 0
  return spent(
    ground,
    pid,
    () => answered,
    async () => {
      const result = await autocannon({
        url: url + path,
        connections: 12,
        duration: SECONDS,
        headers: { authorization: `Bearer ${token}`, accept: '*/*' },
      })
      const failed = result.errors + result.timeouts + result['4xx'] + result['5xx']
      if (failed > 0) throw new Error(`${failed} requests of ${path} failed`)
      answered = result.requests.total
    },
  )
}

/** News of events of runs that nobody watches: what each process that listens has of each. */
export function measureNotices(ground: Ground): Promise<Cost> {
  return spent(ground, ground.server.pid, NOTICES, async () => {
    await ground.database.query({
      text: `SELECT count(pg_notify('run_event', gen_random_uuid() || ' 1')) FROM generate_series(1, $1::integer)`,
      values: [NOTICES],
    })
    // Until the last of them has been read.
    await pause(2_000)
  })
}
