import { readFileSync } from 'node:fs'
import type { Database } from '../../src/database/connect.ts'
import { cpuSeconds, familyCpuSeconds } from '../processes.ts'
import { round } from '../table.ts'
import type { Cost } from './figures.ts'

/** What is measured: one server on a PostgreSQL of its own, and where its kernels work. */
export interface Ground {
  readonly server: { readonly url: string; readonly pid: number; readonly token: string }
  readonly database: Database
  readonly postgresPid: number
  readonly jupyterRoot: string
}

/** CPU in milliseconds of a process and of PostgreSQL for one of `count` things that `work` does. */
export async function spent(
  { postgresPid }: Ground,
  pid: number,
  count: number | (() => number),
  work: () => Promise<unknown>,
): Promise<Cost> {
  const before = { own: cpuSeconds(pid), database: familyCpuSeconds(postgresPid) }
  await work()
  const things = typeof count === 'number' ? count : count()
  const each = (seconds: number) => round((Math.max(0, seconds) * 1_000) / things, 4)
  return {
    server: each(cpuSeconds(pid) - before.own),
    database: each(familyCpuSeconds(postgresPid) - before.database),
  }
}

/** Of the service; ours is not counted. */
export async function connections(database: Database): Promise<number> {
  const [row] = await database.query<{ count: number }>({
    text: `SELECT count(*)::integer AS count FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid()`,
  })
  return row?.count ?? 0
}

/** The first process of PostgreSQL, which is the parent of the one that we speak to. */
export async function postmasterPid(database: Database): Promise<number> {
  const [row] = await database.query<{ pid: number }>({ text: 'SELECT pg_backend_pid() AS pid' })
  return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${row?.pid}/status`, 'utf8'))?.[1])
}
