import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Config } from '../config/config.ts'
import { connectDatabase, type Database, type DatabaseTarget } from '../database/connect.ts'
import { startEmbeddedPostgres } from '../database/embedded-postgres.ts'
import { checkSchema, migrate } from '../database/migrate.ts'
import { RunnerError } from '../errors.ts'

/** Brings the schema up to date, and nothing else. @returns the names of the migrations applied. */
export async function migrateDatabase(config: Config, log: Logger): Promise<readonly string[]> {
  await using stack = new AsyncDisposableStack()
  const { database } = await connect(config, log, stack)
  return await atStart(config, () => migrate(database))
}

export interface OpenDatabase {
  readonly database: Database
  /** For connections of a kind of their own. */
  readonly target: DatabaseTarget
}

/** The database with the schema of this version. */
export async function openDatabase(
  config: Config,
  log: Logger,
  stack: AsyncDisposableStack,
): Promise<OpenDatabase> {
  const { database, target } = await connect(config, log, stack)
  // The embedded one is ours alone; another may be in use by servers of the version before.
  if (config.database.kind === 'embedded') await migrate(database)
  else await atStart(config, () => checkSchema(database))
  return { database, target }
}

/** At the start an operator reads what is wrong, and it is mostly the address: the driver's own words help. */
async function atStart<T>(config: Config, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const cause = error instanceof RunnerError ? error.cause : undefined
    if (config.database.kind === 'embedded' || !(cause instanceof Error)) throw error
    throw new RunnerError(
      'database-failed',
      `The database at DATABASE_URL cannot be used: ${cause.message}. Check that address, and that the server runs.`,
      { cause },
    )
  }
}

async function connect(config: Config, log: Logger, stack: AsyncDisposableStack): Promise<OpenDatabase> {
  const target = config.database.kind === 'url' ? config.database : await embedded(config, log, stack)
  return { target, database: stack.use(connectDatabase(target, log)) }
}

async function embedded(config: Config, log: Logger, stack: AsyncDisposableStack): Promise<DatabaseTarget> {
  const folder = join(config.dataDir, 'postgres')
  return stack.use(await startEmbeddedPostgres({ folder, log })).target
}
