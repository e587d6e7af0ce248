import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import pino from 'pino'
import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/config.ts'
import { migrateDatabase } from '../../src/context/open-database.ts'
import { createContext } from '../../src/context.ts'
import { temporaryDataDir } from '../support/postgres.ts'
import { startRunner } from '../support/runner.ts'

const log = pino({ level: 'silent' })
const QUIET = { PORT: '0', KERNELS: 'none', VIEW_URL: 'https://lab.example/{key}' }

/** What the start says to these settings. */
async function refusal(environment: Readonly<Record<string, string>>): Promise<string> {
  const { config } = loadConfig({ ...QUIET, ...environment })
  return createContext(config, log).then(
    async (context) => {
      await context[Symbol.asyncDispose]()
      return 'It started.'
    },
    (error: Error) => error.message,
  )
}

/** A port of this machine on which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  await new Promise((done) => server.close(done))
  return typeof address === 'object' ? (address?.port ?? 0) : 0
}

describe('a start that cannot be', () => {
  it('names the data folder that can’t be made', async () => {
    await using folder = await temporaryDataDir()
    const file = join(folder.path, 'file')
    await writeFile(file, '')
    for (const DATA_DIR of [file, join(file, 'data')]) {
      expect(await refusal({ DATA_DIR })).toBe(
        `DATA_DIR=${DATA_DIR} is no folder that can be made and written to. Set DATA_DIR to one that can.`,
      )
    }
  })

  it('says why the database can’t be used, without its password', async () => {
    await using folder = await temporaryDataDir()
    const password = randomBytes(16).toString('hex')
    const port = await closedPort()
    const DATABASE_URL = `postgres://runner:${password}@127.0.0.1:${port}/runner`
    const message = `The database at DATABASE_URL cannot be used: connect ECONNREFUSED 127.0.0.1:${port}. Check that address, and that the server runs.`
    expect(await refusal({ DATA_DIR: folder.path, DATABASE_URL })).toBe(message)
    const { config } = loadConfig({ ...QUIET, DATA_DIR: folder.path, DATABASE_URL })
    await expect(migrateDatabase(config, log)).rejects.toMatchObject({ code: 'database-failed', message })
  })

  it('names the port that somebody else has', async () => {
    await using folder = await temporaryDataDir()
    await using other = await temporaryDataDir()
    await using runner = await startRunner({ ...QUIET, DATA_DIR: folder.path })
    const { port } = new URL(runner.url)
    await expect(startRunner({ ...QUIET, PORT: port, DATA_DIR: other.path })).rejects.toMatchObject({
      code: 'invalid-settings',
      message: `PORT=${port} on 127.0.0.1: something else listens there already. Set PORT to a free port.`,
    })
  })
})

describe('migrate', () => {
  it('brings the database up to date, and finds it so the next time', async () => {
    await using folder = await temporaryDataDir()
    const { config } = loadConfig({ ...QUIET, DATA_DIR: folder.path })
    expect(await migrateDatabase(config, log)).toContain('0001-run.sql')
    expect(await migrateDatabase(config, log)).toEqual([])
  })
})
