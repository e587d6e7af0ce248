import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Database, DatabaseTarget } from '../../src/database/connect.ts'
import type { TestPostgres } from './postgres.ts'

/** Where another connection finds the same database. */
export async function targetOf(postgres: TestPostgres, database: Database): Promise<DatabaseTarget> {
  const [row] = await database.query<{ name: string }>({ text: 'SELECT current_database() AS name' })
  return { ...postgres.target, database: row?.name ?? '' }
}

interface RunWorker extends AsyncDisposable {
  /** The next word that it says; undefined once it has ended. */
  next(): Promise<string | undefined>
  signal(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void
}

/** A worker in a process of its own: see `run-worker-main.ts`. */
export async function runWorker(
  postgres: TestPostgres,
  database: Database,
  { leaseSeconds, count }: { leaseSeconds: number; count: number },
): Promise<RunWorker> {
  const main = join(import.meta.dirname, 'run-worker-main.ts')
  const [row] = await database.query<{ name: string }>({ text: 'SELECT current_database() AS name' })
  const { socketFolder, user } = postgres.target
  const args = [main, socketFolder, user, row?.name ?? '', String(leaseSeconds), String(count)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  const words = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    next: async () => {
      const { value, done } = await words.next()
      return done === true ? undefined : value
    },
    signal: (signal) => void child.kill(signal),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
