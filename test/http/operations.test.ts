import { Validator } from '@seriousme/openapi-schema-validator'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../support/free-ports.ts'
import { temporaryDataDir } from '../support/postgres.ts'
import { startRunner, type TestRunner } from '../support/runner.ts'

const folder = await temporaryDataDir()
let runner: TestRunner

beforeAll(async () => {
  const env = { KERNELS: 'none', VIEW_URL: 'https://lab.example/lab/tree/{path}' }
  runner = await startRunner({ DATA_DIR: folder.path, ...env })
})
afterAll(async () => {
  await runner?.[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

describe('operations', () => {
  it('/health, /livez and /readyz answer without a token', async () => {
    const health = await runner.fetch('/health')
    expect(health.status).toBe(200)
    expect(await health.json()).toEqual({
      status: 'healthy',
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      checks: { database: 'up', storage: 'up' },
    })
    expect((await runner.fetch('/livez')).status).toBe(200)
    expect((await runner.fetch('/readyz')).status).toBe(200)
  })

  it('a port of its own has /metrics and the probes, which is all that a worker listens on', async () => {
    const metricsPort = await freePort()
    const other = await temporaryDataDir()
    const env = { KERNELS: 'none', VIEW_URL: 'https://lab.example/{path}', METRICS_PORT: String(metricsPort) }
    const withPort = await startRunner({ DATA_DIR: other.path, ...env })
    try {
      const at = (path: string) => fetch(`http://127.0.0.1:${metricsPort}${path}`)
      expect(await (await at('/metrics')).text()).toContain('notebook_queue_depth')
      expect([(await at('/livez')).status, (await at('/readyz')).status]).toEqual([200, 200])
      expect((await at('/processes')).status).toBe(404)
      expect((await withPort.fetch('/metrics')).status).toBe(404)
    } finally {
      await withPort[Symbol.asyncDispose]()
      await other[Symbol.asyncDispose]()
    }
  })

  it('/metrics has the first design’s names, labelled by route template', async () => {
    await runner.program('/processes/cog_preview')
    await runner.program('/no/such/address')
    const text = await (await runner.fetch('/metrics')).text()
    expect(text).toMatch(/notebook_requests_total\{method="GET",endpoint="\/processes\/:id"\} \d/)
    expect(text).toMatch(
      /notebook_request_duration_seconds_bucket\{le="0.01",method="GET",endpoint="\/processes\/:id"\}/,
    )
    expect(text).toMatch(/notebook_requests_total\{method="GET",endpoint="unmatched"\} \d/)
    expect(text).toMatch(/^notebook_queue_depth 0$/m)
    expect(text).toMatch(/^notebook_runs_unfinished 0$/m)
    expect(text).toContain('notebook_run_start_seconds_bucket')
    expect(text).not.toContain('cog_preview')
  })

  it('/api is a valid OpenAPI document with the inputs of each notebook', async () => {
    const text = await (await runner.program('/api')).text()
    const document = JSON.parse(text)
    expect(await new Validator().validate(document)).toEqual({ valid: true })
    const bbox = { name: 'bbox', required: false, schema: expect.objectContaining({ format: 'bbox' }) }
    const parameters = expect.arrayContaining([expect.objectContaining(bbox)])
    expect(document).toMatchObject({
      paths: { '/run/notebook/ndvi_calculation': { get: { parameters } } },
    })
  })

  it('writes one JSON line a request, with request id, workspace and notebook, and no token', async () => {
    const path = '/run/notebook/cog_preview?cog_url=https://example.org/scene.tif'
    const response = await runner.program(path)
    const id = response.headers.get('x-request-id')
    const lines = runner
      .log()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines).toContainEqual(
      expect.objectContaining({ reqId: id, workspace: 'local', notebook: 'cog_preview' }),
    )
    expect(lines).toContainEqual(
      expect.objectContaining({
        reqId: id,
        endpoint: '/run/notebook/:id',
        status: 303,
        ms: expect.any(Number),
      }),
    )
    expect(runner.log()).not.toContain(runner.token)
  })

  it('serves example data by range', async () => {
    const response = await runner.fetch('/examples/data/scene.tif', { headers: { range: 'bytes=0-3' } })
    expect(response.status).toBe(206)
    expect((await response.arrayBuffer()).byteLength).toBe(4)
    expect((await runner.fetch('/examples/data/../catalogue.json')).status).toBe(404)
  })
})
