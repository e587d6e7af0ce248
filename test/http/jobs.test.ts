import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { StatusInfo } from '../../src/http/job-schema.ts'
import { batchStore } from '../../src/run/batch.ts'
import type { Claim } from '../../src/run/queue.ts'
import { batchOf, jobOf, jobsOf, problemOf } from '../support/answers.ts'
import { startSharedRunService } from '../support/run-service.ts'
import { newExecution } from '../support/runs.ts'

const NOBODYS = '01890000-0000-7000-8000-000000000000'

let service: Awaited<ReturnType<typeof startSharedRunService>>
let alice: string
let bob: string

beforeAll(async () => {
  service = await startSharedRunService()
  alice = await tokenOf('alice', 'alice-ws')
  bob = await tokenOf('bob', 'bob-ws')
})
afterAll(() => service?.[Symbol.asyncDispose]())

const tokenOf = (user: string, ...workspaces: string[]) =>
  service.issuer.mint({ claims: { sub: `sub-${user}`, preferred_username: user, workspaces } })

function send(
  method: string,
  token: string,
  path: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  return service.runner.fetch(path, { method, headers: { authorization: `Bearer ${token}`, ...headers } })
}
const get = (token: string, path: string, headers?: Record<string, string>) =>
  send('GET', token, path, headers)

async function accept(token: string, inputs: Readonly<Record<string, unknown>> = {}): Promise<StatusInfo> {
  const response = await service.runner.fetch('/processes/cog_preview/execution', {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ inputs: { cog_url: 'https://example.org/a.tif', ...inputs } }),
  })
  return jobOf(response)
}

/** Until it is the turn of that run. Those before it are ended. */
async function claim({ jobID }: StatusInfo): Promise<Claim> {
  for (;;) {
    const next = await service.claim()
    if (next.run.id === jobID) return next
    await next.lease.finish({ state: 'succeeded' })
  }
}

describe('a run', () => {
  it('tells how it stands, from the queue to its end', async () => {
    const run = await accept(alice)
    const path = `/jobs/${run.jobID}`
    expect(await jobOf(await get(alice, path))).toMatchObject({
      status: 'accepted',
      state: 'queued',
      waiting: { position: 1, reason: 'no-worker', message: 'there is no worker at the moment' },
      owner: 'alice',
      workspace: 'alice-ws',
    })
    expect((await problemOf(await get(alice, `${path}/results`))).code).toBe('result-not-ready')

    const { lease } = await claim(run)
    await lease.appendEvents([
      { type: 'state', state: 'running' },
      { type: 'progress', done: 1, total: 3 },
    ])
    const running = await jobOf(await get(alice, path))
    expect(running).toMatchObject({
      status: 'running',
      state: 'running',
      progress: 33,
      cells: { done: 1, total: 3 },
    })
    expect(running.waiting).toBeUndefined()
    expect(running.links.some(({ rel }) => rel.endsWith('/results'))).toBe(false)

    await lease.finish({ state: 'failed', reason: 'cell-error', message: 'Cell 2 raised ValueError: x' })
    const failed = await jobOf(await get(alice, path))
    expect(failed).toMatchObject({
      status: 'failed',
      state: 'failed',
      reason: 'cell-error',
      message: 'Cell 2 raised ValueError: x',
      progress: 33,
    })
    expect(failed.finished).toBeDefined()
    const base = service.runner.url
    expect(failed.links).toEqual(
      expect.arrayContaining([
        { rel: 'self', type: 'application/json', href: `${base}${path}` },
        { rel: 'alternate', type: 'text/html', href: `${base}${path}?f=html` },
        {
          rel: 'http://www.opengis.net/def/rel/ogc/1.0/results',
          type: 'application/json',
          href: `${base}${path}/results`,
        },
        {
          rel: 'urn:notebook-runner:rel:view',
          type: 'text/html',
          href: `${base}/view-notebook/cog_preview/${run.jobID}?workspace=alice-ws`,
        },
      ]),
    )
    const results = await get(alice, `${path}/results`)
    expect(results.status).toBe(422)
    expect(await results.json()).toMatchObject({
      code: 'run-failed',
      reason: 'cell-error',
      results: {
        notebook: { href: `${base}${path}/notebook`, type: 'application/x-ipynb+json' },
        view: { type: 'text/html' },
      },
    })
  })

  it('has its notebook, as it was accepted until something is stored', async () => {
    const { jobID } = await accept(alice)
    const response = await get(alice, `/jobs/${jobID}/notebook`)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('application/x-ipynb+json')
    expect(response.headers.get('content-disposition')).toBe(
      `attachment; filename="cog_preview-${jobID}.ipynb"`,
    )
    expect(JSON.stringify(await response.json())).toContain('https://example.org/a.tif')
    const prepared = await get(alice, '/run/notebook/cog_preview?cog_url=https://example.org/b.tif')
    const { jobID: id } = JSON.parse(await prepared.text())
    expect(await (await get(alice, `/jobs/${id}/notebook`)).text()).toContain('https://example.org/b.tif')
  })

  it('does not exist for others, whatever they do with it', async () => {
    const { jobID } = await accept(alice)
    for (const path of ['', '/results', '/notebook', '/thumbnail', '/events']) {
      for (const [token, id] of [
        [bob, jobID],
        [alice, NOBODYS],
        [alice, jobID.toUpperCase()],
        [alice, 'x'],
        [alice, '%00'],
      ]) {
        const response = await get(token ?? '', `/jobs/${id}${path}`)
        expect([path, id, response.status]).toEqual([path, id, 404])
        expect((await problemOf(response)).code).toBe('no-such-run')
      }
    }
    expect((await send('DELETE', bob, `/jobs/${jobID}`)).status).toBe(404)
    expect((await jobOf(await get(alice, `/jobs/${jobID}`))).state).toBe('queued')
    expect((await service.runner.fetch(`/jobs/${jobID}`)).status).toBe(401)
    const { jobs } = await jobsOf(await get(bob, '/jobs'))
    expect(jobs.every(({ workspace }) => workspace === 'bob-ws')).toBe(true)
  })

  it('is seen by all of its workspace', async () => {
    const { jobID } = await accept(alice)
    const carol = await tokenOf('carol', 'carol-ws', 'alice-ws')
    expect(await jobOf(await get(carol, `/jobs/${jobID}`))).toMatchObject({ owner: 'alice' })
  })
})

describe('values that the notebook has named', () => {
  it('are results by their names, as they were written', async () => {
    const run = await accept(alice)
    const { lease } = await claim(run)
    await lease.setScraps(
      new Map([
        ['first', '"replaced"'],
        ['second', '1'],
        ['third', '2'],
      ]),
    )
    await lease.setScraps(
      new Map([
        ['mean ndvi', '1.0'],
        ['notebook', '[12345678901234567890]'],
        ['__proto__', '{"a":null}'],
        ['large', undefined],
      ]),
    )
    await lease.finish({ state: 'succeeded' })
    const text = await (await get(alice, `/jobs/${run.jobID}/results`)).text()
    expect(text).toContain(
      '"mean ndvi":1.0,"scrap:notebook":[12345678901234567890],"__proto__":{"a":null},"large":{',
    )
    expect(JSON.parse(text)).toMatchObject({
      notebook: { title: 'The executed notebook' },
      large: { href: expect.stringMatching(/\/notebook$/), title: expect.stringContaining('Too large') },
    })
  })
})

describe('DELETE', () => {
  it('does only what is asked for, whatever became of the run meanwhile', async () => {
    const run = await accept(alice)
    const path = `/jobs/${run.jobID}`
    const early = await send('DELETE', alice, `${path}?only=ended`)
    expect([early.status, (await problemOf(early)).type]).toEqual([
      409,
      'urn:notebook-runner:problem:wrong-state',
    ])
    expect((await jobOf(await get(alice, path))).state).toBe('queued')
    await (await claim(run)).lease.finish({ state: 'succeeded' })
    const late = await send('DELETE', alice, `${path}?only=live`)
    expect([late.status, (await problemOf(late)).detail]).toEqual([
      409,
      'The run has ended already: there is nothing to cancel.',
    ])
    expect((await jobOf(await get(alice, path))).status).toBe('successful')
    expect((await send('DELETE', alice, `${path}?only=some`)).status).toBe(400)
    expect((await jobOf(await send('DELETE', alice, `${path}?only=ended`))).status).toBe('dismissed')
  })

  it('cancels what waits at once, and takes it out of the history at the second time', async () => {
    const { jobID } = await accept(alice)
    const first = await jobOf(await send('DELETE', alice, `/jobs/${jobID}`))
    expect(first).toMatchObject({ status: 'dismissed', state: 'cancelled' })
    expect(first.links.some(({ rel }) => rel.endsWith(':view'))).toBe(false)
    const listed = async () =>
      (await jobsOf(await get(alice, '/jobs?limit=1000'))).jobs.some((job) => job.jobID === jobID)
    expect(await listed()).toBe(true)
    await send('DELETE', alice, `/jobs/${jobID}`)
    expect(await listed()).toBe(false)
    expect((await jobOf(await get(alice, `/jobs/${jobID}`))).status).toBe('dismissed')
    expect((await get(alice, `/jobs/${jobID}/notebook`)).status).toBe(200)
  })

  it('asks the worker of one that goes', async () => {
    const run = await accept(alice)
    const { lease } = await claim(run)
    const asked = await jobOf(await send('DELETE', alice, `/jobs/${run.jobID}`))
    expect(asked).toMatchObject({ status: 'dismissed', state: 'starting' })
    expect(asked.cancelRequested).toBeDefined()
    expect(await lease.renew()).toEqual({ cancelRequested: true })
    await lease.finish({ state: 'cancelled' })
    expect(await jobOf(await get(alice, `/jobs/${run.jobID}`))).toMatchObject({ state: 'cancelled' })
  })

  it('does nothing for a page of another site, and purges nothing that goes on', async () => {
    const { jobID } = await accept(alice)
    const foreign = await send('DELETE', alice, `/jobs/${jobID}`, { origin: 'https://evil.example' })
    expect(foreign.status).toBe(403)
    expect((await send('DELETE', alice, `/jobs/${jobID}?purge`)).status).toBe(400)
    expect((await jobOf(await get(alice, `/jobs/${jobID}`))).state).toBe('queued')
  })
})

describe('the list', () => {
  let dora: string
  const ids: string[] = []

  beforeAll(async () => {
    dora = await tokenOf('dora', 'dora-ws')
    for (const url of ['a', 'b', 'c', 'd', 'e']) {
      ids.unshift((await accept(dora, { cog_url: `https://example.org/${url}.tif` })).jobID)
    }
    const ends = [{ state: 'succeeded' }, { state: 'failed', reason: 'timeout', message: 'Late.' }] as const
    for (const end of ends) {
      for (;;) {
        const { run, lease } = await service.claim()
        const hers = run.workspace === 'dora-ws'
        await lease.finish(hers ? end : { state: 'succeeded' })
        if (hers) break
      }
    }
  })

  const idsOf = async (query: string) =>
    (await jobsOf(await get(dora, `/jobs${query}`))).jobs.map(({ jobID }) => jobID)

  it('is newest first, a page at a time', async () => {
    const seen: string[] = []
    let url: string | undefined = `${service.runner.url}/jobs?limit=2&processID=cog_preview`
    for (let page = 0; url !== undefined && page < 9; page++) {
      const { jobs, links } = await jobsOf(await get(dora, url.slice(service.runner.url.length)))
      seen.push(...jobs.map(({ jobID }) => jobID))
      url = links.find(({ rel }) => rel === 'next')?.href
    }
    expect(seen).toEqual(ids)
  })

  it('is filtered by what OGC has, and by what only we know', async () => {
    const [e, d, c, b, a] = ids
    expect(await idsOf('?status=accepted')).toEqual([e, d, c])
    expect(await idsOf('?status=successful,failed')).toEqual([b, a])
    expect(await idsOf('?status=accepted&state=failed')).toEqual([])
    expect(await idsOf('?state=failed')).toEqual([b])
    expect(await idsOf('?type=process&processID=cog_preview,other')).toEqual(ids)
    expect(await idsOf('?type=other')).toEqual([])
    expect(await idsOf('?processID=other')).toEqual([])
    expect(await idsOf('?owner=dora')).toEqual(ids)
    expect(await idsOf('?owner=alice')).toEqual([])
    expect(await idsOf('?datetime=2020-01-01T00:00:00Z/..')).toEqual(ids)
    expect(await idsOf('?datetime=../2020-01-01')).toEqual([])
    expect(await idsOf('?datetime=2020-01-01/')).toEqual(ids)
    expect(await idsOf('?minDuration=0')).toEqual([b, a])
    expect(await idsOf('?maxDuration=0.000001')).toEqual([])
    expect(await idsOf('?minDuration=99999&maxDuration=')).toEqual([])
    expect(await idsOf('?parameter=cog_url:https://example.org/c.tif')).toEqual([c])
    expect(await idsOf(`?batch=${NOBODYS}`)).toEqual([])
    expect(await idsOf('?limit=100000')).toEqual(ids)
    expect(await idsOf('?limit=1')).toEqual([e])
    const response = await get(dora, '/jobs?type=other&f=json', { accept: 'text/html' })
    expect(response.headers.get('content-type')).toContain('application/json')
  })

  it('names each faulty filter', async () => {
    const bad =
      '?statu=x&status=done&state=ended&datetime=yesterday&minDuration=-1&maxDuration=x&limit=0&parameter=year&batch=1&owner=a&owner=b'
    const response = await get(dora, `/jobs${bad}`)
    expect(response.status).toBe(400)
    const { errors = [] } = await problemOf(response)
    expect(errors.map(({ name }) => name).sort()).toEqual(
      [
        'statu',
        'status',
        'state',
        'datetime',
        'minDuration',
        'maxDuration',
        'limit',
        'parameter',
        'batch',
        'owner',
      ].sort(),
    )
    expect(errors.find(({ name }) => name === 'statu')).toMatchObject({ nearest: 'status' })
  })

  it.each(['x', '', 'MSB4', 'A'.repeat(5000)])(
    'does not take the cursor %j for one of its own',
    async (cursor) => {
      const response = await get(dora, `/jobs?cursor=${cursor}`)
      expect(response.status).toBe(cursor === '' ? 200 : 400)
    },
  )

  it.each(['2026-13-01', '2026-01-01/2026-01-02/2026-01-03', '/', '../..', '2026-01-01T00:00:00', ''])(
    'with datetime=%j is an answer or a problem',
    async (datetime) => expect([200, 400]).toContain((await get(dora, `/jobs?datetime=${datetime}`)).status),
  )
})

describe('the pages', () => {
  const html = { accept: 'text/html' }

  it('show what a notebook says as text, never as HTML', async () => {
    const run = await accept(alice, { cog_url: 'https://example.org/<script>alert(1)</script>.tif' })
    const { lease } = await claim(run)
    await lease.finish({ state: 'failed', reason: 'cell-error', message: '<img src=x onerror=alert(1)>' })
    const response = await get(alice, `/jobs/${run.jobID}`, html)
    const text = await response.text()
    expect(response.status).toBe(200)
    expect(response.headers.get('cache-control')).toBe('private, no-store')
    expect(text).not.toContain('<script>alert')
    expect(text).not.toContain('<img src=x')
  })
})

describe('a sweep', () => {
  it('is told and cancelled, by its workspace alone', async () => {
    const scope = { issuer: service.issuer.url, subject: 'sub-alice', user: 'alice', workspace: 'alice-ws' }
    const { batch } = await batchStore(service.database).create(scope, {
      id: '01890000-0000-7000-8000-00000000000b',
      notebookId: 'cog_preview',
      each: ['year'],
      chosen: {},
      runs: [newExecution(), newExecution()],
    })
    const path = `/batches/${batch.id}`
    expect(await batchOf(await get(alice, path))).toMatchObject({
      processID: 'cog_preview',
      total: 2,
      states: { queued: 2 },
    })
    const { jobs } = await jobsOf(await get(alice, `/jobs?batch=${batch.id}`))
    expect(jobs.map((job) => job.batch)).toEqual([batch.id, batch.id])
    for (const [token, id] of [
      [bob, batch.id],
      [alice, NOBODYS],
      [alice, 'x'],
    ]) {
      expect((await get(token ?? '', `/batches/${id}`)).status).toBe(404)
      expect((await send('DELETE', token ?? '', `/batches/${id}`)).status).toBe(404)
    }
    expect((await send('DELETE', alice, path, { 'sec-fetch-site': 'cross-site' })).status).toBe(403)
    expect(await batchOf(await send('DELETE', alice, path))).toMatchObject({ states: { cancelled: 2 } })
  })
})
