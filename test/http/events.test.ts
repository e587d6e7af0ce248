import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { StatusInfo } from '../../src/http/job-schema.ts'
import type { RunLease } from '../../src/run/lease.ts'
import { jobOf, problemOf } from '../support/answers.ts'
import { type EventReader, readEvents } from '../support/event-reader.ts'
import { heldBytes } from '../support/held-memory.ts'
import { type RunService, startRunService, startSharedRunService } from '../support/run-service.ts'

let service: RunService
let bearer: { authorization: string }

beforeAll(async () => {
  service = await startRunService()
  bearer = { authorization: `Bearer ${service.runner.token}` }
})
afterAll(() => service?.[Symbol.asyncDispose]())

async function accept(): Promise<StatusInfo> {
  const response = await service.runner.fetch('/processes/cog_preview/execution', {
    method: 'POST',
    headers: { ...bearer, 'content-type': 'application/json' },
    body: JSON.stringify({ inputs: { cog_url: 'https://example.org/a.tif' } }),
  })
  return jobOf(response)
}

async function started(): Promise<{ readonly id: string; readonly lease: RunLease }> {
  const { jobID: id } = await accept()
  for (;;) {
    const { run, lease } = await service.claim()
    if (run.id === id) return { id, lease }
    await lease.finish({ state: 'succeeded' })
  }
}

const watch = (id: string, headers: Record<string, string> = {}, query = ''): Promise<EventReader> =>
  readEvents(`${service.runner.url}/jobs/${id}/events${query}`, { ...bearer, ...headers })

const watchers = async () => {
  const text = await (await service.runner.fetch('/metrics')).text()
  return Number(/^notebook_event_watchers (\d+)$/m.exec(text)?.[1])
}

const output = (text: string) =>
  ({
    type: 'output',
    cell: 0,
    change: {
      type: 'append',
      output: new Map([
        ['name', 'stdout'],
        ['output_type', 'stream'],
        ['text', text],
      ]),
    },
  }) as const

describe('the events of a run', () => {
  it('come as they happen, numbered, and end with it', async () => {
    const { jobID: id } = await accept()
    await using reader = await watch(id)
    expect(reader.status).toBe(200)
    expect(reader.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'x-accel-buffering': 'no',
      'cache-control': 'private, no-store',
      'x-content-type-options': 'nosniff',
    })
    expect(reader.headers['content-encoding']).toBeUndefined()
    expect(await reader.next()).toMatchObject({
      id: 1,
      type: 'state',
      data: { type: 'state', state: 'queued' },
    })
    const { run, lease } = await service.claim()
    expect(run.id).toBe(id)
    expect(await reader.next()).toMatchObject({ id: 2, data: { state: 'starting', at: expect.any(String) } })
    await lease.appendEvents([{ type: 'cell-started', cell: 0 }, output('a\nb\r\n\n\u2028é')])
    expect(await reader.next()).toMatchObject({ id: 3, type: 'cell-started', data: { cell: 0 } })
    expect(await reader.next()).toMatchObject({
      id: 4,
      type: 'output',
      data: { change: { output: { text: 'a\nb\r\n\n\u2028é' } } },
    })
    const metrics = await (await fetch(`${service.runner.url}/metrics`)).text()
    expect(metrics).toMatch(/^notebook_event_lag_seconds_count [1-9]/m)
    await lease.finish({ state: 'succeeded' })
    expect(await reader.next()).toMatchObject({ id: 5, data: { state: 'succeeded' } })
    expect(await reader.next()).toBeUndefined()
  })

  it('go on after the number that the reader had last, by header or address', async () => {
    const { id, lease } = await started()
    await lease.appendEvents([{ type: 'note', text: 'three' }])
    await lease.finish({ state: 'cancelled' })
    const numbers = async (headers: Record<string, string>, query = '') => {
      await using reader = await watch(id, headers, query)
      const all = await Array.fromAsync(reader)
      return [reader.status, ...all.map((event) => event.id)]
    }
    expect(await numbers({})).toEqual([200, 1, 2, 3, 4])
    expect(await numbers({ 'last-event-id': '2' })).toEqual([200, 3, 4])
    expect(await numbers({}, '?after=3')).toEqual([200, 4])
    expect(await numbers({ 'last-event-id': '3' }, '?after=1')).toEqual([200, 4])
    expect(await numbers({ 'last-event-id': '4' })).toEqual([204])
    expect(await numbers({ 'last-event-id': '99' })).toEqual([204])
  })

  it('tell the end although they are not kept any more', async () => {
    const { id, lease } = await started()
    await lease.finish({ state: 'failed', reason: 'timeout', message: 'It took too long.' })
    await service.database.query({ text: 'DELETE FROM run_event WHERE run_id = $1', values: [id] })
    await using reader = await watch(id)
    expect(await reader.next()).toMatchObject({
      id: 2,
      type: 'note',
      data: { text: expect.stringContaining('not kept any more') },
    })
    expect(await reader.next()).toMatchObject({
      id: 3,
      type: 'state',
      data: { state: 'failed', reason: 'timeout', message: 'It took too long.' },
    })
    expect(await reader.next()).toBeUndefined()
  })

  it.each(['x', '-1', '1.5', '99999999999999999999'])('are not sent after %j', async (last) => {
    const { jobID } = await accept()
    const response = await service.runner.fetch(`/jobs/${jobID}/events`, {
      headers: { ...bearer, 'last-event-id': last },
    })
    expect([response.status, (await problemOf(response)).type]).toEqual([
      400,
      'urn:notebook-runner:problem:invalid-request',
    ])
  })

  it('reach many at once, and each is counted while there', async () => {
    const { id, lease } = await started()
    const readers = await Promise.all(Array.from({ length: 100 }, () => watch(id)))
    expect(await watchers()).toBe(100)
    await lease.appendEvents([{ type: 'note', text: 'hello' }])
    await lease.finish({ state: 'succeeded' })
    const seen = await Promise.all(readers.map((reader) => Array.fromAsync(reader)))
    expect(seen.every((events) => events.map((event) => event.id).join() === '1,2,3,4')).toBe(true)
    await expect.poll(watchers).toBe(0)
  })

  it('are followed no longer once the reader has gone', async () => {
    const { jobID } = await accept()
    await using reader = await watch(jobID)
    await reader.next()
    expect(await watchers()).toBe(1)
    await reader[Symbol.asyncDispose]()
    await expect.poll(watchers, { timeout: 20_000 }).toBe(0)
  })

  it('wait for a slow reader in the database, not in memory', async () => {
    const { id, lease } = await started()
    const { hostname, port } = new URL(service.runner.url)
    const socket = connect(Number(port), hostname)
    socket.write(
      `GET /jobs/${id}/events HTTP/1.1\r\nhost: ${hostname}:${port}\r\nauthorization: ${bearer.authorization}\r\n\r\n`,
    )
    socket.pause()
    const before = heldBytes()
    const text = 'x'.repeat(1_000_000)
    for (let count = 0; count < 60; count++) await lease.appendEvents([output(text)])
    expect(heldBytes() - before).toBeLessThan(30_000_000)
    await lease.finish({ state: 'succeeded' })
    let bytes = 0
    const ended = Promise.withResolvers<void>()
    let tail = ''
    socket.on('data', (chunk) => {
      bytes += chunk.length
      tail = `${tail}${chunk.toString('latin1')}`.slice(-500)
      if (tail.includes('"state":"succeeded"')) ended.resolve()
    })
    socket.resume()
    await ended.promise
    expect(bytes).toBeGreaterThan(60_000_000)
    socket.destroy()
  }, 120_000)
})

it('ends for all who watch when the service stops', async () => {
  await using other = await startRunService()
  const headers = { authorization: `Bearer ${other.runner.token}` }
  const response = await other.runner.fetch(
    '/processes/cog_preview/execution?cog_url=https://example.org/a.tif',
    { headers },
  )
  const { jobID } = await jobOf(response)
  await using reader = await readEvents(`${other.runner.url}/jobs/${jobID}/events`, headers)
  await reader.next()
  const waiting = other.runner.fetch('/processes/cog_preview/execution?cog_url=https://example.org/b.tif', {
    headers: { ...headers, prefer: 'wait=60' },
  })
  await expect.poll(async () => (await other.database.query({ text: 'SELECT id FROM run' })).length).toBe(2)
  const stopped = other.runner[Symbol.asyncDispose]()
  expect(await reader.next()).toBeUndefined()
  expect((await waiting).status).toBe(201)
  await stopped
})

it('shows every 15 s that it is there, and looks every minute whether the reader may still see the run', async () => {
  await using shared = await startSharedRunService()
  const { runner, issuer } = shared
  // Clocks may differ by 30 s.
  const now = Math.floor(Date.now() / 1000)
  const claims = { sub: 'sub-alice', preferred_username: 'alice', workspaces: ['alice-ws'], exp: now - 20 }
  const headers = { authorization: `Bearer ${await issuer.mint({ claims })}` }
  const path = '/processes/cog_preview/execution?cog_url=https://example.org/a.tif'
  const { jobID } = await jobOf(await runner.fetch(path, { headers }))
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  try {
    await using reader = await readEvents(`${runner.url}/jobs/${jobID}/events`, headers)
    await reader.next()
    vi.advanceTimersByTime(15_000)
    const end = reader.next()
    await expect.poll(reader.text).toContain(': here\n\n')
    vi.advanceTimersByTime(45_000)
    // Allowed still, so the answer to this goes on.
    await expect
      .poll(async () => (await runner.fetch('/jobs', { headers })).status, { timeout: 90_000 })
      .toBe(401)
    vi.advanceTimersByTime(60_000)
    expect(await end).toBeUndefined()
  } finally {
    vi.useRealTimers()
  }
}, 180_000)
