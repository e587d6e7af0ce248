import { chmod, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '../../support/free-ports.ts'
import { temporaryDataDir } from '../../support/postgres.ts'
import { output } from './command.ts'

const PLACE = '/usr/lib/postgresql'

/** A whole PostgreSQL of the machine, with `pg_dump` and `pg_restore`, which the embedded one does not have. */
interface DebianPostgres extends AsyncDisposable {
  /** The folder of its programs. */
  readonly bin: string
  /** Address of a database of that name, which is made new and empty. */
  emptyDatabase(name: string): Promise<string>
}

/** The folder of the programs of the newest one that is installed. Undefined where there is none. */
export async function debianPostgresBin(): Promise<string | undefined> {
  const versions = await readdir(PLACE).catch(() => [])
  const newest = versions.toSorted((a, b) => Number(b) - Number(a))[0]
  return newest === undefined ? undefined : join(PLACE, newest, 'bin')
}

/** Starts it on a free port of 127.0.0.1, as the system user `postgres`. Needs root. */
export async function startDebianPostgres(bin: string): Promise<DebianPostgres> {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(await temporaryDataDir()).path
  const data = join(folder, 'data')
  await mkdir(data)
  await chmod(folder, 0o755)
  await output('chown', ['postgres', data])
  const asPostgres = (...command: readonly string[]) =>
    output('runuser', ['-u', 'postgres', '--', ...command], { cwd: '/' })
  await asPostgres(join(bin, 'initdb'), '-D', data, '-A', 'trust')
  const port = await freePort()
  const options = `-c listen_addresses=127.0.0.1 -c unix_socket_directories='' -p ${port}`
  const control = (...args: readonly string[]) => asPostgres(join(bin, 'pg_ctl'), '-D', data, '-w', ...args)
  await control('-l', join(data, 'log'), '-o', options, 'start')
  stack.defer(async () => void (await control('-m', 'fast', 'stop')))
  const open = stack.move()
  return {
    bin,
    async emptyDatabase(name) {
      const address = ['-h', '127.0.0.1', '-p', String(port), '-U', 'postgres']
      await output(join(bin, 'dropdb'), [...address, '--if-exists', '--force', name])
      await output(join(bin, 'createdb'), [...address, name])
      return `postgresql://postgres@127.0.0.1:${port}/${name}`
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}
