import { copyFile, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { migrate } from '../../src/database/migrate.ts'
import { type TestPostgres, temporaryDataDir, testPostgres } from '../support/postgres.ts'
import { breaks, schemaOf } from '../support/schema.ts'

const MIGRATIONS = join(import.meta.dirname, '../../migrations')

let postgres: TestPostgres
beforeAll(async () => {
  postgres = await testPostgres()
})
afterAll(() => postgres[Symbol.asyncDispose]())

it('each migration leaves the version before it able to work', async () => {
  await using base = await temporaryDataDir()
  const folder = join(base.path, 'migrations')
  await mkdir(folder)
  const database = await postgres.emptyDatabase()
  const files = (await readdir(MIGRATIONS)).filter((name) => name.endsWith('.sql')).sort()
  expect(files.length).toBeGreaterThan(0)
  const found: string[] = []
  for (const file of files) {
    const before = await schemaOf(database)
    await copyFile(join(MIGRATIONS, file), join(folder, file))
    expect(await migrate(database, folder)).toEqual([file])
    found.push(...breaks(before, await schemaOf(database)).map((fault) => `${file}: ${fault}`))
  }
  expect(found).toEqual([])
})

it.each([
  ['DROP TABLE b', 'b.n is gone'],
  ['ALTER TABLE a DROP COLUMN m', 'a.m is gone'],
  ['ALTER TABLE a RENAME COLUMN m TO o', 'a.m is gone'],
  ['ALTER TABLE a ALTER COLUMN n TYPE bigint', 'a.n is of another type'],
  ['ALTER TABLE a ADD COLUMN o integer NOT NULL', 'a.o has to be given'],
  ['ALTER TABLE a ALTER COLUMN m SET NOT NULL', 'a.m has to be given'],
  ['ALTER TABLE a ALTER COLUMN d DROP DEFAULT', 'a.d has to be given'],
  ['ALTER TABLE a ADD CHECK (n > 0)', 'a has a new rule for n'],
  ['CREATE UNIQUE INDEX ON a (n, m)', 'a has a new rule for n, m'],
  ['ALTER TABLE a ADD FOREIGN KEY (n) REFERENCES b', 'a has a new rule for n'],
])('%s would be told', async (change, fault) => {
  const database = await postgres.emptyDatabase()
  await database.query({ text: 'CREATE TABLE b (n integer PRIMARY KEY)' })
  await database.query({ text: 'CREATE TABLE a (n integer, m integer, d integer NOT NULL DEFAULT 1)' })
  const before = await schemaOf(database)
  await database.query({ text: change })
  expect(breaks(before, await schemaOf(database))).toContain(fault)
})

it.each([
  'CREATE TABLE c (n integer NOT NULL)',
  'ALTER TABLE a ADD COLUMN o integer',
  'ALTER TABLE a ADD COLUMN o integer NOT NULL DEFAULT 0 CHECK (o >= 0)',
  'CREATE INDEX ON a (n)',
])('%s is allowed', async (change) => {
  const database = await postgres.emptyDatabase()
  await database.query({ text: 'CREATE TABLE a (n integer NOT NULL)' })
  const before = await schemaOf(database)
  await database.query({ text: change })
  expect(breaks(before, await schemaOf(database))).toEqual([])
})
