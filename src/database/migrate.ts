import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { RunnerError } from '../errors.ts'
import type { Database, Session } from './connect.ts'

const FOLDER = join(import.meta.dirname, '../../migrations')
const FILE_NAME = /^(\d{4})-[a-z0-9-]+\.sql$/
/** Any number, but always this one: one process at a time migrates. */
const LOCK = 7_305_114
/** A big table may take its time, and so may whoever migrates at the moment. */
const PATIENCE_MS = 3_600_000

interface Migration {
  readonly version: number
  /** File name. */
  readonly name: string
  readonly sql: string
  readonly sha256: string
}

interface Applied {
  readonly version: number
  readonly name: string
  readonly sha256: string
}

/**
 * Brings the schema up to date: the numbered files of `folder` that the database does not have yet, in order, each in
 * a transaction of its own. Safe to run from several processes at once. Returns the names of those applied.
 *
 * Throws `database-failed` where the database has had other files than this version. One that is newer stays as it is.
 */
export async function migrate(database: Database, folder = FOLDER): Promise<readonly string[]> {
  const migrations = await readMigrations(folder)
  const names: string[] = []
  for (;;) {
    const name = await database.transaction((session) => applyNext(session, migrations))
    if (name === undefined) return names
    names.push(name)
  }
}

async function applyNext(session: Session, migrations: readonly Migration[]): Promise<string | undefined> {
  await session.query({ text: 'SET LOCAL statement_timeout = 0' })
  await session.query({ text: 'SELECT pg_advisory_xact_lock($1)', values: [LOCK], patienceMs: PATIENCE_MS })
  const [next] = missing(migrations, await readApplied(session))
  if (next === undefined) return undefined
  await session.query({
    text: `CREATE TABLE IF NOT EXISTS schema_migration (
      version integer PRIMARY KEY, name text NOT NULL, sha256 text NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT now()
    )`,
  })
  await session.query({ text: next.sql, patienceMs: PATIENCE_MS })
  await session.query({
    text: 'INSERT INTO schema_migration (version, name, sha256) VALUES ($1, $2, $3)',
    values: [next.version, next.name, next.sha256],
  })
  return next.name
}

/**
 * Throws `database-failed`, naming the command to use, unless the schema is that of this version or newer: each migration
 * leaves the versions before it able to work (test/database/additive.test.ts), so that old servers go on, and can start
 * again, while new ones come. Changes nothing.
 */
export async function checkSchema(database: Database, folder = FOLDER): Promise<void> {
  const [next] = missing(await readMigrations(folder), await readApplied(database))
  if (next === undefined) return
  throw schemaError(
    `The database is older than this version (it lacks ${next.name}): run \`notebook-runner migrate\`.`,
  )
}

async function readMigrations(folder: string): Promise<readonly Migration[]> {
  const names = (await readdir(folder)).filter((name) => FILE_NAME.test(name)).sort()
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(join(folder, name), 'utf8')
      return {
        version: Number(name.slice(0, 4)),
        name,
        sql,
        sha256: createHash('sha256').update(sql).digest('hex'),
      }
    }),
  )
}

async function readApplied(session: Session): Promise<readonly Applied[]> {
  const [found] = await session.query<{ exists: boolean }>({
    text: "SELECT to_regclass('schema_migration') IS NOT NULL AS exists",
  })
  if (!found?.exists) return []
  return session.query<Applied>({
    text: 'SELECT version, name, sha256 FROM schema_migration ORDER BY version',
  })
}

function missing(migrations: readonly Migration[], applied: readonly Applied[]): readonly Migration[] {
  const newest = Math.max(0, ...migrations.map(({ version }) => version))
  for (const { version, name, sha256 } of applied) {
    if (version > newest) continue
    const ours = migrations.find((migration) => migration.version === version)
    if (ours === undefined) {
      throw schemaError(
        `The database had the migration ${name}, which this version never had: use the version that made it.`,
      )
    }
    if (ours.sha256 !== sha256) {
      throw schemaError(
        `The database had another migration by the number of ${ours.name}: use the version that made it. Migrations are never changed once applied.`,
      )
    }
  }
  return migrations.filter(({ version }) => applied.every((done) => done.version !== version))
}

const schemaError = (message: string) => new RunnerError('database-failed', message)
