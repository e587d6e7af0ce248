import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { parse } from 'yaml'
import { freePort } from '../support/free-ports.ts'
import { temporaryDataDir } from '../support/postgres.ts'
import { startRunner, type TestRunner } from '../support/runner.ts'
import { debianPackage } from './support/tools.ts'

const DEPLOY = join(import.meta.dirname, '../../deploy/monitoring')
const Dashboard = Type.Object({
  panels: Type.Array(
    Type.Object({
      id: Type.Integer(),
      title: Type.String(),
      type: Type.String(),
      gridPos: Type.Object({ x: Type.Integer(), y: Type.Integer(), w: Type.Integer(), h: Type.Integer() }),
      targets: Type.Optional(Type.Array(Type.Object({ expr: Type.String() }))),
    }),
  ),
})
const Rules = Type.Object({
  spec: Type.Object({
    groups: Type.Array(
      Type.Object({
        name: Type.String(),
        rules: Type.Array(Type.Object({ record: Type.Optional(Type.String()), expr: Type.String() })),
      }),
    ),
  }),
})
const Answer = Type.Object({
  status: Type.Literal('success'),
  data: Type.Object({ result: Type.Array(Type.Unknown()) }),
})

const stack = new AsyncDisposableStack()
let runner: TestRunner
let prometheus: string
let metrics: string
beforeAll(async () => {
  const data = stack.use(await temporaryDataDir())
  const metricsPort = await freePort()
  runner = stack.use(
    await startRunner({
      DATA_DIR: data.path,
      KERNELS: 'none',
      VIEW_URL: 'https://lab.example/{path}',
      METRICS_PORT: String(metricsPort),
    }),
  )
  for (const scene of ['a', 'b', 'c'])
    await runner.program(`/run/notebook/cog_preview?cog_url=https://example.org/${scene}.tif`)
  metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text()
  prometheus = await startPrometheus(metricsPort)
})
afterAll(() => stack.disposeAsync())

it('every panel and rule asks for what the service tells, in queries that Prometheus takes', async () => {
  const { panels } = Value.Parse(
    Dashboard,
    JSON.parse(await readFile(join(DEPLOY, 'dashboards/notebook-runner.json'), 'utf8')),
  )
  const { spec } = Value.Parse(Rules, parse(await readFile(join(DEPLOY, 'rules.yaml'), 'utf8')))
  const rules = spec.groups.flatMap((group) => group.rules)
  const known = new Set([
    'up',
    ...rules.flatMap(({ record = [] }) => record),
    ...[...metrics.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name = '', type]) =>
      type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
    ),
  ])
  const queries = [
    ...panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
    ...rules.map(({ expr }) => expr),
  ]
  expect(queries.length).toBeGreaterThan(30)
  for (const query of queries) {
    const names = query.match(/\b(?:notebook|process|nodejs)[a-z0-9_:]*_[a-z0-9_:]+|\bup\b/g) ?? []
    expect(names.length, query).toBeGreaterThan(0)
    expect(
      names.filter((name) => !known.has(name)),
      query,
    ).toEqual([])
    await ask(query)
  }
})

it('shows what was asked of the service', async () => {
  const seen = async () => (await ask('notebook_requests_total{endpoint="/run/notebook/:id"} >= 3')).length
  await expect.poll(seen, { timeout: 30_000, interval: 500 }).toBe(1)
})

async function ask(query: string) {
  const response = await fetch(`${prometheus}/api/v1/query?query=${encodeURIComponent(query)}`)
  return Value.Parse(Answer, await response.json()).data.result
}

async function startPrometheus(metricsPort: number): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'notebook-runner-prometheus-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const port = await freePort()
  const { spec } = Value.Parse(
    Type.Object({ spec: Type.Unknown() }),
    parse(await readFile(join(DEPLOY, 'rules.yaml'), 'utf8')),
  )
  await writeFile(join(folder, 'rules.json'), JSON.stringify(spec))
  await writeFile(
    join(folder, 'prometheus.yml'),
    JSON.stringify({
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: ['rules.json'],
      scrape_configs: [
        { job_name: 'notebook-runner-metrics', static_configs: [{ targets: [`127.0.0.1:${metricsPort}`] }] },
      ],
    }),
  )
  const program = join(await debianPackage('prometheus'), 'usr/bin/prometheus')
  const child = spawn(
    program,
    ['--config.file=prometheus.yml', '--storage.tsdb.path=data', `--web.listen-address=127.0.0.1:${port}`],
    { cwd: folder, stdio: 'ignore' },
  )
  stack.defer(async () => {
    const ended = once(child, 'exit')
    child.kill()
    await ended
  })
  const url = `http://127.0.0.1:${port}`
  const ready = () =>
    fetch(`${url}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    )
  await vi.waitFor(async () => expect(await ready()).toBe(true), { timeout: 30_000, interval: 200 })
  return url
}
