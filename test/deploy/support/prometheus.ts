import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import timers from 'node:timers/promises'
import { type Static, Type } from 'typebox'
import { Value } from 'typebox/value'
import { parse } from 'yaml'
import { freePort } from '../../support/free-ports.ts'
import { debianPackage } from './tools.ts'

const RULES = join(import.meta.dirname, '../../../deploy/monitoring/rules.yaml')

const Rules = Type.Object({
  groups: Type.Array(
    Type.Object({
      name: Type.String(),
      rules: Type.Array(
        Type.Object({
          alert: Type.Optional(Type.String()),
          record: Type.Optional(Type.String()),
          expr: Type.String(),
          for: Type.Optional(Type.String()),
          labels: Type.Optional(Type.Record(Type.String(), Type.String())),
          annotations: Type.Optional(Type.Object({ summary: Type.String(), runbook_url: Type.String() })),
        }),
      ),
    }),
  ),
})

/** The alerts and recording rules, as Prometheus reads them. */
export async function readRules(): Promise<Static<typeof Rules>> {
  const file = Type.Object({ spec: Rules })
  return Value.Parse(file, parse(await readFile(RULES, 'utf8'))).spec
}

const Labels = Type.Record(Type.String(), Type.String())
const Sample = Type.Tuple([Type.Number(), Type.String()])
const Vector = Type.Array(Type.Object({ metric: Labels, value: Sample }))
const Matrix = Type.Array(Type.Object({ metric: Labels, values: Type.Array(Sample) }))

/** A real Prometheus that scrapes a runner each second. Queries that it does not take throw. */
export interface Prometheus extends AsyncDisposable {
  /** What a query gives now. */
  ask(query: string): Promise<Static<typeof Vector>>
  /** The same from `start` to `end`, in seconds since 1970, every `step` seconds. */
  range(query: string, time: { start: number; end: number; step: number }): Promise<Static<typeof Matrix>>
}

/** @param metricsPort where the runner tells its metrics, on 127.0.0.1 */
export async function startPrometheus(metricsPort: number): Promise<Prometheus> {
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'notebook-runner-prometheus-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const port = await freePort()
  await writeFile(join(folder, 'rules.json'), JSON.stringify(await readRules()))
  const target = { targets: [`127.0.0.1:${metricsPort}`], labels: { pod: 'notebook-runner' } }
  await writeFile(
    join(folder, 'prometheus.yml'),
    JSON.stringify({
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: ['rules.json'],
      scrape_configs: [{ job_name: 'notebook-runner-metrics', static_configs: [target] }],
    }),
  )
  const child = spawn(
    join(await debianPackage('prometheus'), 'usr/bin/prometheus'),
    ['--config.file=prometheus.yml', '--storage.tsdb.path=data', `--web.listen-address=127.0.0.1:${port}`],
    { cwd: folder, stdio: 'ignore' },
  )
  const ended = once(child, 'exit')
  stack.defer(async () => {
    child.kill()
    await ended
  })
  const url = `http://127.0.0.1:${port}`
  const isReady = () =>
    fetch(`${url}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    )
  const patience = performance.now() + 60_000
  while (!(await isReady())) {
    if (performance.now() > patience) throw new Error('Prometheus did not become ready')
    await timers.setTimeout(200)
  }

  async function get(path: string, query: Record<string, string>): Promise<unknown> {
    const response = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(query)}`)
    const answer: unknown = await response.json()
    const Good = Type.Object({
      status: Type.Literal('success'),
      data: Type.Object({ result: Type.Unknown() }),
    })
    if (!Value.Check(Good, answer)) throw new Error(`${query['query']}: ${JSON.stringify(answer)}`)
    return answer.data.result
  }

  const open = stack.move()
  return {
    ask: async (query) => Value.Parse(Vector, await get('query', { query })),
    range: async (query, { start, end, step }) =>
      Value.Parse(
        Matrix,
        await get('query_range', { query, start: String(start), end: String(end), step: String(step) }),
      ),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}
