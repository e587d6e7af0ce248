import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Database } from '../../src/database/connect.ts'
import { checkSchema, migrate } from '../../src/database/migrate.ts'
import { type TestPostgres, temporaryDataDir, testPostgres } from '../support/postgres.ts'

let postgres: TestPostgres
let database: Database
beforeAll(async () => {
  postgres = await testPostgres()
})
afterAll(() => postgres[Symbol.asyncDispose]())
beforeEach(async () => {
  database = await postgres.emptyDatabase()
})

async function withMigrations(
  files: Readonly<Record<string, string>>,
  use: (folder: string) => Promise<void>,
): Promise<void> {
  await using base = await temporaryDataDir()
  const folder = join(base.path, 'migrations')
  await mkdir(folder)
  for (const [name, sql] of Object.entries(files)) await writeFile(join(folder, name), sql)
  await use(folder)
}

const first = { '0001-a.sql': 'CREATE TABLE a (n integer); INSERT INTO a VALUES (1)' }
const second = { ...first, '0002-b.sql': 'ALTER TABLE a ADD COLUMN m integer', 'README.md': 'no migration' }
const failing = (message: RegExp) => ({ code: 'database-failed', message: expect.stringMatching(message) })

describe('migrations', () => {
  it('are those of this version, once', async () => {
    await expect(checkSchema(database)).rejects.toMatchObject(
      failing(/lacks 0001-run\.sql.*notebook-runner migrate/),
    )
    expect(await migrate(database)).toContain('0001-run.sql')
    await checkSchema(database)
    expect(await migrate(database)).toEqual([])
    expect(await database.query({ text: 'SELECT * FROM run' })).toEqual([])
  })

  it('come in the order of their numbers, and only those that are missing', async () => {
    await withMigrations(first, async (folder) =>
      expect(await migrate(database, folder)).toEqual(['0001-a.sql']),
    )
    await withMigrations(second, async (folder) => {
      await expect(checkSchema(database, folder)).rejects.toMatchObject(failing(/lacks 0002-b\.sql/))
      expect(await migrate(database, folder)).toEqual(['0002-b.sql'])
      await checkSchema(database, folder)
    })
    expect(await database.query({ text: 'SELECT * FROM a' })).toEqual([{ n: 1, m: null }])
  })

  it('run once when several processes begin at the same time', async () => {
    await withMigrations(second, async (folder) => {
      const applied = await Promise.all([1, 2, 3, 4].map(() => migrate(database, folder)))
      expect(applied.flat().sort()).toEqual(['0001-a.sql', '0002-b.sql'])
    })
  })

  it('leave nothing behind where one fails', async () => {
    const broken = { ...first, '0002-b.sql': 'CREATE TABLE b (n integer); SELECT 1/0' }
    await withMigrations(broken, async (folder) => {
      await expect(migrate(database, folder)).rejects.toMatchObject({ code: 'database-failed' })
    })
    const [row] = await database.query({
      text: "SELECT to_regclass('a') IS NULL AS a, to_regclass('b') IS NULL AS b",
    })
    expect(row).toEqual({ a: false, b: true })
  })

  it('leave a database that is newer as it is: the version before works on it', async () => {
    await withMigrations(second, async (folder) => void (await migrate(database, folder)))
    await withMigrations(first, async (folder) => {
      expect(await migrate(database, folder)).toEqual([])
      await checkSchema(database, folder)
    })
    expect(await database.query({ text: 'SELECT * FROM a' })).toEqual([{ n: 1, m: null }])
  })

  it('refuse a database that has had others', async () => {
    await withMigrations(second, async (folder) => void (await migrate(database, folder)))
    const other = { ...first, '0003-c.sql': 'SELECT 1' }
    await withMigrations(other, async (folder) => {
      for (const use of [migrate, checkSchema]) {
        await expect(use(database, folder)).rejects.toMatchObject(
          failing(/had the migration 0002-b\.sql, which this version never had/),
        )
      }
    })
    await withMigrations({ ...second, '0001-a.sql': 'SELECT 1' }, async (folder) => {
      for (const use of [migrate, checkSchema]) {
        await expect(use(database, folder)).rejects.toMatchObject(
          failing(/another migration by the number of 0001-a/),
        )
      }
    })
  })
})
