import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Claim } from '../../src/run/queue.ts'
import { misfits } from './schemas.ts'
import { at, listAt, type OgcService, startOgcService } from './service.ts'

// One test for each requirement of the abstract test suite of OGC 18-062r2, by its name.

const EXCEPTION = 'http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/'
const NOBODYS = '01890000-0000-7000-8000-000000000000'

let ogc: OgcService
beforeAll(async () => {
  ogc = await startOgcService()
})
afterAll(() => ogc?.[Symbol.asyncDispose]())

const linkOf = (body: unknown, rel: string, type?: string) =>
  listAt(body, 'links').find(
    (link) => at(link, 'rel') === rel && (type === undefined || at(link, 'type') === type),
  )
/** Follows a link of an answer. */
const follow = (body: unknown, rel: string, type?: string) => {
  const href = String(at(linkOf(body, rel, type), 'href'))
  return ogc.get(href.slice(ogc.service.runner.url.length) || '/')
}
const parametersOf = async (inputs: Record<string, unknown>) => {
  const { status, body } = await ogc.send('POST', '/processes/echo/execution', { inputs })
  expect([status, at(body, 'errors')]).toEqual([201, undefined])
  return at(body, 'parameters')
}

describe('/conf/core', () => {
  it('landingpage-op, landingpage-success', async () => {
    const { status, body } = await ogc.get('/')
    expect(status).toBe(200)
    expect(misfits('landingPage', body)).toBe('')
    for (const rel of [
      'self',
      'alternate',
      'service-desc',
      'http://www.opengis.net/def/rel/ogc/1.0/conformance',
      'http://www.opengis.net/def/rel/ogc/1.0/processes',
      'http://www.opengis.net/def/rel/ogc/1.0/job-list',
    ])
      expect(linkOf(body, rel), rel).toBeDefined()
  })

  it('api-definition-op, api-definition-success', async () => {
    const { body } = await ogc.get('/')
    for (const version of ['3.0', '3.1']) {
      const type = `application/vnd.oai.openapi+json;version=${version}`
      const document = await follow(body, 'service-desc', type)
      expect(document.status).toBe(200)
      expect(document.headers.get('content-type')).toMatch(/^application\/vnd\.oai\.openapi\+json;/)
      expect(String(at(document.body, 'openapi')).slice(0, 3)).toBe(version)
    }
  })

  it('conformance-op, conformance-success', async () => {
    const { status, body } = await follow(
      (await ogc.get('/')).body,
      'http://www.opengis.net/def/rel/ogc/1.0/conformance',
    )
    expect(status).toBe(200)
    expect(misfits('confClasses', body)).toBe('')
    const classes = ['core', 'ogc-process-description', 'json', 'html', 'oas30', 'job-list', 'dismiss']
    expect(listAt(body, 'conformsTo')).toEqual(
      classes.map((name) => `http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/${name}`),
    )
  })

  it('http', async () => {
    expect((await ogc.send('HEAD', '/processes')).status).toBe(200)
    expect((await ogc.get('/processes', { accept: 'image/png' })).status).toBe(406)
    expect((await ogc.get('/nothing/here')).status).toBe(404)
  })

  it('process-list, process-list-success, pl-links', async () => {
    const { status, body } = await follow(
      (await ogc.get('/')).body,
      'http://www.opengis.net/def/rel/ogc/1.0/processes',
    )
    expect(status).toBe(200)
    expect(misfits('processList', body)).toBe('')
    expect(listAt(body, 'processes').map((process) => at(process, 'id'))).toEqual(['echo', 'other', 'third'])
    expect(at(linkOf(body, 'self'), 'type')).toBe('application/json')
    expect(at(linkOf(body, 'alternate'), 'type')).toBe('text/html')
  })

  it('pl-limit-definition, pl-limit-response', async () => {
    const first = await ogc.get('/processes?limit=2')
    expect(listAt(first.body, 'processes').map((process) => at(process, 'id'))).toEqual(['echo', 'other'])
    const second = await follow(first.body, 'next')
    expect(listAt(second.body, 'processes').map((process) => at(process, 'id'))).toEqual(['third'])
    expect(linkOf(second.body, 'next')).toBeUndefined()
    expect((await ogc.get('/processes?limit=10000')).status).toBe(200)
    for (const wrong of ['0', '-1', 'x', '1.5']) {
      const { status, body } = await ogc.get(`/processes?limit=${wrong}`)
      expect([wrong, status, misfits('exception', body)]).toEqual([wrong, 400, ''])
    }
  })

  it('process, process-success', async () => {
    const { body: list } = await ogc.get('/processes')
    for (const one of listAt(list, 'processes')) {
      const { status, body } = await follow(one, 'self')
      expect(status).toBe(200)
      expect(misfits('process', body)).toBe('')
      expect(at(body, 'id')).toBe(at(one, 'id'))
      expect(linkOf(body, 'http://www.opengis.net/def/rel/ogc/1.0/execute')).toBeDefined()
    }
  })

  it('process-exception-no-such-process', async () => {
    for (const send of [
      () => ogc.get('/processes/none'),
      () => ogc.send('POST', '/processes/none/execution', { inputs: {} }),
    ]) {
      const { status, headers, body } = await send()
      expect([status, at(body, 'type')]).toEqual([404, `${EXCEPTION}no-such-process`])
      expect(headers.get('content-type')).toContain('application/problem+json')
      expect(misfits('exception', body)).toBe('')
    }
  })

  it('job-creation-op, job-creation-request, job-creation-inputs', async () => {
    const inputs = { text: 'é', number: 2.5, count: 3, flag: false, items: [1, 2], tree: { a: 1 } }
    expect(await parametersOf(inputs)).toMatchObject(inputs)
    const body = { inputs: {}, outputs: {}, response: 'document', unknown: { anything: 1 } }
    expect((await ogc.send('POST', '/processes/echo/execution', body)).status).toBe(201)
  })

  it('job-creation-input-inline, job-creation-input-inline-object', async () => {
    expect(
      await parametersOf({
        text: { value: 'qualified', mediaType: 'text/plain' },
        tree: { value: { href: 'not a link', other: 1 }, mediaType: 'application/json' },
      }),
    ).toMatchObject({ text: 'qualified', tree: { href: 'not a link', other: 1 } })
  })

  it('job-creation-input-array', async () => {
    expect(await parametersOf({ items: [{ value: 1 }, 2, { value: 3 }] })).toMatchObject({ items: [1, 2, 3] })
  })

  it('job-creation-input-inline-bbox', async () => {
    const bbox = [-4.5, 53.1, -4.4, 53.2]
    const crs = 'http://www.opengis.net/def/crs/OGC/1.3/CRS84'
    expect(await parametersOf({ items: { bbox, crs } })).toMatchObject({ items: bbox })
    expect(await parametersOf({ items: { bbox } })).toMatchObject({ items: bbox })
    const other = { items: { bbox, crs: 'urn:ogc:def:crs:EPSG:6.6:4326' } }
    expect((await ogc.send('POST', '/processes/echo/execution', { inputs: other })).status).toBe(400)
  })

  it('job-creation-input-inline-binary', async () => {
    const value = Buffer.from([0, 255, 1]).toString('base64')
    const binary = { value, encoding: 'base64', mediaType: 'image/tiff' }
    expect(await parametersOf({ binary })).toMatchObject({ binary: value })
  })

  it('job-creation-input-ref', async () => {
    const text = { href: 'https://data.example/scene.tif', type: 'image/tiff' }
    expect(await parametersOf({ text })).toMatchObject({ text: text.href })
  })

  it('job-creation-input-validation', async () => {
    for (const inputs of [
      { count: 'x' },
      { none: 1 },
      { flag: 1 },
      { items: {} },
      { count: { href: 'https://x.example' } },
    ]) {
      const { status, headers, body } = await ogc.send(
        'POST',
        '/processes/echo/execution',
        { inputs },
        { accept: 'application/json' },
      )
      expect([JSON.stringify(inputs), status, misfits('exception', body)]).toEqual([
        JSON.stringify(inputs),
        400,
        '',
      ])
      expect(headers.get('content-type')).toMatch(/json/)
    }
  })

  it('job-creation-default-execution-mode, job-creation-auto-execution-mode, job-creation-success-async', async () => {
    for (const prefer of [undefined, 'respond-async', 'respond-async ', 'return=minimal']) {
      const headers: Record<string, string> = prefer === undefined ? {} : { prefer }
      const answer = await ogc.send('POST', '/processes/echo/execution', { inputs: {} }, headers)
      expect(answer.status).toBe(201)
      expect(misfits('statusInfo', answer.body)).toBe('')
      expect(at(answer.body, 'status')).toBe('accepted')
      const location = answer.headers.get('location') ?? ''
      expect(location).toBe(`${ogc.service.runner.url}/jobs/${at(answer.body, 'jobID')}`)
      const wanted = prefer?.startsWith('respond-async') ? 'respond-async' : null
      expect(answer.headers.get('preference-applied')).toBe(wanted)
    }
  })

  it('job-creation-sync-document, job-creation-default-outputs: for who waits', async () => {
    await ogc.endAll('succeeded')
    const waiting = ogc.send('POST', '/processes/echo/execution', { inputs: {} }, { prefer: 'respond-sync' })
    const claim = () => ogc.service.claim().catch(() => undefined)
    const { promise, resolve } = Promise.withResolvers<Claim>()
    await expect
      .poll(async () => {
        const claimed = await claim()
        if (claimed !== undefined) resolve(claimed)
        return claimed !== undefined
      })
      .toBe(true)
    const { lease } = await promise
    await lease.finish({ state: 'succeeded' })
    const { status, body } = await waiting
    expect([status, misfits('results', body)]).toEqual([200, ''])
    expect(at(body, 'notebook', 'href')).toMatch(/\/notebook$/)
  })

  it('job, job-success', async () => {
    const id = await ogc.job()
    const { status, body } = await ogc.get(`/jobs/${id}`)
    expect([status, misfits('statusInfo', body)]).toEqual([200, ''])
    expect(at(body, 'finished')).toBeUndefined()
    expect(linkOf(body, 'self')).toBeDefined()
    expect(linkOf(body, 'http://www.opengis.net/def/rel/ogc/1.0/results')).toBeUndefined()
    await ogc.endAll('succeeded')
    const ended = await ogc.get(`/jobs/${id}`)
    expect(at(ended.body, 'status')).toBe('successful')
    expect(misfits('statusInfo', ended.body)).toBe('')
    expect(linkOf(ended.body, 'http://www.opengis.net/def/rel/ogc/1.0/results')).toBeDefined()
  })

  it('job-exception-no-such-job, job-results-exception-no-such-job', async () => {
    for (const path of [`/jobs/${NOBODYS}`, `/jobs/${NOBODYS}/results`, '/jobs/none', '/jobs/none/results']) {
      const { status, body } = await ogc.get(path)
      expect([path, status, at(body, 'type'), misfits('exception', body)]).toEqual([
        path,
        404,
        `${EXCEPTION}no-such-job`,
        '',
      ])
    }
  })

  it('job-results-exception-results-not-ready', async () => {
    const { status, body } = await ogc.get(`/jobs/${await ogc.job()}/results`)
    expect([status, at(body, 'type'), misfits('exception', body)]).toEqual([
      404,
      `${EXCEPTION}result-not-ready`,
      '',
    ])
  })

  it('job-results, job-results-async-document', async () => {
    const id = await ogc.job()
    await ogc.endAll('succeeded')
    const { status, body } = await ogc.get(`/jobs/${id}/results`)
    expect([status, misfits('results', body)]).toEqual([200, ''])
    expect(at(body, 'mean')).toBe(0.25)
    expect(
      (await ogc.get(String(at(body, 'notebook', 'href')).slice(ogc.service.runner.url.length))).status,
    ).toBe(200)
  })

  it('job-results-failed', async () => {
    const id = await ogc.job()
    await ogc.endAll('failed')
    const job = await ogc.get(`/jobs/${id}`)
    expect(at(job.body, 'status')).toBe('failed')
    const { status, headers, body } = await follow(
      job.body,
      'http://www.opengis.net/def/rel/ogc/1.0/exceptions',
    )
    expect([status, misfits('exception', body)]).toEqual([422, ''])
    expect(headers.get('content-type')).toContain('application/problem+json')
    expect(body).toMatchObject({
      reason: 'cell-error',
      detail: 'Cell 2 raised ValueError: x',
      results: { mean: 0.25 },
    })
  })
})
