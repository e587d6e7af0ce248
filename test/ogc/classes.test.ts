import { Validator } from '@seriousme/openapi-schema-validator'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { misfits } from './schemas.ts'
import { at, listAt, type OgcService, startOgcService } from './service.ts'

// One test for each requirement of the abstract test suite of OGC 18-062r2, by its name.

let ogc: OgcService
let ended: string
let failed: string
let waiting: string
beforeAll(async () => {
  ogc = await startOgcService()
  ended = await ogc.job({ text: 'first' })
  await ogc.endAll('succeeded')
  failed = await ogc.job()
  await ogc.endAll('failed')
  waiting = await ogc.job()
})
afterAll(() => ogc?.[Symbol.asyncDispose]())

const ids = async (query: string) => {
  const { status, body } = await ogc.get(`/jobs?${query}`)
  expect([query, status, misfits('jobList', body)]).toEqual([query, 200, ''])
  return listAt(body, 'jobs').map((job) => at(job, 'jobID'))
}
const refused = async (query: string) => {
  const { status, body } = await ogc.get(`/jobs?${query}`)
  expect([query, status, misfits('exception', body)]).toEqual([query, 400, ''])
}

describe('/conf/ogc-process-description', () => {
  it('json-encoding, inputs-def, input-def', async () => {
    const { body } = await ogc.get('/processes/echo')
    expect(misfits('process', body)).toBe('')
    const inputs = at(body, 'inputs')
    const types = ['text', 'number', 'count', 'flag', 'items', 'tree'].map((name) =>
      at(inputs, name, 'schema', 'type'),
    )
    expect(types).toEqual(['string', 'number', 'integer', 'boolean', 'array', 'object'])
    expect(at(inputs, 'text', 'minOccurs')).toBe(0)
  })

  it('outputs-def, output-def', async () => {
    const { body } = await ogc.get('/processes/echo')
    expect(at(body, 'outputs', 'notebook', 'schema')).toEqual({
      type: 'string',
      contentMediaType: 'application/x-ipynb+json',
    })
  })
})

describe('/conf/json', () => {
  it('definition', async () => {
    for (const path of [
      '/',
      '/conformance',
      '/processes',
      '/processes/echo',
      '/jobs',
      `/jobs/${ended}`,
      `/jobs/${ended}/results`,
    ]) {
      const { status, headers, body } = await ogc.get(path, { accept: 'application/json' })
      expect([path, status, typeof body]).toEqual([path, 200, 'object'])
      expect(headers.get('content-type')).toMatch(/^application\/json/)
    }
  })
})

describe('/conf/html', () => {
  it('definition, content', async () => {
    for (const path of [
      '/',
      '/conformance',
      '/processes',
      '/processes/echo',
      '/jobs',
      `/jobs/${ended}`,
      `/jobs/${ended}/results`,
    ]) {
      let address = path
      for (let hops = 0; hops < 3; hops++) {
        const { status, headers, text } = await ogc.get(address, { accept: 'text/html' })
        const location = headers.get('location')
        if (status === 303 && location !== null) {
          address = new URL(location, `http://host${address}`).pathname
          continue
        }
        expect([path, status, headers.get('content-type')]).toEqual([path, 200, 'text/html; charset=utf-8'])
        expect(text).toMatch(/^<!doctype html>/)
        break
      }
    }
  })
})

describe('/conf/oas30', () => {
  it('oas-definition-1, oas-definition-2', async () => {
    for (const [path, accept] of [
      ['/api?version=3.0', '*/*'],
      ['/api', 'application/vnd.oai.openapi+json;version=3.0'],
    ]) {
      const { headers, body } = await ogc.get(path ?? '', { accept: accept ?? '' })
      expect(headers.get('content-type')).toMatch(/^application\/vnd\.oai\.openapi\+json; ?version="?3\.0/)
      expect(await new Validator().validate(structuredClone(Object(body)))).toEqual({ valid: true })
    }
    expect((await ogc.get('/api?version=2.0')).status).toBe(400)
  })

  it('completeness, oas-impl', async () => {
    const { body } = await ogc.get('/api?version=3.0')
    for (const [path, method] of [
      ['/', 'get'],
      ['/conformance', 'get'],
      ['/processes', 'get'],
      ['/processes/{id}', 'get'],
      ['/processes/{id}/execution', 'post'],
      ['/processes/{id}/execution', 'get'],
      ['/jobs', 'get'],
      ['/jobs/{id}', 'get'],
      ['/jobs/{id}', 'delete'],
      ['/jobs/{id}/results', 'get'],
    ])
      expect(at(body, 'paths', path ?? '', method ?? ''), `${method} ${path}`).toBeDefined()
  })

  it('exceptions-codes', async () => {
    const { body } = await ogc.get('/api?version=3.0')
    const operations = Object.values(Object(at(body, 'paths'))).flatMap((path) => Object.values(Object(path)))
    expect(operations.length).toBeGreaterThan(10)
    const health = (operation: unknown) => at(operation, 'operationId') === 'health'
    for (const operation of operations.filter((one) => !health(one)))
      expect(at(operation, 'responses', 'default'), String(at(operation, 'operationId'))).toBeDefined()
  })

  it('security', async () => {
    const { body } = await ogc.get('/api?version=3.0')
    expect(at(body, 'components', 'securitySchemes', 'bearer', 'scheme')).toBe('bearer')
  })
})

describe('/conf/job-list', () => {
  it('job-list-op, job-list-success, links', async () => {
    const { status, body } = await ogc.get('/jobs')
    expect([status, misfits('jobList', body)]).toEqual([200, ''])
    expect(listAt(body, 'links').map((link) => at(link, 'rel'))).toEqual(['self', 'alternate'])
    expect(await ids('')).toEqual([waiting, failed, ended])
  })

  it('type-definition, type-response', async () => {
    expect(await ids('type=process')).toHaveLength(3)
    expect(await ids('type=other')).toEqual([])
  })

  it('processID-definition, processid-response', async () => {
    expect(await ids('processID=echo')).toHaveLength(3)
    expect(await ids('processID=other')).toEqual([])
  })

  it('status-definition, status-response', async () => {
    expect(await ids('status=successful')).toEqual([ended])
    expect(await ids('status=failed,accepted')).toEqual([waiting, failed])
    await refused('status=none')
  })

  it('datetime-definition, datetime-response', async () => {
    expect(await ids('datetime=2020-01-01T00:00:00Z/..')).toHaveLength(3)
    expect(await ids('datetime=../2020-01-01T00:00:00Z')).toEqual([])
    await refused('datetime=yesterday')
  })

  it('duration-definition, duration-response', async () => {
    expect(await ids('minDuration=0')).toEqual([failed, ended])
    expect(await ids('minDuration=100000')).toEqual([])
    expect(await ids('maxDuration=100000')).toEqual([failed, ended])
    await refused('minDuration=x')
  })

  it('limit-definition, limit-response', async () => {
    expect(await ids('limit=2')).toEqual([waiting, failed])
    expect(await ids('limit=10000')).toHaveLength(3)
    await refused('limit=0')
  })
})

describe('/conf/dismiss', () => {
  it('job-dismiss-op, job-dismiss-success', async () => {
    const dismissed = async (id: string) => {
      const { status, body } = await ogc.send('DELETE', `/jobs/${id}`)
      expect([status, misfits('statusInfo', body), at(body, 'status')]).toEqual([200, '', 'dismissed'])
    }
    const running = await ogc.job()
    for (;;) {
      const claim = await ogc.service.claim()
      if (claim.run.id === running) break
      await claim.lease.finish({ state: 'succeeded' })
    }
    await dismissed(running)
    await dismissed(await ogc.job())
    await dismissed(ended)
    expect(at((await ogc.get(`/jobs/${ended}`)).body, 'status')).toBe('dismissed')
    const { status } = await ogc.send('DELETE', '/jobs/01890000-0000-7000-8000-000000000000')
    expect(status).toBe(404)
  })
})
