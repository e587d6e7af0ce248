import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { jobOf } from '../support/answers.ts'
import { notebookOf } from '../support/notebook-folder.ts'
import { temporaryDataDir } from '../support/postgres.ts'
import { startRunner } from '../support/runner.ts'
import {
  type ServiceFolder,
  type ServiceProcess,
  serviceFolder,
  startService,
  stopShared,
} from '../support/service-process.ts'
import {
  type ReceivedSpan,
  startTraceReceiver,
  type TraceReceiver,
  treeOf,
} from '../support/trace-receiver.ts'

const PATIENCE = { timeout: 60_000, interval: 200 }
/** Of whoever calls us. */
const TRACE = 'f00dfeedf00dfeedf00dfeedf00dfeed'
const PARENT = '0123456789abcdef'
const SECRET = 'a-value-that-nobody-may-see'

const stack = new AsyncDisposableStack()
let receiver: TraceReceiver
let folder: ServiceFolder
let server: ServiceProcess
let worker: ServiceProcess

beforeAll(async () => {
  const { path } = stack.use(await temporaryDataDir())
  receiver = stack.use(await startTraceReceiver())
  const notebook = notebookOf([
    { parameters: 'name = "nobody"' },
    'import time\ntime.sleep(0.4)',
    'raise ValueError(name)',
    'print("never")',
  ])
  folder = await serviceFolder(path, randomBytes(12).toString('hex'), notebook)
  stack.defer(() => stopShared(folder))
  const traced = {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
    OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=a%20b',
    OTEL_SERVICE_NAME: 'runner-of-the-test',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
  }
  server = await startService(folder, { ...traced, MAX_CONCURRENT_RUNS: '0' })
  stack.defer(() => server.kill())
  worker = await startService(folder, traced, 'worker')
  stack.defer(() => worker.kill())
}, 240_000)
afterAll(() => stack.disposeAsync())

it('a run is one trace from the link to its cells, across server and worker', async () => {
  const response = await server.fetch(`/run/notebook/counter?_mode=execute&name=${SECRET}`, {
    redirect: 'manual',
    headers: { traceparent: `00-${TRACE}-${PARENT}-01` },
  })
  expect(response.status).toBe(303)
  const { id } = await jobOf(response)
  const run = await spanNamed('run', TRACE)
  const request = await spanNamed('GET /run/notebook/:id', TRACE)
  expect(request).toMatchObject({
    parentId: PARENT,
    service: 'runner-of-the-test',
    attributes: { 'http.route': '/run/notebook/:id', 'http.response.status_code': 303 },
  })
  expect(run).toMatchObject({
    attributes: { 'run.id': id, 'run.state': 'failed', 'run.reason': 'cell-error', 'run.adopted': false },
  })
  const spans = receiver.spans.filter(({ traceId }) => traceId === TRACE)
  expect(treeOf(spans, request)).toEqual({
    'token check': {},
    template: {},
    link: {},
    'fill in': {},
    admit: {},
    accept: {
      run: {
        queue: {},
        'kernel start': {},
        'cell 1': {},
        'cell 2': {},
        'cell 3': {},
        'cell 4': {},
        save: {},
      },
    },
  })
  const cell = (number: number) => spans.find(({ name }) => name === `cell ${number}`)
  expect(cell(3)?.seconds).toBeGreaterThanOrEqual(0.4)
  expect(cell(4)?.attributes).toMatchObject({ 'cell.status': 'failed', 'error.type': 'cell-error' })
  expect(receiver.header('x-tenant')).toBe('a b')
  expect(receiver.bodies.join('')).toContain('deployment.environment.name')
})

it('a prepared notebook is one trace, which begins here', async () => {
  const response = await server.fetch(`/run/notebook/counter?_mode=prepare&name=${SECRET}`, {
    redirect: 'manual',
  })
  expect(response.status).toBe(303)
  const write = await spanNamed('storage write')
  const spans = receiver.spans.filter(({ traceId }) => traceId === write.traceId)
  const [root] = spans.filter(({ parentId }) => parentId === undefined)
  expect(root && treeOf(spans, root)).toEqual({
    'token check': {},
    template: {},
    link: {},
    'fill in': {},
    'storage write': {},
    row: {},
  })
})

it('a sweep is one trace, and a body that is read does not break it', async () => {
  const trace = randomBytes(16).toString('hex')
  const response = await server.fetch('/processes/counter/execution', {
    method: 'POST',
    headers: { 'content-type': 'application/json', traceparent: `00-${trace}-${PARENT}-01` },
    body: JSON.stringify({ inputs: {}, each: { name: ['a', 'b'] } }),
  })
  expect(response.status).toBe(201)
  const runs = () => receiver.spans.filter(({ name, traceId }) => name === 'run' && traceId === trace)
  await expect.poll(() => runs().length, PATIENCE).toBe(2)
})

it('what is refused says by which code, and what whoever calls does not keep is not kept', async () => {
  const kept = `00-${randomBytes(16).toString('hex')}-${PARENT}`
  const headers = { traceparent: `${kept}-00` }
  await server.fetch(`/run/notebook/counter?nmae=${SECRET}-unkept`, { headers })
  await server.fetch(`/run/notebook/counter?nmae=${SECRET}`)
  await expect
    .poll(
      () => receiver.spans.some(({ attributes }) => attributes['error.type'] === 'invalid-parameters'),
      PATIENCE,
    )
    .toBe(true)
  expect(receiver.spans.filter(({ traceId }) => kept.includes(traceId))).toEqual([])
})

it('lines of the log of both say which trace they are of', async () => {
  const lines = (printed: string) =>
    printed.split('\n').filter((line) => line.includes(`"trace_id":"${TRACE}"`))
  const request = lines(server.printed()).find((line) => line.includes('"msg":"request"'))
  const end = lines(worker.printed()).find((line) => line.includes('"msg":"run ended"'))
  const spanId = (name: string) =>
    receiver.spans.find((span) => span.traceId === TRACE && span.name === name)?.spanId
  expect(request).toContain(`"span_id":"${spanId('GET /run/notebook/:id')}"`)
  expect(end).toContain(`"span_id":"${spanId('run')}"`)
})

it('no token and no value of a parameter is in a span', () => {
  expect(receiver.spans.length).toBeGreaterThan(20)
  const sent = receiver.bodies.join('')
  expect(sent).not.toContain(SECRET)
  expect(sent).not.toContain(folder.token)
})

it('where nobody takes them, that is said once, and nothing waits', async () => {
  const gone = await startTraceReceiver()
  await gone[Symbol.asyncDispose]()
  await using data = await temporaryDataDir()
  const runner = await startRunner({
    DATA_DIR: data.path,
    KERNELS: 'none',
    VIEW_URL: 'https://lab.example/{path}',
    OTEL_EXPORTER_OTLP_ENDPOINT: gone.endpoint,
  })
  const told = () => runner.log().split('Traces cannot be delivered').length - 1
  try {
    const link = '/run/notebook/cog_preview?cog_url=https://example.org/a.tif'
    const ask = async () => expect((await runner.program(link)).status).toBe(303)
    for (let round = 0; round < 3; round++) {
      // More than are waited for.
      for (let count = 0; count < 200; count++) await ask()
      await expect.poll(told, PATIENCE).toBe(1)
    }
  } finally {
    await runner[Symbol.asyncDispose]()
  }
  expect(told()).toBe(1)
}, 120_000)

async function spanNamed(name: string, trace?: string): Promise<ReceivedSpan> {
  return vi.waitFor(() => {
    const span = receiver.spans.find((one) => one.name === name && (trace ?? one.traceId) === one.traceId)
    if (span === undefined) throw new Error(`no span ${name}`)
    return span
  }, PATIENCE)
}
