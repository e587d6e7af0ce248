import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PersonLimits } from '../../src/http/person-limits.ts'
import { jobOf, problemOf } from '../support/answers.ts'
import { startSharedRunService } from '../support/run-service.ts'
import { callerOf } from '../support/runs.ts'

describe('a limit of requests', () => {
  const alice = { ...callerOf('ws'), subject: 'alice' }
  const bob = { ...callerOf('ws'), subject: 'bob' }
  const refused = (retryAfter: number) => expect.objectContaining({ code: 'too-many-requests', retryAfter })

  it('lets a tenth of a minute’s come at once, and then as many as the minute has', () => {
    const limits = new PersonLimits({ requestsPerMinute: 600, streams: undefined })
    for (let index = 0; index < 60; index++) limits.request(alice, 1_000)
    expect(() => limits.request(alice, 1_000)).toThrow(refused(1))
    limits.request(alice, 1_100)
    expect(() => limits.request(alice, 1_100)).toThrow(refused(1))
    // An hour later it is no more than at the beginning.
    for (let index = 0; index < 60; index++) limits.request(alice, 3_600_000)
    expect(() => limits.request(alice, 3_600_000)).toThrow(refused(1))
  })

  it('is each person’s own, by issuer and subject', () => {
    const limits = new PersonLimits({ requestsPerMinute: 1, streams: undefined })
    limits.request(alice, 0)
    limits.request(bob, 0)
    limits.request({ ...alice, issuer: 'https://other.example' }, 0)
    expect(() => limits.request(alice, 0)).toThrow(refused(60))
    expect(() => limits.request({ ...alice, user: 'another name' }, 30_000)).toThrow(refused(30))
  })

  it('is none where none is set', () => {
    const limits = new PersonLimits({ requestsPerMinute: undefined, streams: undefined })
    for (let index = 0; index < 10_000; index++) limits.request(alice, 0)
  })

  it('counts what is open', () => {
    const limits = new PersonLimits({ requestsPerMinute: undefined, streams: 2 })
    const [first, second] = [limits.stream(alice), limits.stream(alice)]
    expect(() => limits.stream(alice)).toThrow(refused(10))
    limits.stream(bob)[Symbol.dispose]()
    first[Symbol.dispose]()
    const third = limits.stream(alice)
    expect(() => limits.stream(alice)).toThrow(refused(10))
    second[Symbol.dispose]()
    third[Symbol.dispose]()
    limits.stream(alice)
  })
})

describe('a service with limits', () => {
  let service: Awaited<ReturnType<typeof startSharedRunService>>
  let alice: string
  let bob: string
  beforeAll(async () => {
    service = await startSharedRunService({
      MAX_REQUESTS: '300',
      MAX_EVENT_STREAMS: '1',
      MAX_QUEUED_RUNS: '2',
    })
    ;[alice, bob] = await Promise.all([tokenOf('alice'), tokenOf('bob')])
  })
  afterAll(() => service?.[Symbol.asyncDispose]())

  const tokenOf = (user: string) =>
    service.issuer.mint({ claims: { sub: user, preferred_username: user, workspaces: [`${user}-ws`] } })
  const send = (token: string, path: string, body?: object, key?: string) =>
    service.runner.fetch(path, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(key !== undefined && { 'idempotency-key': key }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
  const inputs = (name: string) => ({ inputs: { cog_url: `https://example.org/${name}.tif` } })
  const execute = (token: string, body: object, key?: string) =>
    send(token, '/processes/cog_preview/execution', body, key)

  it('queues so many runs of a person, also by a sweep and by repeating', async () => {
    const first = await jobOf(await execute(alice, inputs('a')))
    const { jobID } = await jobOf(await execute(alice, inputs('b')))
    const third = await execute(alice, inputs('c'))
    expect([third.status, third.headers.get('retry-after')]).toEqual([429, '30'])
    expect(await problemOf(third)).toMatchObject({
      code: 'too-many-runs',
      detail: expect.stringContaining('2 runs'),
    })
    const sweep = {
      inputs: {},
      each: { cog_url: ['https://example.org/1.tif', 'https://example.org/2.tif'] },
    }
    expect((await execute(alice, sweep)).status).toBe(429)
    expect((await send(alice, `/jobs/${jobID}/rerun`, {})).status).toBe(429)
    expect((await execute(bob, inputs('a'))).status).toBe(201)

    const { lease } = await service.claim()
    expect(lease.runId).toBe(first.jobID)
    await lease.finish({ state: 'succeeded' })
    expect((await execute(alice, inputs('c'))).status).toBe(201)
  })

  it('gives what was accepted before under the same key, however many are queued', async () => {
    const [carol, dave] = await Promise.all([tokenOf('carol'), tokenOf('dave')])
    const run = await jobOf(await execute(carol, inputs('a'), 'run'))
    const rerun = (key: string) => send(carol, `/jobs/${run.jobID}/rerun`, {}, key)
    const again = await jobOf(await rerun('again'))
    expect((await execute(carol, inputs('a'), 'new')).status).toBe(429)
    expect((await rerun('new')).status).toBe(429)
    expect((await jobOf(await execute(carol, inputs('a'), 'run'))).jobID).toBe(run.jobID)
    expect((await jobOf(await rerun('again'))).jobID).toBe(again.jobID)
    expect((await execute(carol, inputs('b'), 'run')).status).toBe(409)

    const sweep = (key: string, ...names: string[]) =>
      execute(
        dave,
        { inputs: {}, each: { cog_url: names.map((name) => `https://example.org/${name}.tif`) } },
        key,
      )
    const first = await sweep('sweep', '1', '2')
    const same = await sweep('sweep', '1', '2')
    expect([first.status, same.status]).toEqual([201, 201])
    expect(same.headers.get('location')).toBe(first.headers.get('location'))
    expect((await sweep('new', '1', '2')).status).toBe(429)
    expect((await sweep('sweep', '1', '3')).status).toBe(409)
  })

  it('has one stream open for each person', async () => {
    const { jobs } = JSON.parse(await (await send(bob, '/jobs')).text())
    const path = `/jobs/${jobs[0].jobID}/events`
    const open = async () => {
      const controller = new AbortController()
      const headers = { authorization: `Bearer ${bob}` }
      const response = await fetch(`${service.runner.url}${path}`, { headers, signal: controller.signal })
      return { response, close: () => controller.abort() }
    }
    const first = await open()
    expect(first.response.status).toBe(200)
    const second = await open()
    expect([second.response.status, second.response.headers.get('retry-after')]).toEqual([429, '10'])
    expect((await problemOf(second.response)).code).toBe('too-many-requests')
    first.close()
    await expect
      .poll(async () => {
        const { response, close } = await open()
        close()
        return response.status
      })
      .toBe(200)
  })

  it('answers so many requests of a person, and others meanwhile', async () => {
    const statuses = await Promise.all(
      Array.from({ length: 60 }, () => send(alice, '/jobs').then(({ status }) => status)),
    )
    expect(new Set(statuses)).toEqual(new Set([200, 429]))
    expect(statuses.filter((status) => status === 200).length).toBeLessThan(50)
    const refused = await send(alice, '/processes')
    expect(refused.headers.get('retry-after')).toBe('1')
    expect((await send(bob, '/jobs')).status).toBe(200)
    expect((await service.runner.fetch('/livez')).status).toBe(200)
  })
})
