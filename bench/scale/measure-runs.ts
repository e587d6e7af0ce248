import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Database } from '../../src/database/connect.ts'
import { peakMiB, residentMiB } from '../processes.ts'
import { median } from '../programs.ts'
import { round } from '../table.ts'
import { watch } from '../watchers.ts'
import type { Cost, Figures } from './figures.ts'
import { type Ground, spent } from './ground.ts'

const RUNS = 24
const WATCHERS = 200
const TABLES = ['run', 'run_parameter', 'run_snapshot', 'run_cell', 'run_event', 'run_file', 'run_thumbnail']

interface MeasuredRuns {
  readonly ids: readonly string[]
  readonly accept: Cost
  readonly cost: Cost
  readonly run: Figures['run']
  readonly peakMiB: number
  readonly startSeconds: number
  readonly kernelMiB: number
}

/** Runs that are accepted at once and executed by the worker: what one of them takes. Throws where one fails. */
export async function measureRuns(ground: Ground, workerPid: number, cells: number): Promise<MeasuredRuns> {
  const { database, jupyterRoot, server } = ground
  // One alone, on an idle worker.
  const first = await accept(ground)
  await allEnded(database)
  const before = await tables(database)
  const ids: string[] = []
  let accepted: Cost = { server: 0, database: 0 }
  const cost = await spent(ground, workerPid, RUNS, async () => {
    // What the database does for runs that begin meanwhile is counted with the runs.
    accepted = await spent(ground, server.pid, RUNS, async () => {
      for (let run = 0; run < RUNS; run++) ids.push(await accept(ground))
    })
    await allEnded(database)
  })
  const after = await tables(database)
  const [times] = await database.query<{ seconds: number; events: number; failed: number }>({
    text: `SELECT avg(duration)::float8 AS seconds, avg(last_event)::float8 AS events,
      count(*) FILTER (WHERE state <> 'succeeded')::integer AS failed FROM run WHERE state <> 'prepared'`,
  })
  if (times === undefined || times.failed > 0) throw new Error(`${times?.failed} runs failed`)
  const [start] = await database.query<{ seconds: number }>({
    text: `SELECT extract(epoch FROM event.at - run.created_at)::float8 AS seconds
      FROM run JOIN run_event AS event ON event.run_id = run.id
      WHERE run.id = $1 AND event.data LIKE '%"state":"running"%' ORDER BY number LIMIT 1`,
    values: [first],
  })
  const kernels: number[] = []
  for (const id of ids)
    kernels.push(Number(await readFile(join(jupyterRoot, 'runs', id, 'memory'), 'utf8')) / 1024)
  return {
    ids,
    accept: accepted,
    cost,
    run: {
      cells,
      seconds: round(times.seconds, 2),
      events: round(times.events, 0),
      tables: Object.fromEntries(
        TABLES.map((name, index) => {
          const each = (what: 'rows' | 'bytes') =>
            round(
              ((after[index]?.[what] ?? 0) - (before[index]?.[what] ?? 0)) / RUNS,
              what === 'rows' ? 1 : 0,
            )
          return [name, { rows: each('rows'), bytes: each('bytes') }]
        }),
      ),
    },
    peakMiB: peakMiB(workerPid),
    startSeconds: round(start?.seconds ?? Number.NaN, 2),
    kernelMiB: round(median(kernels), 0),
  }
}

/** People who all watch one run while it goes. */
export async function measureWatchers(
  ground: Ground,
): Promise<{ readonly MiB: number; readonly delivery: Cost }> {
  const { url, pid, token } = ground.server
  const before = residentMiB(pid)
  let told = 0
  let most = before
  const delivery = await spent(
    ground,
    pid,
    () => told,
    async () => {
      const id = await accept(ground)
      const watching = Array.from({ length: WATCHERS }, () =>
        watch(url, `/jobs/${id}/events`, token, () => {
          told += 1
          if (told % 1_000 === 0) most = Math.max(most, residentMiB(pid))
        }),
      )
      await Promise.all(watching)
    },
  )
  return { MiB: round(Math.max(0, most - before) / WATCHERS, 3), delivery }
}

async function accept({ server: { url, token } }: Ground): Promise<string> {
  const answer = await fetch(`${url}/processes/counter/execution`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: '{"inputs": {}}',
  })
  const body: unknown = await answer.json()
  if (answer.status !== 201 || typeof body !== 'object' || body === null || !('id' in body))
    throw new Error(`No run was accepted: ${JSON.stringify(body)}`)
  return String(body.id)
}

async function allEnded(database: Database): Promise<void> {
  for (;;) {
    const [row] = await database.query<{ live: number }>({
      text: `SELECT count(*)::integer AS live FROM run WHERE state IN ('queued', 'starting', 'running', 'saving')`,
    })
    if (row?.live === 0) return
    await pause(500)
  }
}

async function tables(
  database: Database,
): Promise<readonly { readonly rows: number; readonly bytes: number }[]> {
  const found: { rows: number; bytes: number }[] = []
  for (const name of TABLES) {
    const [row] = await database.query<{ rows: number; bytes: number }>({
      text: `SELECT (SELECT count(*)::integer FROM ${name}) AS rows, pg_total_relation_size('${name}')::float8 AS bytes`,
    })
    found.push(row ?? { rows: 0, bytes: 0 })
  }
  return found
}
