import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { freePorts } from '../support/free-ports.ts'
import { temporaryDataDir } from '../support/postgres.ts'
import { startRunner, type TestRunner } from '../support/runner.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { goProgram } from './support/tools.ts'

const PATIENCE = { timeout: 120_000, interval: 500 }
/** As Jaeger's own pages ask for it. */
const Trace = Type.Object({
  data: Type.Array(
    Type.Object({
      spans: Type.Array(
        Type.Object({
          spanID: Type.String(),
          operationName: Type.String(),
          references: Type.Array(Type.Object({ refType: Type.String(), spanID: Type.String() })),
        }),
      ),
    }),
  ),
})

const stack = new AsyncDisposableStack()
let runner: TestRunner
let jaeger: string
beforeAll(async () => {
  const data = stack.use(await temporaryDataDir())
  const [otlp = 0, query = 0, grpc = 0] = await freePorts(3)
  jaeger = `http://127.0.0.1:${query}`
  await startJaeger({ otlp, query, grpc })
  runner = stack.use(
    await startRunner({ DATA_DIR: data.path, OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${otlp}` }),
  )
})
afterAll(() => stack.disposeAsync())

it('Jaeger takes the spans, and shows one trace from the link to the cells', async () => {
  const trace = randomBytes(16).toString('hex')
  const scene = encodeURIComponent(`${runner.url}/examples/data/scene.tif`)
  const response = await runner.fetch(`/run/notebook/cog_preview?_mode=execute&cog_url=${scene}`, {
    headers: {
      authorization: `Bearer ${runner.token}`,
      traceparent: `00-${trace}-${randomBytes(8).toString('hex')}-01`,
    },
  })
  expect(response.status).toBe(303)
  const parentsOf = async () => {
    const answer = await fetch(`${jaeger}/api/traces/${trace}`)
    if (!answer.ok) return {}
    const [found] = Value.Parse(Trace, await answer.json()).data
    const names = new Map(found?.spans.map(({ spanID, operationName }) => [spanID, operationName]))
    return Object.fromEntries(
      found?.spans.map(({ operationName, references: [parent] }) => [
        operationName.replace(/^cell \d+$/, 'cell'),
        parent && names.get(parent.spanID),
      ]) ?? [],
    )
  }
  const link = 'GET /run/notebook/:id'
  await expect.poll(parentsOf, PATIENCE).toMatchObject({
    'token check': link,
    template: link,
    link,
    accept: link,
    run: 'accept',
    queue: 'run',
    'kernel start': 'run',
    cell: 'run',
    save: 'run',
  })
  const services: unknown = await (await fetch(`${jaeger}/api/services`)).json()
  expect(services).toMatchObject({ data: ['notebook-runner'] })
})

/** Jaeger with its traces in memory; it is built on the collector of OpenTelemetry. */
async function startJaeger(ports: { otlp: number; query: number; grpc: number }): Promise<void> {
  const program = await goProgram('jaeger', 'github.com/jaegertracing/jaeger/cmd/jaeger', 'v1.76.0')
  const folder = stack.use(await tempFolder())
  const file = join(folder.path, 'jaeger.json')
  const at = (port: number) => ({ endpoint: `127.0.0.1:${port}` })
  const settings = {
    extensions: {
      jaeger_storage: { backends: { memory: { memory: { max_traces: 1_000 } } } },
      jaeger_query: { storage: { traces: 'memory' }, http: at(ports.query), grpc: at(ports.grpc) },
    },
    receivers: { otlp: { protocols: { http: at(ports.otlp) } } },
    exporters: { jaeger_storage_exporter: { trace_storage: 'memory' } },
    service: {
      extensions: ['jaeger_storage', 'jaeger_query'],
      pipelines: { traces: { receivers: ['otlp'], exporters: ['jaeger_storage_exporter'] } },
      telemetry: { metrics: { level: 'none' } },
    },
  }
  await writeFile(file, JSON.stringify(settings))
  const child = spawn(program, ['--config', file], { cwd: folder.path, stdio: 'ignore' })
  const ended = once(child, 'exit')
  stack.defer(async () => {
    child.kill()
    await ended
  })
  const isUp = () =>
    fetch(`http://127.0.0.1:${ports.query}/api/services`).then(
      ({ ok }) => ok,
      () => false,
    )
  await vi.waitFor(async () => expect(await isUp()).toBe(true), PATIENCE)
}
