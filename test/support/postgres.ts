import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectDatabase, type Database } from '../../src/database/connect.ts'
import { type EmbeddedTarget, startEmbeddedPostgres } from '../../src/database/embedded-postgres.ts'
import { migrate } from '../../src/database/migrate.ts'
import type { ChildLog } from '../../src/process/shared-child.ts'

export const silent: ChildLog = { info: () => undefined, warn: () => undefined }

/** A temporary data folder that the system user of the embedded PostgreSQL can pass through; removed when disposed of. */
export async function temporaryDataDir(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'nbr-test-'))
  await chmod(path, 0o711)
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

export interface TestPostgres extends AsyncDisposable {
  readonly target: EmbeddedTarget
  /** A new, empty database, closed together with the server. */
  emptyDatabase(): Promise<Database>
  /** The same, with the schema of this version. */
  database(): Promise<Database>
}

/** A PostgreSQL of its own for one test file: start it in `beforeAll`, dispose of it in `afterAll`. */
export async function testPostgres(): Promise<TestPostgres> {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(await temporaryDataDir()).path
  const { target } = stack.use(await startEmbeddedPostgres({ folder, log: silent }))
  const admin = stack.use(connectDatabase(target, silent))
  const open = stack.move()
  const emptyDatabase = async () => {
    const name = `test_${randomBytes(6).toString('hex')}`
    await admin.query({ text: `CREATE DATABASE ${name}` })
    return open.use(connectDatabase({ ...target, database: name }, silent))
  }
  return {
    target,
    emptyDatabase,
    async database() {
      const database = await emptyDatabase()
      await migrate(database)
      return database
    },
    [Symbol.asyncDispose]: () => open[Symbol.asyncDispose](),
  }
}
