import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, lstat, mkdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import timers from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { connectDatabase } from '../../src/database/connect.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/database/embedded-postgres.ts'
import { findPostgres } from '../../src/database/postgres-binaries.ts'
import { placeBinaries, reaches, systemUser } from '../../src/database/postgres-place.ts'
import { readRecord, runs, writeRecord } from '../../src/process/process-record.ts'
import { otherProcess } from '../support/other-process.ts'
import { silent, temporaryDataDir } from '../support/postgres.ts'

const root = process.getuid?.() === 0
const start = (folder: string) => startEmbeddedPostgres({ folder, log: silent })
const recordOf = async (folder: string) => {
  const record = await readRecord(join(folder, 'process.json'))
  if (record === undefined) throw new Error('there is no record')
  return record
}

async function until(what: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 50_000
  while (!(await what())) {
    if (performance.now() > end) throw new Error('it never came to that')
    await timers.setTimeout(20)
  }
}

async function marked(server: EmbeddedPostgres): Promise<unknown> {
  await using database = connectDatabase(server.target, silent)
  return database.query({ text: 'SELECT * FROM mark' })
}

async function mark(server: EmbeddedPostgres): Promise<void> {
  await using database = connectDatabase(server.target, silent)
  await database.query({ text: 'CREATE TABLE mark AS SELECT 1 AS n' })
}

describe('the embedded PostgreSQL', () => {
  it('keeps its data from one start to the next, and listens on no port', async () => {
    await using folder = await temporaryDataDir()
    {
      await using server = await start(folder.path)
      await mark(server)
      await using database = connectDatabase(server.target, silent)
      const [shown] = await database.query({
        text: `SELECT current_setting('listen_addresses') AS addresses, current_setting('fsync') AS fsync,
          current_setting('synchronous_commit') AS commit, getdatabaseencoding() AS encoding`,
      })
      expect(shown).toEqual({ addresses: '', fsync: 'on', commit: 'on', encoding: 'UTF8' })
      expect((await stat(server.target.socketFolder)).mode & 0o777).toBe(0o700)
    }
    const record = await recordOf(folder.path)
    expect(await runs(record)).toBe(false)
    await expect(lstat(String(record.details['socketFolder']))).rejects.toThrow(/ENOENT/)
    await using server = await start(folder.path)
    expect(await marked(server)).toEqual([{ n: 1 }])
  })

  it('is adopted after a crash of ours', async () => {
    await using folder = await temporaryDataDir()
    await using owner = await otherProcess(['postgres', folder.path])
    const { pid } = await recordOf(folder.path)
    await owner.kill()
    await using server = await start(folder.path)
    expect(server.pid).toBe(pid)
  })

  it('is one for all who start at once, and stops with the last of them', async () => {
    await using folder = await temporaryDataDir()
    const args = ['postgres', folder.path]
    const [one, two, here] = await Promise.all([otherProcess(args), otherProcess(args), start(folder.path)])
    const record = await recordOf(folder.path)
    expect(here.pid).toBe(record.pid)
    await one.close()
    await here[Symbol.asyncDispose]()
    expect(await runs(record)).toBe(true)
    await two.close()
    expect(await runs(record)).toBe(false)
  })

  it('is started again when it is killed, and has what it acknowledged', async () => {
    await using folder = await temporaryDataDir()
    await using server = await start(folder.path)
    await using database = connectDatabase(server.target, silent)
    await database.query({ text: 'CREATE TABLE fact (n integer)' })
    for (let n = 0; n < 50; n += 1)
      await database.query({ text: 'INSERT INTO fact VALUES ($1)', values: [n] })
    const { pid } = server
    if (pid === undefined) throw new Error('it does not run')
    process.kill(pid, 'SIGKILL')
    await until(async () => server.pid !== undefined && server.pid !== pid && (await database.ping()))
    expect(await database.query({ text: 'SELECT count(*)::integer AS n FROM fact' })).toEqual([{ n: 50 }])
  })

  it('starts after both it and we were killed, though its number is that of another process now', async () => {
    await using folder = await temporaryDataDir()
    await using owner = await otherProcess(['postgres', folder.path])
    await owner.kill()
    const record = await recordOf(folder.path)
    process.kill(record.pid, 'SIGKILL')
    await until(async () => !(await runs(record)))
    // PostgreSQL itself believes in any process of its user by the number in the file.
    const stranger = spawn('sleep', ['300'], { ...(await systemUser()), cwd: '/' })
    try {
      const path = join(folder.path, 'data/postmaster.pid')
      await writeFile(path, (await readFile(path, 'utf8')).replace(/^\d+/, String(stranger.pid)))
      await writeRecord(join(folder.path, 'process.json'), { ...record, pid: Number(stranger.pid) })
      await using server = await start(folder.path)
      expect(server.pid).not.toBe(stranger.pid)
    } finally {
      stranger.kill('SIGKILL')
      await once(stranger, 'exit')
    }
  })

  it('does not believe a record that is broken', async () => {
    await using folder = await temporaryDataDir()
    await writeFile(join(folder.path, 'process.json'), '{"pid":')
    await using server = await start(folder.path)
    expect(server.pid).toBe((await recordOf(folder.path)).pid)
  })

  it('refuses the data of another major version', async () => {
    await using folder = await temporaryDataDir()
    await mkdir(join(folder.path, 'data'))
    await writeFile(join(folder.path, 'data/PG_VERSION'), '9\n')
    const message = /made by PostgreSQL 9, and this is 18.*DATABASE_URL/
    await expect(start(folder.path)).rejects.toMatchObject({
      code: 'database-failed',
      message: expect.stringMatching(message),
    })
  })

  it('says what its log says when it does not start', async () => {
    await using folder = await temporaryDataDir()
    {
      await using server = await start(folder.path)
      await mark(server)
    }
    await rm(join(folder.path, 'data/global/pg_control'))
    const error = await start(folder.path).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({
      code: 'database-failed',
      message: expect.stringMatching(/ended while it started.*server\.log.*DATABASE_URL/),
      cause: expect.objectContaining({ message: expect.stringContaining('pg_control') }),
    })
  })
})

describe.runIf(root)('as root', () => {
  it('runs as the system user, who alone can enter data and socket', async () => {
    await using folder = await temporaryDataDir()
    await using server = await start(folder.path)
    const uid = (await systemUser())?.uid
    expect(uid).toBeGreaterThan(0)
    for (const path of [join(folder.path, 'data'), server.target.socketFolder]) {
      const found = await stat(path)
      expect([found.uid, found.mode & 0o777]).toEqual([uid, 0o700])
    }
    expect((await stat(`/proc/${server.pid}`)).uid).toBe(uid)
  })

  it('puts the data elsewhere where the system user cannot reach the folder, and finds it again', async () => {
    await using parent = await temporaryDataDir()
    await using elsewhere = await temporaryDataDir()
    const folder = join(parent.path, 'postgres')
    const options = { folder, elsewhere: elsewhere.path, log: silent }
    await chmod(parent.path, 0o700)
    {
      await using server = await startEmbeddedPostgres(options)
      await mark(server)
      expect(dirname(dirname(await realpath(join(folder, 'data'))))).toBe(elsewhere.path)
    }
    // Reachable now, but that is where the data is.
    await chmod(parent.path, 0o755)
    await using server = await startEmbeddedPostgres(options)
    expect(await marked(server)).toEqual([{ n: 1 }])
  })

  it('says so where no place can be made, or the data is gone or out of reach', async () => {
    await using parent = await temporaryDataDir()
    await using elsewhere = await temporaryDataDir()
    const folder = join(parent.path, 'postgres')
    await chmod(parent.path, 0o700)
    const nowhere = join(elsewhere.path, 'file')
    await writeFile(nowhere, '')
    const failing = (message: RegExp) => ({
      code: 'database-failed',
      message: expect.stringMatching(message),
    })
    await expect(startEmbeddedPostgres({ folder, elsewhere: nowhere, log: silent })).rejects.toMatchObject(
      failing(/no place could be made.*DATABASE_URL/),
    )
    const options = { folder, elsewhere: elsewhere.path, log: silent }
    await (await startEmbeddedPostgres(options))[Symbol.asyncDispose]()
    await chmod(elsewhere.path, 0o700)
    await expect(startEmbeddedPostgres(options)).rejects.toMatchObject(
      failing(/can't be reached.*DATABASE_URL/),
    )
    await rm(elsewhere.path, { recursive: true })
    await expect(startEmbeddedPostgres(options)).rejects.toMatchObject(failing(/not where .* points to/))
  })

  it('copies the binaries where the system user cannot reach them', async () => {
    await using project = await temporaryDataDir()
    await using elsewhere = await temporaryDataDir()
    const user = await systemUser()
    const native = join(project.path, 'native')
    await mkdir(join(native, 'bin'), { recursive: true })
    await writeFile(join(native, 'bin/postgres'), 'program', { mode: 0o755 })
    await chmod(project.path, 0o700)
    const given = { native, version: '18.0.0', major: '18' }
    const copies = await Promise.all([1, 2, 3].map(() => placeBinaries(given, user, elsewhere.path)))
    expect(new Set(copies)).toEqual(new Set([join(elsewhere.path, 'postgresql-18.0.0')]))
    expect(await reaches(user, join(elsewhere.path, 'postgresql-18.0.0/bin'))).toBe(true)
    expect((await stat(join(elsewhere.path, 'postgresql-18.0.0/bin/postgres'))).mode & 0o777).toBe(0o755)
  })

  it('runs without root just as well', async ({ skip }) => {
    const nobody = { uid: 65_534, gid: 65_534 }
    const { native } = await findPostgres()
    const reachable = (await reaches(nobody, native)) && (await reaches(nobody, dirname(process.execPath)))
    if (!reachable) skip('the project is not to be reached by another user')
    await using folder = await temporaryDataDir()
    await chown(folder.path, nobody.uid, nobody.gid)
    await using other = await otherProcess(['postgres', folder.path], nobody)
    const record = await recordOf(folder.path)
    expect((await stat(`/proc/${record.pid}`)).uid).toBe(nobody.uid)
    await other.close()
    expect(await runs(record)).toBe(false)
    expect(userInfo().uid).toBe(0)
  })
})
