import { afterAll, beforeAll, expect, it } from 'vitest'
import { freePort } from '../support/free-ports.ts'
import { temporaryDataDir } from '../support/postgres.ts'
import { startRunner } from '../support/runner.ts'
import { readPanels } from './support/dashboard.ts'
import { type Prometheus, readRules, startPrometheus } from './support/prometheus.ts'
import { someLoad } from './support/some-load.ts'

const LOAD_SECONDS = 45
const PATIENCE = { timeout: 120_000, interval: 1_000 }

const stack = new AsyncDisposableStack()
let prometheus: Prometheus
let metrics: string
beforeAll(async () => {
  const data = stack.use(await temporaryDataDir())
  const metricsPort = await freePort()
  const runner = stack.use(await startRunner({ DATA_DIR: data.path, METRICS_PORT: String(metricsPort) }))
  prometheus = stack.use(await startPrometheus(metricsPort))
  await someLoad(runner, LOAD_SECONDS)
  metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text()
})
afterAll(() => stack.disposeAsync())

it('every panel and rule asks for what the service tells, in queries that Prometheus takes', async () => {
  const { groups } = await readRules()
  const rules = groups.flatMap((group) => group.rules)
  const known = new Set([
    'up',
    ...rules.flatMap(({ record = [] }) => record),
    ...[...metrics.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name = '', type]) =>
      type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
    ),
  ])
  const panels = await readPanels()
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
    await prometheus.ask(query)
  }
})

it('every query of every panel has something to show', async () => {
  const panels = await readPanels()
  expect(panels.flatMap(({ targets = [] }) => targets).length).toBeGreaterThan(15)
  for (const { title, targets = [] } of panels) {
    for (const { expr } of targets) {
      const numbers = async () =>
        (await prometheus.ask(expr)).filter(({ value }) => Number.isFinite(Number(value[1])))
      await expect
        .poll(async () => (await numbers()).length, { ...PATIENCE, message: `${title}: ${expr}` })
        .toBeGreaterThan(0)
    }
  }
})

it('fires no alert meanwhile', async () => {
  expect(await prometheus.ask('ALERTS{alertstate="firing"}')).toEqual([])
})
