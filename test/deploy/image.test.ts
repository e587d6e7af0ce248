import { access, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../support/free-ports.ts'
import { testPostgres } from '../support/postgres.ts'
import { assembleRoot, type CleanRoot } from './support/clean-root.ts'
import { ended, output } from './support/command.ts'
import { faultsOfDockerfile, targetOf } from './support/dockerfile.ts'
import { tcpGate } from './support/tcp-gate.ts'

const PROJECT = join(import.meta.dirname, '../..')
const dockerfile = await readFile(join(PROJECT, 'deploy/image/Dockerfile'), 'utf8')
const target = targetOf(dockerfile, 'runner')
const { variables, command } = target

interface Component {
  readonly name: string
  readonly version: string
  readonly purl: string
  readonly hashes?: readonly { readonly content: string }[]
  readonly licenses?: readonly { readonly license?: { readonly id: string }; readonly expression?: string }[]
}

describe('the Dockerfile', () => {
  it('keeps the rules', () => expect(faultsOfDockerfile(dockerfile)).toEqual([]))

  it.each([
    ['a base without a digest', '${RUNTIME_BASE}', 'debian:latest', /base debian:latest/],
    ['root', 'USER 10001:10001', 'USER 0', /runs as 0/],
    ['a shell', 'CMD ["serve"]', 'CMD serve', /CMD needs a shell/],
    ['a secret', 'ENV DATA_DIR', 'ENV API_TOKEN=x DATA_DIR', /a secret in ENV/],
    ['a library path', 'ENV DATA_DIR', 'ENV LD_LIBRARY_PATH=/app/lib DATA_DIR', /kernels would inherit/],
    ['a download', 'RUN sh', 'RUN curl', /RUN curl/],
    ['no health check', 'HEALTHCHECK', '# HEALTHCHECK', /has no HEALTHCHECK/],
  ])('would be told %s', (_what, text, other, fault) =>
    expect(faultsOfDockerfile(dockerfile.replaceAll(text, other)).join('\n')).toMatch(fault),
  )
})

describe('what the runner’s image holds', () => {
  let root: CleanRoot
  beforeAll(async () => {
    root = await assembleRoot(target.stage)
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

  it('is what its bill of materials says, package by package', async () => {
    const app = join(root.path, 'app')
    const bill = JSON.parse(await readFile(join(app, 'sbom.cdx.json'), 'utf8'))
    expect(bill).toMatchObject({
      bomFormat: 'CycloneDX',
      specVersion: '1.5',
      metadata: { component: { name: 'notebook-runner', type: 'application' } },
    })
    const paths = await readdir(join(app, 'node_modules'), { recursive: true })
    const manifests = paths.filter((path) =>
      /^(?:.+\/node_modules\/)?(?:@[^/]+\/)?[^/]+\/package\.json$/.test(path),
    )
    const packages = new Set<string>()
    for (const path of manifests) {
      const { name, version } = JSON.parse(await readFile(join(app, 'node_modules', path), 'utf8'))
      packages.add(`${name}@${version}`)
    }
    const components: readonly Component[] = bill.components
    expect(components.map(({ name, version }) => `${name}@${version}`).toSorted()).toEqual(
      [...packages].toSorted(),
    )
    for (const { name, version, purl, hashes, licenses = [] } of components) {
      expect(purl).toBe(`pkg:npm/${name.replace('@', '%40')}@${version}`)
      expect(hashes?.[0]?.content, `digest of ${name}`).toMatch(/^[0-9a-f]{128}$/)
      const terms = licenses.map(({ license, expression }) => license?.id ?? expression ?? '').join()
      expect(terms, `licence of ${name}`).toMatch(/\w/)
      expect(terms, `licence of ${name}`).not.toMatch(/GPL/)
    }
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
      ...variables,
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
