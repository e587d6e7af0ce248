import { randomBytes } from 'node:crypto'
import { readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { jobOf } from '../support/answers.ts'
import { freePort } from '../support/free-ports.ts'
import { testPostgres } from '../support/postgres.ts'
import { assembleRoot, type CleanRoot } from './support/clean-root.ts'
import { ended } from './support/command.ts'
import { composeEnvironment, readCompose } from './support/compose.ts'
import { targetOf } from './support/dockerfile.ts'
import { tcpGate } from './support/tcp-gate.ts'

const PROJECT = join(import.meta.dirname, '../..')
const dockerfile = await readFile(join(PROJECT, 'deploy/image/Dockerfile'), 'utf8')
const { stage, variables, command } = targetOf(dockerfile, 'single')
const PATIENCE = { timeout: 180_000, interval: 500 }

describe('the image with kernels', () => {
  let root: CleanRoot
  beforeAll(async () => {
    root = await assembleRoot(stage)
  })
  afterAll(() => root[Symbol.asyncDispose]())

  /** Starts the image's own command, and waits for its own health check. */
  async function serve(more: Readonly<Record<string, string>>): Promise<Serving> {
    const port = await freePort()
    const token = randomBytes(16).toString('hex')
    const env = { ...variables, PORT: String(port), RUNNER_TOKEN: token, ...more }
    const child = root.start([...command('ENTRYPOINT'), ...command('CMD')], env)
    const end = ended(child)
    const healthy = async () => {
      if (child.exitCode !== null) throw new Error((await end).text)
      return (await ended(root.start(command('HEALTHCHECK'), env))).code
    }
    await expect.poll(healthy, PATIENCE).toBe(0)
    const url = `http://127.0.0.1:${port}`
    return {
      url,
      fetch: (path, options = {}) =>
        fetch(`${url}${path}`, {
          redirect: 'manual',
          ...options,
          headers: { authorization: `Bearer ${token}`, ...options.headers },
        }),
      async stop() {
        child.kill('SIGTERM')
        const { code, text } = await end
        expect(code, text).toBe(0)
      },
    }
  }

  it('goes from a link to a prepared and an executed notebook, on the PostgreSQL of compose.yaml', async () => {
    await using postgres = await testPostgres()
    await using gate = await tcpGate(join(postgres.target.socketFolder, '.s.PGSQL.5432'))
    const compose = composeEnvironment(await readCompose(), 'runner', { POSTGRES_PASSWORD: 'any' })
    // The same, on a free port and as the user of the test's PostgreSQL.
    const { user, database } = postgres.target
    const DATABASE_URL = String(compose['DATABASE_URL'])
      .replace(':5433/', `:${gate.port}/`)
      .replace('//runner:any@', `//${user}@`)
      .replace(/\/runner$/, `/${database}`)
    const env = { ...compose, DATABASE_URL }
    const migrated = await ended(root.start([...command('ENTRYPOINT'), 'migrate'], { ...variables, ...env }))
    expect(migrated.code, migrated.text).toBe(0)
    const service = await serve(env)
    const image = `${service.url}/examples/data/scene.tif`
    const bbox = '-4.5,53.1,-4.42,53.18'

    const link = `/run/notebook/ndvi_calculation?cog_url=${image}&bbox=${bbox}&_mode=prepare`
    const prepared = await service.fetch(link)
    expect(prepared.status, await prepared.clone().text()).toBe(303)

    const accepted = await service.fetch('/processes/ndvi_calculation/execution', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ inputs: { cog_url: image, bbox: { bbox: bbox.split(',').map(Number) } } }),
    })
    expect(accepted.status, await accepted.clone().text()).toBe(201)
    const { id } = await jobOf(accepted)
    const environments: (readonly string[])[] = []
    for (;;) {
      environments.push(...(await kernelEnvironments(root.path)))
      const job = await jobOf(await service.fetch(`/jobs/${id}`))
      if (job.state === 'succeeded') break
      expect(job.state, job.message).not.toMatch(/failed|cancelled/)
      await pause(200)
    }
    expect(environments.length).toBeGreaterThan(0)
    for (const names of environments) {
      expect(names).toContain('PATH')
      expect(names.filter((name) => /^LD_|^NODE_|DATABASE_URL|RUNNER_TOKEN|PASSWORD/.test(name))).toEqual([])
    }
    await service.stop()
  })

  it('starts with a PostgreSQL of its own where none is named', async () => {
    const service = await serve({})
    expect((await service.fetch('/readyz')).status).toBe(200)
    expect((await service.fetch('/jobs')).status).toBe(200)
    await service.stop()
  })
})

interface Serving {
  readonly url: string
  fetch(path: string, options?: RequestInit): Promise<Response>
  /** By SIGTERM. Fails where it does not end well. */
  stop(): Promise<void>
}

/** The names of the variables of each kernel that runs in a root. */
async function kernelEnvironments(root: string): Promise<(readonly string[])[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(
    pids.map(async (pid) => {
      const read = (name: string) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '')
      const theirs = (await readlink(`/proc/${pid}/root`).catch(() => '')) === root
      if (!theirs || !(await read('cmdline')).includes('ipykernel')) return []
      return [(await read('environ')).split('\0').flatMap((each) => each.split('=')[0] || [])]
    }),
  )
  return found.flat()
}
