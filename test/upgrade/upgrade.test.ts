import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { Database } from '../../src/database/connect.ts'
import { startPlainJupyter } from '../support/jupyter.ts'
import { temporaryDataDir, testPostgres } from '../support/postgres.ts'
import { counterNotebook, serviceFolder } from '../support/service-process.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { startBalancer } from './balancer.ts'
import { fleetEnvironment, type Member, startMember } from './fleet.ts'
import { Traffic } from './traffic.ts'
import { unpackVersion, versionBefore } from './version-before.ts'

const PROJECT = join(import.meta.dirname, '../..')
const CELLS = 4
const NUMBERS = 6
const before = versionBefore()
if (before.kind === 'none') console.warn(`The upgrade is not tried: ${before.why}.`)

interface RunRow {
  readonly state: string
  readonly id: string
  readonly started: Date | null
  readonly finished: Date | null
  readonly reason: string | null
  readonly message: string | null
}

const runsOf = (database: Database) =>
  database.query<RunRow>({
    text: `SELECT id, state, reason, message, started_at AS started, finished_at AS finished FROM run WHERE state <> 'prepared'`,
  })

const migrationsOf = async (database: Database) =>
  (
    await database.query<{ name: string; sha256: string }>({
      text: 'SELECT name, sha256 FROM schema_migration ORDER BY version',
    })
  ).map(({ name, sha256 }) => `${name} ${sha256}`)

it.skipIf(before.kind === 'none')(
  'from the version before to this one under load: no run is lost, no cell runs twice, no request fails',
  async () => {
    if (before.kind === 'none') return
    await using stack = new AsyncDisposableStack()
    const old = stack.use(await tempFolder()).path
    await unpackVersion(before.commit, old)
    const data = stack.use(await temporaryDataDir()).path
    const folder = await serviceFolder(data, randomBytes(16).toString('hex'), counterNotebook(CELLS, NUMBERS))
    const postgres = stack.use(await testPostgres())
    const database = await postgres.emptyDatabase()
    const jupyter = stack.use(await startPlainJupyter())
    const balancer = stack.use(await startBalancer())
    const env = await fleetEnvironment(postgres, database, folder, jupyter)
    const server = async (name: string, root?: string) => {
      const member = stack.use(await startMember(name, 'serve', { ...env, MAX_CONCURRENT_RUNS: '0' }, root))
      await balancer.add(member.url)
      return member
    }
    const worker = async (name: string, root?: string) =>
      stack.use(await startMember(name, 'worker', { ...env, MAX_CONCURRENT_RUNS: '4' }, root))
    const retire = async (member: Member) => {
      balancer.remove(member.url)
      await member.drain()
    }

    migrateWith(old, env)
    const migratedBefore = await migrationsOf(database)
    const oldServers = [await server('old server 1', old), await server('old server 2', old)]
    const oldWorkers = [await worker('old worker 1', old), await worker('old worker 2', old)]
    const traffic = new Traffic(balancer.url, folder.token)
    stack.defer(() => traffic.stop())
    const underWay = async () => (await runsOf(database)).filter(({ state }) => state === 'running').length
    const busy = () => expect.poll(underWay, { timeout: 60_000, interval: 50 }).toBeGreaterThanOrEqual(3)
    await busy()

    migrateWith(PROJECT, env)
    const handed: Date[] = []
    for (const [index, oldServer] of oldServers.entries()) {
      await server(`new server ${index + 1}`)
      await retire(oldServer)
      await busy()
      const oldWorker = oldWorkers[index]
      if (oldWorker === undefined) throw new Error('There are as many workers as servers')
      await worker(`new worker ${index + 1}`)
      handed.push(new Date())
      await oldWorker.drain()
      await busy()
    }
    await pause(1_000)
    await traffic.stop()

    const live = async () =>
      (await runsOf(database)).filter(({ state }) => !['succeeded', 'failed', 'cancelled'].includes(state))
    await expect.poll(async () => (await live()).length, { timeout: 120_000, interval: 200 }).toBe(0)
    await traffic.watchersEnded()

    const rows = await runsOf(database)
    const spanning = handed.map(
      (at) =>
        rows.filter(({ started, finished }) => started !== null && started < at && (finished ?? at) > at)
          .length,
    )
    console.info(
      `Upgrade from ${before.commit.slice(0, 7)}: ${traffic.requests} requests, ${traffic.failures.length} failed; ` +
        `${rows.length} runs, ${spanning.join(' and ')} of them under way when a worker was stopped; ` +
        `${rows.filter(({ state }) => state === 'succeeded').length} succeeded.`,
    )
    expect(traffic.failures).toEqual([])
    expect(rows.map(({ id }) => id).toSorted()).toEqual(traffic.runs.toSorted())
    expect(rows.filter(({ state }) => state !== 'succeeded')).toEqual([])
    expect(Math.min(...spanning)).toBeGreaterThan(0)
    for (const id of traffic.runs) {
      const lines = (await readFile(join(jupyter.root, 'runs', id, 'ran'), 'utf8')).trim().split('\n')
      expect(
        lines.map((line) => line.split(' ')[0]),
        id,
      ).toEqual(['0', '1', '2', '3'])
      expect(new Set(lines.map((line) => line.split(' ')[1])).size, `kernels of ${id}`).toBe(1)
    }
    expect(traffic.watched.size).toBeGreaterThan(2)
    for (const [id, numbers] of traffic.watched)
      expect(numbers, `events of ${id}`).toEqual(numbers.map((_, index) => index + 1))

    const migratedAfter = await migrationsOf(database)
    expect(migratedAfter).toEqual(expect.arrayContaining(migratedBefore))
    const files = (await readdir(join(PROJECT, 'migrations'))).filter((name) => name.endsWith('.sql'))
    expect(migratedAfter.map((each) => each.split(' ')[0])).toEqual(files.toSorted())
  },
)

/** `notebook-runner migrate` of a version. Throws what it complains about. */
function migrateWith(root: string, env: Readonly<Record<string, string>>): void {
  const { status, stderr } = spawnSync(join(root, 'notebook-runner'), ['migrate'], {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(stderr)
}
