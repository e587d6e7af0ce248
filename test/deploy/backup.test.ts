import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { jobOf } from '../support/answers.ts'
import { freePort } from '../support/free-ports.ts'
import { startPlainJupyter } from '../support/jupyter.ts'
import { temporaryDataDir } from '../support/postgres.ts'
import { counterNotebook, serviceFolder } from '../support/service-process.ts'
import { type Member, startMember } from '../upgrade/fleet.ts'
import { output } from './support/command.ts'
import { debianPostgresBin, startDebianPostgres } from './support/debian-postgres.ts'

const PROJECT = join(import.meta.dirname, '../..')
const CELLS = 4
const PATIENCE = { timeout: 180_000, interval: 100 }
const bin = await debianPostgresBin()
if (bin === undefined)
  console.warn('Backup and restore are not tried: this machine has no PostgreSQL with pg_dump.')

/** The commands of a part of docs/deployment.md: its indented lines, block by block. */
async function blocksOf(heading: string): Promise<readonly string[]> {
  const guide = await readFile(join(PROJECT, 'docs/deployment.md'), 'utf8')
  const part = guide.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  return part
    .split(/\n(?! {4})/)
    .flatMap((block) => (/^\n? {4}/.test(block) ? [block.replaceAll(/^ {4}/gm, '')] : []))
    .filter((block) => block.trim() !== '')
}

it.skipIf(bin === undefined)(
  'what docs/deployment.md says saves all of it, while runs go on, and brings it back',
  async () => {
    if (bin === undefined) return
    const [save, restore, ...others] = await blocksOf('Backup and restore')
    expect(save).toContain('pg_dump')
    expect(restore).toContain('pg_restore')
    expect(others).toEqual([])
    await using stack = new AsyncDisposableStack()
    const postgres = stack.use(await startDebianPostgres(bin))
    const jupyter = stack.use(await startPlainJupyter())
    const base = stack.use(await temporaryDataDir()).path
    const [DATA_DIR, backups] = [join(base, 'data'), join(base, 'backups')]
    for (const each of [DATA_DIR, backups]) await mkdir(each)
    const { catalogue, token } = await serviceFolder(
      base,
      randomBytes(16).toString('hex'),
      counterNotebook(CELLS, 5),
    )
    const env = {
      DATABASE_URL: await postgres.emptyDatabase('runner'),
      DATA_DIR,
      CONFIG_URL: catalogue,
      RUNNER_TOKEN: token,
      // The same before and after: links in answers have it.
      PORT: String(await freePort()),
      KERNELS: 'server',
      JUPYTER_SERVER_URL: jupyter.url,
      JUPYTER_SERVER_TOKEN: jupyter.token,
      MAX_CONCURRENT_RUNS: '1',
      VIEW_URL: 'https://lab.example/lab/tree/{path}',
    }
    const shell = (script: string) =>
      output('sh', ['-euc', script], {
        cwd: backups,
        env: { ...env, HOME: base, PATH: `${PROJECT}:${bin}:${process.env['PATH']}` },
      })
    await shell('notebook-runner migrate')

    let service: Member = await startMember('service', 'serve', env)
    stack.defer(() => service[Symbol.asyncDispose]())
    const ask = (path: string, options: RequestInit = {}) =>
      fetch(service.url + path, {
        redirect: 'manual',
        ...options,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      })
    const accept = async (inputs: object) => {
      const answer = await ask('/processes/counter/execution', {
        method: 'POST',
        body: JSON.stringify({ inputs }),
      })
      expect(answer.status).toBe(201)
      return (await jobOf(answer)).id
    }
    const stateOf = async (id: string) => (await jobOf(await ask(`/jobs/${id}`))).state
    const ended = (id: string) => expect.poll(() => stateOf(id), PATIENCE).toMatch(/succeeded|failed/)
    const ran = async (id: string) =>
      (await readFile(join(jupyter.root, 'runs', id, 'ran'), 'utf8').catch(() => ''))
        .split('\n')
        .flatMap((line) => line.split(' ')[0] || [])

    expect((await ask('/run/notebook/counter?_mode=prepare')).status).toBe(303)
    const [done, failed] = [await accept({ pause: 0 }), await accept({ pause: 0, fail: 1 })]
    for (const id of [done, failed]) await ended(id)
    const kept = [`/jobs/${done}/notebook`, `/jobs/${failed}/notebook`, `/jobs/${failed}`]
    const textOf = async (path: string) => (await ask(path)).text()
    const before = await Promise.all(kept.map(textOf))
    const going = await accept({ pause: 0.5 })
    await expect.poll(async () => (await ran(going)).length, PATIENCE).toBeGreaterThan(0)
    const waiting = await accept({ pause: 0 })
    expect(await stateOf(waiting)).toBe('queued')

    await shell(save ?? '')

    // The machine is lost in the midst of the run.
    await service.drain()
    const dumped = (await ran(going)).length
    await rm(DATA_DIR, { recursive: true })
    await mkdir(DATA_DIR)
    expect(await postgres.emptyDatabase('runner')).toBe(env.DATABASE_URL)
    expect(await shell(restore ?? '')).toContain('The database is up to date.')

    service = await startMember('service after', 'serve', env)
    expect(await Promise.all(kept.map(textOf))).toEqual(before)
    const prepared: { jobs: { state: string }[] } = JSON.parse(await textOf('/jobs'))
    expect(prepared.jobs.map(({ state }) => state)).toContain('prepared')
    for (const id of [going, waiting]) await ended(id)
    expect(await stateOf(waiting)).toBe('succeeded')
    // It was taken up where it was, or says that this can't be known; no cell of it ran twice.
    const cells = await ran(going)
    expect(cells.length).toBeGreaterThanOrEqual(dumped)
    expect(cells).toEqual([...new Set(cells)])
    expect((await ask('/run/notebook/counter?_mode=prepare')).status).toBe(303)
  },
)
