import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { lstat, mkdir, mkdtemp, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { RunnerError } from '../errors.ts'
import type { ProcessRecord } from '../process/process-record.ts'
import { type ChildLog, SharedChild } from '../process/shared-child.ts'
import { findPostgres } from './postgres-binaries.ts'
import { giveTo, placeBinaries, placeData, reaches, type SystemUser, systemUser } from './postgres-place.ts'

export interface EmbeddedPostgres extends AsyncDisposable {
  /** For `connectDatabase`. It stays the same when the server is started again. */
  readonly target: EmbeddedTarget
  /** Of the postmaster. Undefined while it is being started again. */
  readonly pid: number | undefined
}

export interface EmbeddedTarget {
  readonly kind: 'embedded'
  /** Folder of the socket: there is no port. */
  readonly socketFolder: string
  readonly user: string
  readonly database: string
}

export interface EmbeddedPostgresOptions {
  /** Ours: record, log, locks and, where the system user can reach it, the data. Made if missing. */
  readonly folder: string
  /** As root: where data and binaries go when the system user can't reach the others. */
  readonly elsewhere?: string
  readonly log: ChildLog
}

const USER = 'notebook_runner'
const DATABASE = 'postgres'
/** Of the path of a socket: 108 on Linux and 104 on macOS, with the closing zero. */
const SOCKET_PATH_LIMIT = 103
const SOCKET_NAME = '/nbr-XXXXXX/.s.PGSQL.5432'
/** Nothing of ours: no secret, and no PG… variable of the person. */
const ENVIRONMENT = { PATH: '/usr/bin:/bin', LC_ALL: 'C' }

/**
 * Small, and durable: what was acknowledged is on disk. Sized for one runner on one machine, below 100 MiB in all.
 * Given on the command line, so that they change with the runner and not only for new data.
 */
const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '',
  max_connections: '50',
  shared_buffers: '32MB',
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  // No replicas, no parallel queries and no reader processes: each would be a process more.
  wal_level: 'minimal',
  max_wal_senders: '0',
  io_method: 'sync',
  max_worker_processes: '1',
  max_parallel_workers: '0',
  autovacuum_worker_slots: '2',
  autovacuum_max_workers: '1',
  min_wal_size: '32MB',
  max_wal_size: '256MB',
  checkpoint_timeout: '15min',
  maintenance_work_mem: '16MB',
  jit: 'off',
  huge_pages: 'off',
  // The log stays small, and holds no value that somebody gave.
  log_checkpoints: 'off',
  log_min_error_statement: 'panic',
  log_timezone: 'UTC',
  timezone: 'UTC',
}

/**
 * PostgreSQL as a child of ours, from the binaries of the npm package: no port, a socket in a folder that only its
 * system user and we can enter (which is why it asks for no password). Shared by all our processes on one folder,
 * adopted after a crash of ours, started again when it dies (`SharedChild`). Returns when it takes queries.
 *
 * Throws `database-failed`, saying what to do.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { elsewhere = '/var/lib/notebook-runner', log } = options
  const folder = resolve(options.folder)
  const [binaries, user] = await Promise.all([findPostgres(), systemUser()])
  const server = new SharedChild({
    name: 'The embedded PostgreSQL',
    folder,
    // The system user only passes through.
    mode: user === undefined ? 0o700 : 0o711,
    code: 'database-failed',
    advice: 'Look into server.log in its folder, or set DATABASE_URL to a PostgreSQL of your own.',
    log,
    async spawn(previous, output) {
      const native = await placeBinaries(binaries, user, elsewhere)
      const data = await placeData(folder, user, elsewhere)
      await initialize({ native, data, major: binaries.major, user, log })
      if (previous !== undefined) await disown(data, previous.pid)
      const socketFolder = await makeSocketFolder(previous?.details, user)
      const child = spawnPostgres({ native, data, user }, socketFolder, output)
      return { child, details: { socketFolder, version: binaries.version } }
    },
    answers: (details) => answers(targetOf(details)),
    async stopped(details) {
      await rmdir(targetOf(details).socketFolder).catch(() => undefined)
    },
    // Fast shutdown ends the sessions and writes everything out; immediate shutdown leaves it to the next start.
    stopSignals: ['SIGINT', 'SIGQUIT'],
    stopMs: 30_000,
    // Recovery after a crash reads at most `max_wal_size`.
    startMs: 120_000,
    pollMs: 15,
  })
  try {
    const { details } = await server.start()
    return {
      target: targetOf(details),
      get pid() {
        return server.record?.pid
      },
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    }
  } catch (error) {
    await server[Symbol.asyncDispose]()
    throw error
  }
}

function targetOf({ socketFolder = '' }: Details): EmbeddedTarget {
  return { kind: 'embedded', socketFolder, user: USER, database: DATABASE }
}

type Details = ProcessRecord['details']

interface Cluster {
  readonly native: string
  readonly data: string
  readonly user: SystemUser | undefined
}

/** Makes the data, whole or not at all; leaves data that is there alone, and refuses that of another version. */
async function initialize({ native, data, major, user, log }: Cluster & { major: string; log: ChildLog }) {
  const made = await readFile(join(data, 'PG_VERSION'), 'utf8').catch(() => undefined)
  if (made?.trim() === major) return
  if (made !== undefined) {
    const message = `The database in ${data} was made by PostgreSQL ${made.trim()}, and this is ${major}, which can't read it: take it over with pg_dump of the older version, move it away to start with an empty one, or set DATABASE_URL.`
    throw new RunnerError('database-failed', message)
  }
  log.info({ data }, 'A database is made')
  const half = `${data}.new`
  await rm(half, { recursive: true, force: true })
  await mkdir(half)
  await giveTo(user, half)
  const locale = ['--encoding=UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C']
  const login = [`--username=${USER}`, '--auth-local=trust', '--auth-host=reject']
  try {
    const options = { ...user, cwd: half, env: ENVIRONMENT }
    await promisify(execFile)(join(native, 'bin/initdb'), ['-D', half, ...locale, ...login], options)
  } catch (cause) {
    const message = `The database could not be made in ${data}: see the log for why. Or set DATABASE_URL to a PostgreSQL of your own.`
    throw new RunnerError('database-failed', message, { cause })
  }
  await rename(half, data)
}

/**
 * PostgreSQL refuses to start while there is a process by the number in its postmaster.pid, even if the number was given
 * to another one or nobody has collected the dead one (a container without an init). The record knows that it is gone,
 * so our number is put there, which PostgreSQL passes over as that of its parent; it still looks for itself whether
 * somebody is left in the shared memory that the file names.
 */
async function disown(data: string, gone: number): Promise<void> {
  const path = join(data, 'postmaster.pid')
  const [pid, ...rest] = (await readFile(path, 'utf8').catch(() => '')).split('\n')
  if (Number(pid) === gone) await writeFile(path, [process.pid, ...rest].join('\n'))
}

/** The folder of before, or a new one: short, and for the system user (and root) alone. */
async function makeSocketFolder(details: Details | undefined, user: SystemUser | undefined): Promise<string> {
  const owner = user?.uid ?? process.getuid?.()
  const previous = details && targetOf(details).socketFolder
  if (previous !== undefined) {
    const found = await lstat(previous).catch(() => undefined)
    if (found?.isDirectory() && found.uid === owner && (found.mode & 0o077) === 0) {
      // What is in there was left behind by one that was killed.
      for (const name of await readdir(previous)) await rm(join(previous, name))
      return previous
    }
  }
  const short = Buffer.byteLength(tmpdir()) + SOCKET_NAME.length <= SOCKET_PATH_LIMIT
  const parent = short && (await reaches(user, tmpdir())) ? tmpdir() : '/tmp'
  const made = await mkdtemp(join(parent, 'nbr-'))
  await giveTo(user, made)
  return made
}

function spawnPostgres({ native, data, user }: Cluster, socketFolder: string, output: number): ChildProcess {
  const settings = Object.entries({ ...SETTINGS, unix_socket_directories: socketFolder })
  const given = settings.flatMap(([name, value]) => ['-c', `${name}=${value}`])
  return spawn(join(native, 'bin/postgres'), ['-D', data, ...given], {
    ...user,
    cwd: data,
    env: ENVIRONMENT,
    detached: true,
    stdio: ['ignore', output, output],
  })
}

async function answers(target: EmbeddedTarget): Promise<boolean> {
  const { socketFolder: host, user, database } = target
  const client = new pg.Client({ host, user, database, connectionTimeoutMillis: 2000, query_timeout: 2000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.query('SELECT 1')
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => undefined)
  }
}
