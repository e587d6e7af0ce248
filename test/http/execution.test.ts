import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { jobOf, problemOf } from '../support/answers.ts'
import { type RunService, startRunService } from '../support/run-service.ts'

const PATH = '/processes/ndvi_calculation/execution'
const INPUTS = { cog_url: 'https://example.org/scene.tif', bbox: [-4.5, 53.1, -4.4, 53.2] }
const QUERY = 'cog_url=https://example.org/scene.tif&bbox=-4.5,53.1,-4.4,53.2'

let service: RunService
let bearer: { authorization: string }
let cookie: string

beforeAll(async () => {
  service = await startRunService()
  const { runner } = service
  bearer = { authorization: `Bearer ${runner.token}` }
  const traded = await runner.fetch(`/?token=${runner.token}`)
  cookie = traded.headers.get('set-cookie')?.split(';')[0] ?? ''
})
afterAll(() => service?.[Symbol.asyncDispose]())

async function count(): Promise<number> {
  const [row] = await service.database.query<{ count: number }>({
    text: "SELECT count(*)::integer AS count FROM run WHERE state <> 'prepared'",
  })
  return row?.count ?? -1
}

function post(body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return service.runner.fetch(PATH, {
    method: 'POST',
    headers: { ...bearer, 'content-type': 'application/json', ...headers },
    body: text,
  })
}

/** By now at most the runs of this test wait. */
async function finishAll(state: 'succeeded' | 'failed' = 'succeeded'): Promise<void> {
  for (;;) {
    const claim = await service.queue.claim({ id: 'test', kernelHost: 'test' })
    if (claim === undefined) return
    await claim.lease.finish(
      state === 'failed' ? { state, reason: 'cell-error', message: 'Cell 1 failed.' } : { state },
    )
  }
}

describe('POST /processes/{id}/execution', () => {
  it('accepts a run and says where it is', async () => {
    const response = await post({ inputs: INPUTS, response: 'document', outputs: {}, anything: 1 })
    expect(response.status).toBe(201)
    const info = await jobOf(response)
    expect(response.headers.get('location')).toBe(`${service.runner.url}/jobs/${info.jobID}`)
    expect(info).toMatchObject({
      id: info.jobID,
      processID: 'ndvi_calculation',
      type: 'process',
      processingEntityType: 'process',
      status: 'accepted',
      state: 'queued',
      workspace: 'local',
      parameters: { ...INPUTS },
      links: expect.arrayContaining([
        { rel: 'monitor', type: 'application/json', href: `${service.runner.url}/jobs/${info.jobID}` },
      ]),
    })
  })

  it('keeps numbers as they were written', async () => {
    const text = await (
      await post('{"inputs":{"cog_url":"https://example.org/a.tif","bbox":[1,2.0,3,4.50]}}')
    ).text()
    expect(text).toMatch(/"bbox":\[1(\.0)?,2\.0,3(\.0)?,4\.50?\]/)
  })

  it('takes the query of a link in its place, which says the same', async () => {
    const info = await (await post({ query: `${QUERY}&_workspace=local` })).json()
    expect(info).toMatchObject({ state: 'queued', parameters: INPUTS })
  })

  it.each([
    ['inputs that do not fit', { inputs: { cog_ur: 1, bbox: [1] } }, 400, 'invalid-parameters'],
    ['typed values as text', { inputs: { ...INPUTS, bbox: '1,2,3,4' } }, 400, 'invalid-parameters'],
    ['a reserved input', { inputs: { ...INPUTS, user: 'x' } }, 400, 'invalid-parameters'],
    ['inputs that are no object', { inputs: [1] }, 400, 'invalid-request'],
    ['a body that is no object', [], 400, 'invalid-request'],
    ['a body that is no JSON', '{"inputs":', 400, 'invalid-request'],
    [
      'a subscriber',
      { inputs: INPUTS, subscriber: { successUri: 'https://x.example' } },
      400,
      'invalid-request',
    ],
    ['inputs and a query', { inputs: INPUTS, query: QUERY }, 400, 'invalid-request'],
    ['a workspace that is no text', { inputs: INPUTS, workspace: 1 }, 400, 'invalid-request'],
    ['a workspace of others', { inputs: INPUTS, workspace: 'other' }, 404, 'not-found'],
    ['a kernel of another language', { inputs: INPUTS, kernel: 'ir' }, 400, 'invalid-parameters'],
    ['a link that prepares', { query: `${QUERY}&_mode=prepare` }, 400, 'invalid-request'],
    ['a link with a wrong control', { query: `${QUERY}&_kernl=x` }, 400, 'invalid-parameters'],
    ['a sweep', { query: `${QUERY}&_each=bbox` }, 400, 'invalid-parameters'],
  ])('refuses %s', async (_, body, status, code) => {
    const before = await count()
    const response = await post(body)
    expect([response.status, (await problemOf(response)).type]).toEqual([
      status,
      `urn:notebook-runner:problem:${code}`,
    ])
    expect(await count()).toBe(before)
  })

  it('names every faulty input at once', async () => {
    const { errors } = await problemOf(await post({ inputs: { cog_ur: 1, bbox: [1] } }))
    expect(errors?.map(({ name }) => name).sort()).toEqual(['bbox', 'cog_ur', 'cog_url'])
  })

  it('refuses a body that is not called JSON, an empty one, a large one, and controls in the address', async () => {
    const send = (headers: Record<string, string>, body?: string, path = PATH) =>
      service.runner.fetch(path, {
        method: 'POST',
        headers: { ...bearer, ...headers },
        ...(body !== undefined && { body }),
      })
    const text = JSON.stringify({ inputs: INPUTS })
    expect((await send({ 'content-type': 'text/plain' }, text)).status).toBe(415)
    expect((await send({ 'content-type': 'application/x-www-form-urlencoded' }, QUERY)).status).toBe(415)
    expect((await send({}, text)).status).toBe(415)
    expect((await send({})).status).toBe(400)
    expect((await send({ 'content-type': 'application/json' }, `"${'x'.repeat(2_000_000)}"`)).status).toBe(
      413,
    )
    expect(
      (await send({ 'content-type': 'application/json' }, text, `${PATH}?_workspace=local`)).status,
    ).toBe(400)
  })

  it('names the nearest notebook where there is none by that id', async () => {
    const response = await service.runner.fetch('/processes/ndvi_calculaton/execution', {
      method: 'POST',
      headers: { ...bearer, 'content-type': 'application/json' },
      body: '{}',
    })
    expect([response.status, (await problemOf(response)).nearest]).toEqual([404, 'ndvi_calculation'])
  })
})

describe('an idempotency key', () => {
  it('makes one run of a request that is repeated, and refuses another under the same key', async () => {
    const key = { 'idempotency-key': 'key-1' }
    const first = await jobOf(await post({ inputs: INPUTS }, key))
    const second = await post({ inputs: INPUTS }, key)
    expect([second.status, (await jobOf(second)).jobID]).toEqual([201, first.jobID])
    const third = await post({ inputs: { ...INPUTS, bbox: [1, 2, 3, 4] } }, key)
    expect([third.status, (await problemOf(third)).type]).toEqual([
      409,
      'urn:notebook-runner:problem:idempotency-conflict',
    ])
  })

  it('makes one run of many requests at once', async () => {
    const before = await count()
    const key = { 'idempotency-key': 'key-2' }
    const answers = await Promise.all(Array.from({ length: 8 }, () => post({ inputs: INPUTS }, key)))
    const ids = await Promise.all(answers.map(async (answer) => (await jobOf(answer)).jobID))
    expect(new Set(ids).size).toBe(1)
    expect(await count()).toBe(before + 1)
  })

  it.each(['', 'a b', 'x'.repeat(201), 'ä'])('is refused as %j', async (key) => {
    const response = await post(
      { inputs: INPUTS },
      { 'idempotency-key': Buffer.from(key).toString('latin1') },
    )
    expect(response.status).toBe(400)
  })
})

describe('Prefer', () => {
  it('respond-async is honoured, whatever is around it', async () => {
    for (const prefer of ['respond-async', 'respond-async ', 'Respond-Async; x=1, handling=lenient']) {
      const response = await post({ inputs: INPUTS }, { prefer })
      expect([response.status, response.headers.get('preference-applied')]).toEqual([201, 'respond-async'])
    }
  })

  it('wait answers with the results as soon as the run has succeeded', async () => {
    await finishAll()
    const answer = post({ inputs: INPUTS }, { prefer: 'wait=60' })
    await expect.poll(count).toBeGreaterThan(0)
    await expect
      .poll(
        async () =>
          (await service.queue.claim({ id: 'x', kernelHost: 'x' }))?.lease
            .finish({ state: 'succeeded' })
            .then(() => 'done'),
        { timeout: 30_000 },
      )
      .toBe('done')
    const response = await answer
    expect([response.status, response.headers.get('preference-applied')]).toEqual([200, 'wait=60'])
    expect(await response.json()).toMatchObject({ notebook: { href: expect.stringContaining('/notebook') } })
  })

  it('wait answers with the run where it failed, or did not end in time', async () => {
    await finishAll()
    const failed = post({ inputs: INPUTS }, { prefer: 'wait=60' })
    const end = { state: 'failed', reason: 'cell-error', message: 'Cell 1 failed.' } as const
    await expect
      .poll(
        async () =>
          (await service.queue.claim({ id: 'x', kernelHost: 'x' }))?.lease.finish(end).then(() => 'done'),
        { timeout: 30_000 },
      )
      .toBe('done')
    const answer = await failed
    expect(answer.status).toBe(201)
    expect(await answer.json()).toMatchObject({
      status: 'failed',
      reason: 'cell-error',
      message: 'Cell 1 failed.',
    })
    const late = await post({ inputs: INPUTS }, { prefer: 'respond-async, wait=0' })
    expect([late.status, late.headers.get('preference-applied')]).toEqual([201, 'respond-async'])
  })

  it.each(['wait=x', 'wait=-1', 'wait', ','])('%j is passed over', async (prefer) => {
    const response = await post({ inputs: INPUTS }, { prefer })
    expect([response.status, response.headers.get('preference-applied')]).toEqual([201, null])
  })
})

describe('GET /processes/{id}/execution', () => {
  it('acts for a program', async () => {
    const response = await service.runner.program(`${PATH}?${QUERY}`)
    expect(response.status).toBe(201)
    expect(await response.json()).toMatchObject({ state: 'queued', parameters: INPUTS })
  })

  it.each([
    [
      'a person',
      {
        accept: 'text/html',
        'sec-fetch-mode': 'navigate',
        'sec-fetch-dest': 'document',
        'sec-fetch-user': '?1',
      },
    ],
    ['a cookie', {}],
    ['an image', { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' }],
  ])('does not act for %s', async (_, headers) => {
    const before = await count()
    const response = await service.runner.fetch(`${PATH}?${QUERY}`, { headers: { ...headers, cookie } })
    expect(response.status).toBe(403)
    expect(await count()).toBe(before)
  })

  it('refuses a link that prepares', async () => {
    expect((await service.runner.program(`${PATH}?${QUERY}&_mode=prepare`)).status).toBe(400)
  })
})

describe('a POST that a browser sends', () => {
  const send = (headers: Record<string, string>) =>
    service.runner.fetch(PATH, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ inputs: INPUTS }),
    })

  it('acts with a cookie from a page of ours', async () => {
    const { origin } = new URL(service.runner.url)
    for (const headers of [
      { origin },
      { 'sec-fetch-site': 'same-origin' },
      { origin, 'sec-fetch-site': 'same-origin' },
    ])
      expect((await send({ cookie, ...headers })).status).toBe(201)
  })

  const foreign: ReadonlyArray<Record<string, string>> = [
    {},
    { origin: 'null' },
    { origin: 'https://evil.example' },
    { origin: 'http://127.0.0.1:1' },
    { origin: 'http://localhost.evil.example' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'none' },
    { 'sec-fetch-site': '' },
    { 'sec-fetch-site': 'same-origin, cross-site' },
    { referer: 'OWN' },
  ]
  it.each(foreign)('does not act with a cookie and %j', async (headers) => {
    const before = await count()
    const own = headers['referer'] === 'OWN' ? { referer: service.runner.url } : headers
    expect((await send({ cookie, ...own })).status).toBe(403)
    const { origin } = new URL(service.runner.url)
    if (headers['sec-fetch-site'] !== undefined)
      expect((await send({ cookie, origin, ...headers })).status).toBe(403)
    expect(await count()).toBe(before)
  })

  it('does not act where a proxy put a token on it', async () => {
    const before = await count()
    expect((await send({ ...bearer, origin: 'https://evil.example' })).status).toBe(403)
    expect((await send({ ...bearer, 'sec-fetch-site': 'cross-site' })).status).toBe(403)
    expect((await send({ ...bearer, cookie })).status).toBe(403)
    expect(await count()).toBe(before)
  })

  it('needs neither with a token alone, as programs send it', async () => {
    expect((await send(bearer)).status).toBe(201)
    expect((await send({ ...bearer, 'sec-fetch-mode': 'cors' })).status).toBe(201)
  })
})

describe('a run link that executes', () => {
  const LINK = `/run/notebook/ndvi_calculation?${QUERY}&_mode=execute`
  const PERSON = {
    accept: 'text/html',
    'sec-fetch-mode': 'navigate',
    'sec-fetch-dest': 'document',
    'sec-fetch-user': '?1',
  }

  it('acts for a program, and leads to the run', async () => {
    const response = await service.runner.program(LINK)
    expect(response.status).toBe(303)
    const { jobID } = await jobOf(response)
    expect(response.headers.get('location')).toBe(`../../jobs/${jobID}`)
  })

  it('shows a person the filled-in form, and waits for a click', async () => {
    const before = await count()
    const response = await service.runner.fetch(LINK, { headers: { ...PERSON, cookie } })
    const text = await response.text()
    expect(response.status).toBe(200)
    expect(text).toContain('<div id="root"></div>')
    expect(await count()).toBe(before)
  })

  it('shows what is wrong beside the fields', async () => {
    const response = await service.runner.fetch('/run/notebook/ndvi_calculation?bbox=1&_mode=execute', {
      headers: { ...PERSON, cookie },
    })
    expect(response.status).toBe(400)
    expect(await response.text()).toContain('<div id="root"></div>')
  })

  it('does not act for a script of a page', async () => {
    const before = await count()
    const headers = { accept: '*/*', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', cookie }
    expect((await service.runner.fetch(LINK, { headers })).status).toBe(403)
    expect(
      (await service.runner.fetch(LINK, { headers: { ...PERSON, accept: 'application/json', cookie } }))
        .status,
    ).toBe(403)
    expect(await count()).toBe(before)
  })
})
