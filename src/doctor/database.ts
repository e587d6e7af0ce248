import { connectDatabase } from '../database/connect.ts'
import { checkSchema } from '../database/migrate.ts'
import { type Finding, fault, notConcerned, ok, reasonOf } from './finding.ts'

/** The oldest that PostgreSQL's makers still keep. */
const OLDEST = 14

/** Whether it lets us in, its version, and whether its tables are those of this version. Changes nothing. */
export async function checkDatabase(url: string): Promise<readonly Finding[]> {
  const quiet = { info: () => undefined, warn: () => undefined }
  await using database = connectDatabase({ kind: 'url', url }, quiet)
  const found = await database
    .query<{ version: number }>({ text: "SELECT current_setting('server_version_num')::int AS version" })
    .catch((error: unknown) => error)
  if (!Array.isArray(found)) {
    // SQLSTATE, which stands before the words of PostgreSQL: 28 is about the person, 3D about the database.
    const login = /^(28|3D)\w{3}:/.test(reasonOf(found))
    const code = login ? 'database-login' : 'database-away'
    return [
      fault('database', code, `${reasonOf(found)}.`),
      notConcerned('tables of the database', 'See above.'),
    ]
  }
  const major = Math.floor((found[0]?.version ?? 0) / 10_000)
  const version =
    major < OLDEST
      ? fault('database', 'database-old', `It is PostgreSQL ${major}; ${OLDEST} is the oldest.`)
      : ok('database', `PostgreSQL ${major} lets us in.`)
  return [version, await checkTables(() => checkSchema(database))]
}

async function checkTables(check: () => Promise<void>): Promise<Finding> {
  try {
    await check()
    return ok('tables of the database', 'They are those of this version.')
  } catch (error) {
    return fault('tables of the database', 'database-schema', error instanceof Error ? error.message : '')
  }
}
