import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectDatabase } from '../../src/database/connect.ts'
import { silent, type TestPostgres, testPostgres } from '../support/postgres.ts'

let postgres: TestPostgres
beforeAll(async () => {
  postgres = await testPostgres()
})
afterAll(() => postgres[Symbol.asyncDispose]())

describe('the database', () => {
  it('answers by its socket folder and by a URL', async () => {
    const { socketFolder, user, database } = postgres.target
    const url = `postgresql:///${database}?host=${encodeURIComponent(socketFolder)}&user=${user}`
    for (const target of [postgres.target, { kind: 'url', url } as const]) {
      await using connection = connectDatabase(target, silent)
      expect(await connection.ping()).toBe(true)
      expect(await connection.query({ text: 'SELECT $1::int + 1 AS n', values: [1] })).toEqual([{ n: 2 }])
    }
  })

  it('does not answer where there is none', async () => {
    const secret = 'never-to-be-seen'
    await using connection = connectDatabase(
      { kind: 'url', url: `postgresql://u:${secret}@127.0.0.1:1/db` },
      silent,
    )
    expect(await connection.ping()).toBe(false)
    const error = await connection.query({ text: 'SELECT 1' }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'database-failed' })
    expect(String(error)).not.toContain(secret)
  })

  it('keeps the values of a row out of its errors', async () => {
    const database = await postgres.emptyDatabase()
    await database.query({ text: 'CREATE TABLE thing (name text CHECK (length(name) < 3))' })
    const insert = { text: 'INSERT INTO thing VALUES ($1)', values: ['confidential'] }
    const error = await database.query(insert).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({
      cause: expect.objectContaining({ message: expect.stringContaining('23514') }),
    })
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('confidential')
    expect(
      error instanceof Error && JSON.stringify(error.cause, Object.getOwnPropertyNames(error.cause)),
    ).not.toContain('confidential')
  })

  it('does all of a transaction, or nothing', async () => {
    const database = await postgres.emptyDatabase()
    await database.query({ text: 'CREATE TABLE thing (n integer)' })
    const insert = { text: 'INSERT INTO thing VALUES (1)' }
    await database.transaction((session) => session.query(insert))
    const failing = database.transaction(async (session) => {
      await session.query(insert)
      throw new Error('on the way')
    })
    await expect(failing).rejects.toThrow('on the way')
    expect(await database.query({ text: 'SELECT * FROM thing' })).toEqual([{ n: 1 }])
  })

  it('goes on after its connections were broken', async () => {
    const database = await postgres.emptyDatabase()
    const other = await postgres.database()
    await database.ping()
    await other.query({
      text: "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
    })
    await expect.poll(() => database.ping(), { timeout: 20_000 }).toBe(true)
  })
})
