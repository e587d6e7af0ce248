import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { access, readdir, readFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../support/free-ports.ts'
import { testPostgres } from '../support/postgres.ts'
import { assembleRoot, type CleanRoot } from './support/clean-root.ts'
import { output } from './support/command.ts'
import { faultsOfDockerfile, parseDockerfile } from './support/dockerfile.ts'

const PROJECT = join(import.meta.dirname, '../..')
const dockerfile = await readFile(join(PROJECT, 'deploy/image/Dockerfile'), 'utf8')
const runnerStage = parseDockerfile(dockerfile).stages.find(({ name }) => name === 'runner')

/** The variables that the runner's image sets. */
function variables(): Readonly<Record<string, string>> {
  const text = runnerStage?.instructions.find(({ name }) => name === 'ENV')?.text ?? ''
  return Object.fromEntries(
    text.split(' ').map((each) => [each.slice(0, each.indexOf('=')), each.slice(each.indexOf('=') + 1)]),
  )
}

/** The JSON array at the end of an instruction of the runner's image. */
function command(name: string): readonly string[] {
  const text = runnerStage?.instructions.find((instruction) => instruction.name === name)?.text ?? ''
  return JSON.parse(text.slice(text.indexOf('[')))
}

describe('the Dockerfile', () => {
  it('keeps the rules', () => expect(faultsOfDockerfile(dockerfile)).toEqual([]))

  it.each([
    ['a base without a digest', '${RUNTIME_BASE}', 'debian:latest', /base debian:latest/],
    ['root', 'USER 10001:10001', 'USER 0', /runs as 0/],
    ['a shell', 'CMD ["serve"]', 'CMD serve', /CMD needs a shell/],
    ['a secret', 'ENV DATA_DIR', 'ENV API_TOKEN=x DATA_DIR', /a secret in ENV/],
    ['a download', 'RUN sh', 'RUN curl', /RUN curl/],
    ['no health check', 'HEALTHCHECK', '# HEALTHCHECK', /has no HEALTHCHECK/],
  ])('would be told %s', (_what, text, other, fault) =>
    expect(faultsOfDockerfile(dockerfile.replaceAll(text, other)).join('\n')).toMatch(fault),
  )
})

describe('what the runner’s image holds', () => {
  let root: CleanRoot
  beforeAll(async () => {
    root = await assembleRoot()
  })
  afterAll(() => root[Symbol.asyncDispose]())

  it('is less than 250 MB', async () => {
    const bytes = async (path: string) => Number((await output('du', ['-sb', path])).split('\t')[0])
    const size = await bytes(root.path)
    const megabytes = (count: number) => `${Math.round(count / 1e6)} MB`
    const node = await bytes(join(root.path, 'app/node_modules/node/bin/node'))
    console.info(
      `Image of the runner, with the libraries of its base: ${megabytes(size)}, of which Node ${megabytes(node)}.`,
    )
    expect(size).toBeLessThan(250e6)
  })

  it('is all that the service needs', async () => {
    for (const folder of ['migrations', 'examples', 'runtime', 'web/dist'])
      expect(await readdir(join(root.path, 'app', folder)), folder).not.toEqual([])
    for (const folder of ['migrations', 'examples'])
      expect(await readdir(join(root.path, 'app', folder))).toEqual(await readdir(join(PROJECT, folder)))
    await access(join(root.path, 'app/runtime/requirements.txt'))
  })

  it('is nothing of development', async () => {
    const { devDependencies } = JSON.parse(await readFile(join(PROJECT, 'package.json'), 'utf8'))
    const there = await readdir(join(root.path, 'app/node_modules'), { recursive: true })
    const names = new Set(there)
    const builtWith = ['typescript', 'vite', 'vitest', 'playwright-core', '@biomejs/biome', '@swc/core']
    for (const name of builtWith) expect(Object.keys(devDependencies)).toContain(name)
    expect(builtWith.filter((name) => names.has(name))).toEqual([])
    expect(there.filter((path) => /\.(d\.[cm]?ts|map|h|cc)$/.test(path))).toEqual([])
    const files = await readdir(root.path, { recursive: true })
    expect(files.filter((path) => /(^|\/)(gcc|g\+\+|cc|make|npm|npx|sh|bash|busybox)$/.test(path))).toEqual(
      [],
    )
  })

  it('serves as a user without rights who can write nothing of it, says that it is well, and ends when told', async () => {
    await using postgres = await testPostgres()
    await using gate = await tcpGate(join(postgres.target.socketFolder, '.s.PGSQL.5432'))
    const { user, database } = postgres.target
    const port = await freePort()
    const env = {
      ...variables(),
      PORT: String(port),
      PRESET: 'local',
      KERNELS: 'none',
      VIEW_URL: 'https://lab.example/{path}',
      DATABASE_URL: `postgresql://${user}@127.0.0.1:${gate.port}/${database}`,
    }
    const check = async () => {
      const { code } = await ended(root.start(command('HEALTHCHECK'), env))
      return code
    }
    expect(await check()).toBe(1)
    const migrated = await ended(root.start([...command('ENTRYPOINT'), 'migrate'], env))
    expect(migrated.code, migrated.text).toBe(0)
    const service = root.start([...command('ENTRYPOINT'), ...command('CMD')], env)
    const end = ended(service)
    try {
      await expect.poll(check, { timeout: 120_000, interval: 500 }).toBe(0)
      const status = await readFile(`/proc/${service.pid}/status`, 'utf8')
      expect(status).toMatch(/^Uid:\s+10001\s+10001\s+10001\s+10001$/m)
      expect(status).toMatch(/^CapEff:\s+0+$/m)
      const page = await fetch(`http://127.0.0.1:${port}/`, { redirect: 'manual' })
      expect(page.status).toBeLessThan(500)
    } finally {
      service.kill('SIGTERM')
    }
    const { code, text } = await end
    expect(code, text).toBe(0)
    const told = { ...env, NODE_DEBUG_NATIVE: 'COMPILE_CACHE' }
    const help = await ended(root.start([...command('ENTRYPOINT'), '--help'], told))
    expect(help.text).toMatch(/main\.ts was accepted/)
    const write = "fs.writeFileSync('/app/x','')"
    const refused = await ended(root.start([...command('HEALTHCHECK').slice(0, 1), '-e', write], env))
    expect(refused.text).toMatch(/EROFS/)
  })
})

async function ended(child: ChildProcess): Promise<{ readonly code: number | null; readonly text: string }> {
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (part: string) => {
      text = (text + part).slice(-20_000)
    })
  await once(child, 'close')
  return { code: child.exitCode, text }
}

/** A port in front of the embedded PostgreSQL, whose socket is in a folder that only its own user may enter. */
async function tcpGate(socketPath: string): Promise<AsyncDisposable & { readonly port: number }> {
  const port = await freePort()
  const server = createServer((incoming) => {
    const outgoing = connect(socketPath)
    for (const [from, to] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const)
      from.on('error', () => to.destroy()).pipe(to)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    port,
    async [Symbol.asyncDispose]() {
      server.close()
      await once(server, 'close')
    },
  }
}
