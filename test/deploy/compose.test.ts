import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { beforeAll, describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/config.ts'
import { VARIABLES } from '../../src/config/env.ts'
import { output } from './support/command.ts'
import { type Compose, composeEnvironment, readCompose } from './support/compose.ts'
import { targetOf } from './support/dockerfile.ts'
import { goModule } from './support/tools.ts'

const PROJECT = join(import.meta.dirname, '../..')
const PASSWORD = { POSTGRES_PASSWORD: 'any' }

describe('compose.yaml', () => {
  let compose: Compose
  let faults: (document: unknown) => readonly string[]
  beforeAll(async () => {
    compose = await readCompose()
    // The schema as the Compose implementation publishes it.
    const module = await goModule('github.com/compose-spec/compose-go/v2', 'v2.16.2')
    const schema = JSON.parse(await readFile(join(module, 'schema/compose-spec.json'), 'utf8'))
    const check = new Ajv2020({ strict: false, allErrors: true, validateFormats: false }).compile(schema)
    faults = (document) =>
      check(document)
        ? []
        : (check.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
  })

  it('is as the Compose specification has it', () => expect(faults(compose)).toEqual([]))

  it.each([
    ['a word that is not one', (runner: object) => ({ ...runner, stop_grace: '45s' })],
    ['a number that is to be a list', (runner: object) => ({ ...runner, cap_drop: 1 })],
  ])('would be told %s', (_what, change) => {
    const services = { ...compose.services, runner: change(compose.services['runner'] ?? {}) }
    expect(faults({ ...compose, services })).not.toEqual([])
  })

  it('names what is there: services that others wait for, volumes, commands', async () => {
    const help = await output(join(PROJECT, 'notebook-runner'), ['--help'])
    for (const [name, service] of Object.entries(compose.services)) {
      for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
        expect(Object.keys(compose.services), name).toContain(other)
        if (condition === 'service_healthy') expect(compose.services[other]?.healthcheck, other).toBeDefined()
      }
      for (const volume of service.volumes ?? [])
        expect(Object.keys(compose.volumes), name).toContain(volume.split(':')[0])
      if (service.command !== undefined) expect(help).toMatch(new RegExp(`^  ${service.command} `, 'm'))
    }
  })

  it.each(['runner', 'migrate'])('gives %s settings that it starts with', async (name) => {
    const dockerfile = await readFile(join(PROJECT, 'deploy/image/Dockerfile'), 'utf8')
    const own = composeEnvironment(compose, name, PASSWORD)
    expect(Object.keys(own).filter((each) => !Object.hasOwn(VARIABLES, each))).toEqual([])
    const { config } = loadConfig({ ...targetOf(dockerfile, 'single').variables, ...own })
    expect(config).toMatchObject({ dataDir: '/data', database: { kind: 'url' }, host: '127.0.0.1' })
    expect(() => composeEnvironment(compose, name, {})).toThrow('set POSTGRES_PASSWORD')
  })

  it('leads the runner to the database that it starts', () => {
    const database = composeEnvironment(compose, 'database', PASSWORD)
    const url = new URL(composeEnvironment(compose, 'runner', PASSWORD)['DATABASE_URL'] ?? '')
    expect(compose.services['runner']?.network_mode).toBe('host')
    expect(compose.services['database']?.ports).toEqual([`${url.host}:5432`])
    expect(url.username).toBe(database['POSTGRES_USER'])
    expect(url.password).toBe(database['POSTGRES_PASSWORD'])
    expect(url.pathname).toBe(`/${database['POSTGRES_USER']}`)
  })

  it('keeps what the image is to write, and nothing else can be written', () => {
    const { read_only, tmpfs, volumes } = compose.services['runner'] ?? {}
    expect({ read_only, tmpfs, volumes }).toEqual({ read_only: true, tmpfs: '/tmp', volumes: ['data:/data'] })
  })
})
