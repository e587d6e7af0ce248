import { inflateRawSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BatchInfo } from '../../src/http/job-schema.ts'
import type { RunEnd } from '../../src/run/run.ts'
import { batchOf, jobsOf, problemOf } from '../support/answers.ts'
import { type SweepService, startSweepService } from '../support/sweep-service.ts'

const LINK = '/run/notebook/season?_mode=execute&_workspace=team'
const NOBODYS = '01890000-0000-7000-8000-000000000000'
const PAGE = { accept: 'text/html' }
const PERSON = {
  ...PAGE,
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
  'sec-fetch-site': 'same-origin',
  'sec-fetch-user': '?1',
}
const FAILED: RunEnd = { state: 'failed', reason: 'cell-error', message: 'Cell 2 failed.' }

let sweeps: SweepService
let alice: string
let bob: string
let mallory: string
let send: SweepService['send']
beforeAll(async () => {
  sweeps = await startSweepService({ MAX_SWEEP_RUNS: '12' })
  ;({ alice, bob, mallory, send } = sweeps)
})
afterAll(() => sweeps?.[Symbol.asyncDispose]())

const execute = (body: unknown, headers: Record<string, string> = {}) =>
  send(alice, 'POST', '/processes/season/execution', { body, headers })

const accept = async (each: Readonly<Record<string, readonly unknown[]>>): Promise<BatchInfo> =>
  batchOf(await execute({ each, workspace: 'team' }))

/** The values of the runs, in their order. */
const valuesOf = ({ runs }: BatchInfo) => runs.map(({ values }) => values)

/** The runs of the sweep are worked on in their order; those that others left are ended. */
async function work({ id }: BatchInfo, ends: readonly RunEnd[]): Promise<void> {
  for (const end of ends) {
    for (;;) {
      const claim = await sweeps.service.claim()
      await claim.lease.finish(claim.run.batchId === id ? end : { state: 'succeeded' })
      if (claim.run.batchId === id) break
    }
  }
}

describe('a sweep by a link', () => {
  it('is made for a program, which is led to it', async () => {
    const response = await send(alice, 'GET', `${LINK}&_each=year&year=2019..2021&title=A`)
    expect(response.status).toBe(303)
    const batch = await batchOf(response)
    expect(response.headers.get('location')).toBe(`../../batches/${batch.id}`)
    expect(batch).toMatchObject({
      processID: 'season',
      workspace: 'team',
      owner: 'alice',
      each: ['year'],
      total: 3,
      states: { queued: 3 },
      progress: 0,
    })
    expect(valuesOf(batch)).toEqual([{ year: 2019 }, { year: 2020 }, { year: 2021 }])
    const { jobs } = await jobsOf(await send(alice, 'GET', `/jobs?batch=${batch.id}`))
    expect(jobs.map(({ parameters }) => [parameters['title'], parameters['year']]).reverse()).toEqual([
      ['A', 2019],
      ['A', 2020],
      ['A', 2021],
    ])
  })

  it('injects the values of each run into its own notebook', async () => {
    const response = await send(alice, 'GET', `${LINK}&_each=year&year=1,2`)
    const { runs } = await batchOf(response)
    const texts = await Promise.all(
      runs.map(async ({ id }) => (await send(alice, 'GET', `/jobs/${id}/notebook`)).text()),
    )
    expect(texts.map((text) => /"year = (\d+)\\n"/.exec(text)?.[1])).toEqual(['1', '2'])
    expect(new Set(texts.map((text) => /"output_path": "(.*)"/.exec(text)?.[1])).size).toBe(2)
  })

  it('is the product of several, in which the first changes last', async () => {
    const batch = await batchOf(
      await send(alice, 'GET', `${LINK}&_each=season,day&season=summer,spring&day=2024-02-28..2024-03-01`),
    )
    expect(batch.each).toEqual(['season', 'day'])
    expect(valuesOf(batch).map(({ season, day }) => `${season} ${day}`)).toEqual([
      'summer 2024-02-28',
      'summer 2024-02-29',
      'summer 2024-03-01',
      'spring 2024-02-28',
      'spring 2024-02-29',
      'spring 2024-03-01',
    ])
  })

  it('takes lists for an input that is one, each where its name is repeated', async () => {
    const batch = await batchOf(await send(alice, 'GET', `${LINK}&_each=bbox&bbox=1,2,3,4&bbox=5,6,7,8`))
    expect(valuesOf(batch)).toEqual([{ bbox: [1, 2, 3, 4] }, { bbox: [5, 6, 7, 8] }])
  })

  it('waits for the click of a person, who is told how many runs it makes', async () => {
    const query = '&_each=year&_each=bbox&year=2019..2021&bbox=1,2,3,4&bbox=5,6,7,8'
    const response = await send(alice, 'GET', `${LINK}${query}`, { headers: PERSON })
    expect(response.status).toBe(200)
    expect(await response.text()).toContain('<div id="root"></div>')
    const asked = new URL(`${LINK}${query}`, 'http://localhost').search.slice(1)
    const plan = await send(alice, 'POST', '/processes/season/plan', { body: { query: asked } })
    expect(await plan.json()).toMatchObject({
      runs: 6,
      each: ['year', 'bbox'],
      workspace: 'team',
      limits: { runSeconds: 86_400 },
    })
  })

  it('tells a person what is wrong', async () => {
    const response = await send(alice, 'GET', `${LINK}&_each=year&year=2019,x`, { headers: PERSON })
    expect(response.status).toBe(400)
    const plan = await send(alice, 'POST', '/processes/season/plan', {
      body: { query: '_workspace=team&_each=year&year=2019,x' },
    })
    expect((await problemOf(plan)).errors).toMatchObject([{ name: 'year' }])
  })

  it('is no preparation', async () => {
    const response = await send(alice, 'GET', '/run/notebook/season?_workspace=team&_each=year&year=1,2')
    expect((await problemOf(response)).errors).toMatchObject([{ name: '_each', fault: 'invalid' }])
  })

  it('is refused with all its faults at once', async () => {
    const query = '&_each=yaer&_each=day,season,title&year=2019,x&day=2024-02-30&season=summer,summer'
    const problem = await problemOf(await send(alice, 'GET', `${LINK}${query}&_kernl=a&scal=1`))
    expect(problem.errors?.map(({ name, fault }) => `${fault} ${name}`).sort()).toEqual([
      'invalid day',
      'invalid year',
      'missing title',
      'repeated season',
      'unknown _each',
      'unknown _kernl',
      'unknown scal',
    ])
    expect(problem.errors).toContainEqual(expect.objectContaining({ name: '_each', nearest: 'year' }))
  })

  it.each([
    ['year=1..13', 'year: it has 13 values, and a sweep has 12 runs at most.'],
    ['year=1..4&day=2024-01-01..2024-01-04&_each=day', '4 × 4 = 16 runs, and 12 is the most'],
  ])('has a set number of runs at most: %s', async (query, message) => {
    const problem = await problemOf(await send(alice, 'GET', `${LINK}&_each=year&${query}`))
    expect(problem.detail).toContain(message)
  })

  it('asks for the workspace where there are several', async () => {
    const response = await send(alice, 'GET', '/run/notebook/season?_mode=execute&_each=year&year=1,2')
    expect([response.status, (await problemOf(response)).choices]).toEqual([409, ['alice-ws', 'team']])
  })
})

describe('a sweep by POST', () => {
  it('has a list of values for each name, and says where it is', async () => {
    const body = { inputs: { title: 'A' }, each: { year: [2019, 2020], scale: [1, 2.5] }, workspace: 'team' }
    const response = await execute(body, { prefer: 'respond-async, wait=30' })
    const batch = await batchOf(response)
    expect([response.status, response.headers.get('location')]).toEqual([
      201,
      `${sweeps.service.runner.url}/batches/${batch.id}`,
    ])
    expect(response.headers.get('preference-applied')).toBe('respond-async')
    expect(valuesOf(batch)).toHaveLength(4)
  })

  it('keeps numbers as the schema has them', async () => {
    const text = await (await execute({ each: { scale: [1, 2] }, workspace: 'team' })).text()
    expect(text).toContain('"values":{"scale":1.0}')
  })

  it('takes the query of a link in its place, for itself', async () => {
    const query = '_each=year&year=2019..2020&_workspace=team'
    expect(valuesOf(await batchOf(await execute({ query })))).toEqual([{ year: 2019 }, { year: 2020 }])
    expect((await execute({ query, each: { year: [1] } })).status).toBe(400)
  })

  it('is the same for the same key', async () => {
    const key = { 'idempotency-key': 'sweep' }
    const ask = (years: readonly number[]) => execute({ each: { year: years }, workspace: 'team' }, key)
    const [first, second] = await Promise.all([ask([1, 2]), ask([1, 2])])
    expect((await batchOf(first)).id).toBe((await batchOf(second)).id)
    expect((await ask([1, 3])).status).toBe(409)
  })

  it.each([
    ['each is no object', { each: [1] }, undefined],
    ['a text where a list is', { each: { year: '2019..2020' } }, 'year'],
    ['an empty list', { each: { year: [] } }, 'year'],
    ['a value of another type', { each: { year: [2019, '2020'] } }, 'year'],
    ['an input that is given twice', { inputs: { year: 1 }, each: { year: [1, 2] } }, 'year'],
    ['a name that there is not', { each: { nobody: [1] } }, 'each'],
    ['too many', { each: { year: Array.from({ length: 13 }, (_, year) => year) } }, 'year'],
    ['null', { each: { bbox: [null, [1, 2, 3, 4]] } }, 'bbox'],
  ])('is refused: %s', async (_, body, name) => {
    const response = await execute({ ...body, workspace: 'team' })
    expect(response.status).toBe(400)
    const { errors } = await problemOf(response)
    expect(errors?.map((error) => error.name)).toEqual(name === undefined ? undefined : [name])
  })
})

describe('/batches/{id}', () => {
  it('shows how far it is: as JSON, and as a page', async () => {
    const batch = await accept({ year: [2019, 2020, 2021] })
    await work(batch, [{ state: 'succeeded' }, FAILED])
    const path = `/batches/${batch.id}`
    const now = await batchOf(await send(bob, 'GET', path))
    expect(now).toMatchObject({ states: { succeeded: 1, failed: 1, queued: 1 }, progress: 66 })
    expect(now.runs.map(({ state, values }) => [values['year'], state])).toEqual([
      [2019, 'succeeded'],
      [2020, 'failed'],
      [2021, 'queued'],
    ])
    const page = await send(bob, 'GET', path, { headers: PAGE })
    expect([page.status, page.headers.get('vary')]).toEqual([200, 'Accept, Cookie, Authorization'])
  })

  it('cancels all that has not ended', async () => {
    const batch = await accept({ year: [1, 2] })
    await work(batch, [{ state: 'succeeded' }])
    const response = await send(bob, 'DELETE', `/batches/${batch.id}`)
    expect((await batchOf(response)).states).toEqual({ succeeded: 1, cancelled: 1 })
  })

  it('runs again what failed, and nothing else, in its place', async () => {
    const batch = await accept({ year: [1, 2, 3] })
    await work(batch, [FAILED, { state: 'succeeded' }, FAILED])
    const retry = () => send(bob, 'POST', `/batches/${batch.id}/retry`)
    const before = await batchOf(await send(bob, 'GET', `/batches/${batch.id}`))
    const now = await batchOf(await retry())
    expect(now).toMatchObject({ total: 3, states: { succeeded: 1, queued: 2 } })
    expect(now.runs.map(({ state, values }) => [values['year'], state])).toEqual([
      [1, 'queued'],
      [2, 'succeeded'],
      [3, 'queued'],
    ])
    expect(now.runs.map(({ retryOf }) => retryOf)).toEqual([
      before.runs[0]?.id,
      undefined,
      before.runs[2]?.id,
    ])
    expect((await batchOf(await retry())).states).toEqual(now.states)
    await work(batch, [FAILED, { state: 'succeeded' }])
    const again = await batchOf(await retry())
    expect(again.runs.map(({ state }) => state)).toEqual(['queued', 'succeeded', 'succeeded'])
  })

  it.each([
    ['GET', ''],
    ['GET', '/archive'],
    ['DELETE', ''],
    ['POST', '/retry'],
  ])('is nothing to others: %s %s', async (method, more) => {
    const { id } = await accept({ year: [1] })
    for (const one of [id, NOBODYS, 'x', id.toUpperCase()]) {
      const response = await send(mallory, method, `/batches/${one}${more}`)
      expect([response.status, (await problemOf(response)).type]).toEqual([
        404,
        'urn:notebook-runner:problem:no-such-batch',
      ])
    }
    expect((await batchOf(await send(alice, 'GET', `/batches/${id}`))).states).toEqual({ queued: 1 })
  })

  it.each([
    ['DELETE', ''],
    ['POST', '/retry'],
  ])('does not act for a page of another site: %s %s', async (method, more) => {
    const { id } = await accept({ year: [1] })
    const headers = { 'sec-fetch-site': 'cross-site', cookie: 'a=b' }
    expect((await send(alice, method, `/batches/${id}${more}`, { headers })).status).toBe(403)
    const own = { 'sec-fetch-site': 'same-origin', cookie: 'a=b' }
    expect((await send(alice, method, `/batches/${id}${more}`, { headers: own })).status).toBe(200)
  })
})

describe('the archive of a sweep', () => {
  it('says what is missing, and why', async () => {
    const batch = await accept({ year: [1, 2] })
    await work(batch, [{ state: 'succeeded' }])
    const response = await send(bob, 'GET', `/batches/${batch.id}/archive`)
    expect(response.headers.get('content-type')).toBe('application/zip')
    expect(response.headers.get('content-disposition')).toBe(`attachment; filename=season-${batch.id}.zip`)
    expect(response.headers.get('content-security-policy')).toContain('sandbox')
    // Its notebook was never stored, and the other run has not ended: all that there is to tell is in runs.json.
    const text = inflated(Buffer.from(await response.arrayBuffer()))
    expect(JSON.parse(text)).toMatchObject({
      notebook: 'season',
      runs: [
        {
          values: { year: 1 },
          state: 'succeeded',
          folder: '001 year=1',
          missing: [{ path: 'season.ipynb', why: 'it is not in the workspace any more' }],
        },
        { values: { year: 2 }, state: 'queued', missing: [] },
      ],
    })
  })
})

/** The content of a zip's only entry, from after its local header (APPNOTE.TXT, 4.3.7). */
function inflated(zip: Buffer): string {
  const start = 30 + zip.readUInt16LE(26) + zip.readUInt16LE(28)
  return inflateRawSync(zip.subarray(start)).toString()
}
