import pino from 'pino'
import { loadConfig } from '../config/config.ts'
import { migrateDatabase } from '../context/open-database.ts'

/** `notebook-runner migrate`: brings the schema of the database up to this version. */
export async function migrate(): Promise<void> {
  const { config } = loadConfig()
  const applied = await migrateDatabase(config, pino({ level: config.logLevel }))
  process.stdout.write(
    applied.length === 0 ? 'The database is up to date.\n' : `Applied ${applied.join(', ')}.\n`,
  )
}
