import { writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { problemOf } from '../support/answers.ts'
import { notebookOf } from '../support/notebook-folder.ts'
import { temporaryDataDir } from '../support/postgres.ts'
import { startRunner, type TestRunner } from '../support/runner.ts'
import { tempFolder } from '../support/temp-folder.ts'

const VIEW = { KERNELS: 'none', VIEW_URL: 'https://lab.example/lab/tree/{path}' }
const folder = await temporaryDataDir()
let runner: TestRunner

beforeAll(async () => {
  runner = await startRunner({ DATA_DIR: folder.path, ...VIEW })
})
afterAll(async () => {
  await runner?.[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

const cookieOf = (response: Response) => response.headers.get('set-cookie') ?? ''

/** With a Host header of its own, which fetch() does not allow. */
function statusFor(host: string): Promise<number> {
  const { hostname, port } = new URL(runner.url)
  return new Promise((resolve, reject) => {
    const headers = { host, authorization: `Bearer ${runner.token}` }
    request({ hostname, port, path: '/processes', headers }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
      .on('error', reject)
      .end()
  })
}

describe('the printed link', () => {
  it('is traded for a cookie, and the token leaves the address', async () => {
    const response = await runner.fetch(`/?token=${runner.token}`)
    expect(response.status).toBe(303)
    expect(response.headers.get('location')).toBe('processes')
    expect(cookieOf(response)).toMatch(
      /^notebook-runner-\d+=.+; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Lax$/,
    )
    expect(cookieOf(response)).not.toContain(runner.token)
    const [cookie = ''] = cookieOf(response).split(';')
    const page = await runner.fetch('/processes', { headers: { cookie, accept: 'text/html' } })
    expect(page.status).toBe(200)
    const list = await runner.fetch('/processes?f=json', { headers: { cookie, accept: 'text/html' } })
    expect(await list.text()).toContain('ndvi_calculation')
  })

  it.each(['', 'x', '%00', '../..', 'a'.repeat(5000)])('does not take the token %j', async (token) => {
    const response = await runner.fetch(`/?token=${token}`)
    expect(response.status).toBe(401)
    expect(cookieOf(response)).toBe('')
  })

  it('is read at / only: no other address takes a token from the query', async () => {
    for (const path of ['/processes', '/api', '/run/notebook/cog_preview']) {
      expect((await runner.fetch(`${path}?token=${runner.token}`)).status).toBe(401)
    }
  })
})

describe('who has neither token nor cookie', () => {
  it.each([
    '/processes',
    '/processes/ndvi_calculation',
    '/run/notebook/ndvi_calculation',
    '/api',
    '/view-notebook/a/b',
  ])('is told at %s to open the printed link', async (path) => {
    const response = await runner.fetch(path)
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe('Bearer')
    expect((await problemOf(response)).detail).toContain('Open the link')
    const page = await runner.fetch(path, { headers: { accept: 'text/html' } })
    expect(page.headers.get('content-type')).toContain('text/html')
    expect(await page.text()).toContain('Open the link')
  })

  it.each(['Bearer', 'Bearer ', 'Basic eDp5', 'Bearer x', 'Bearer a b', 'bearer !'])(
    'is refused with %j',
    async (authorization) => {
      expect((await runner.fetch('/processes', { headers: { authorization } })).status).toBe(401)
    },
  )

  it.each(['1.x', '99999999999.x', 'x.y', '.', '99999999999.', '-1.x'])(
    'is refused with the cookie %j',
    async (value) => {
      const { port } = new URL(runner.url)
      const cookie = `notebook-runner-${port}=${value}`
      expect((await runner.fetch('/processes', { headers: { cookie } })).status).toBe(401)
    },
  )
})

describe('another site that points its name to us', () => {
  it.each(['evil.example', 'evil.example:80', '127.0.0.1.evil.example', 'localhost.evil.example'])(
    'is not answered as %j',
    async (host) => expect(await statusFor(host)).toBeGreaterThanOrEqual(400),
  )
  it.each(['localhost', '127.0.0.1:8000', '[::1]:1'])('while %s is', async (host) => {
    expect(await statusFor(host)).toBe(200)
  })
})

describe('representations', () => {
  const get = (path: string, accept?: string) =>
    runner.fetch(path, { headers: { authorization: `Bearer ${runner.token}`, ...(accept && { accept }) } })

  it.each([
    ['/processes', undefined, 'application/json'],
    ['/processes', '*/*', 'application/json'],
    ['/processes', 'text/html,*/*;q=0.8', 'text/html'],
    ['/processes?f=json', 'text/html', 'application/json'],
    ['/processes?f=html', 'application/json', 'text/html'],
    ['/processes/cog_preview', 'text/html', 'text/html'],
    ['/processes/cog_preview', 'application/json', 'application/json'],
    ['/processes/cog_preview?f=json', 'text/html', 'application/json'],
    ['/processes/cog_preview?f=html', 'application/json', 'text/html'],
    ['/processes/cog_preview?_f=json', 'text/html', 'application/json'],
    ['/processes/cog_preview?_f=json&f=html', 'text/html', 'application/json'],
  ])('%s for %s is %s', async (path, accept, type) => {
    const response = await get(path, accept)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toContain(type)
    expect(response.headers.get('vary')).toBe('Accept, Cookie, Authorization')
    expect(response.headers.get('cache-control')).toBe('private, no-store')
  })

  it('says so where there is none, or f is unknown', async () => {
    expect((await get('/processes', 'image/png')).status).toBe(406)
    expect((await get('/processes?f=xml')).status).toBe(400)
    expect((await get('/processes/cog_preview?_f=xml')).status).toBe(400)
  })

  it('leaves f to a notebook that has an input of that name', async () => {
    await using catalogue = await tempFolder()
    await writeFile(join(catalogue.path, 'focal.ipynb'), notebookOf([{ parameters: 'f = "5"' }]))
    await using data = await temporaryDataDir()
    await using other = await startRunner({ DATA_DIR: data.path, ...VIEW, CONFIG_URL: catalogue.path })
    const typeOf = async (query: string, accept: string) => {
      const headers = { authorization: `Bearer ${other.token}`, accept }
      const response = await other.fetch(`/processes/focal?${query}`, { headers })
      return [response.status, response.headers.get('content-type')?.split(';')[0]]
    }
    expect(await typeOf('f=5', 'text/html')).toEqual([200, 'text/html'])
    expect(await typeOf('f=json', 'text/html')).toEqual([200, 'text/html'])
    expect(await typeOf('f=html', 'application/json')).toEqual([200, 'application/json'])
    expect(await typeOf('f=5&_f=json', 'text/html')).toEqual([200, 'application/json'])
  })

  it('may not be framed, and runs no script but its own', async () => {
    const { headers } = await get('/processes', 'text/html')
    expect(headers.get('content-security-policy')).toMatch(/script-src 'self';.*frame-ancestors 'none'/)
    expect(headers.get('x-frame-options')).toBe('DENY')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('referrer-policy')).toBe('no-referrer')
  })

  it('describes a notebook by its schema', async () => {
    const description = await (await get('/processes/ndvi_calculation')).json()
    expect(description).toMatchObject({
      schema: { type: 'object', required: ['cog_url'], additionalProperties: false },
      inputs: { bbox: { minOccurs: 0, schema: { type: 'array', format: 'bbox' } } },
    })
  })
})

describe('a view link', () => {
  const nobody = '01890000-0000-7000-8000-000000000000'
  it.each([
    `/view-notebook/ndvi_calculation/${nobody}`,
    `/view-notebook/ndvi_calculation/${nobody}?workspace=other`,
    '/view-notebook/ndvi_calculation/..%2f..%2fetc%2fpasswd',
    '/view-notebook//evil.example/x',
    '/view-notebook/%5c%5cevil.example/%09',
    `/view-notebook/https:%2f%2fevil.example/${nobody}?workspace=https://evil.example`,
    `/view-notebook/a/${nobody}%00`,
  ])('%s leads nowhere', async (path) => {
    const response = await runner.program(path)
    expect(response.status).toBe(404)
    expect(response.headers.get('location')).toBeNull()
  })
})

describe('under a base path', () => {
  it('answers with and without a proxy that strips it, with links that work for both', async () => {
    await using other = await temporaryDataDir()
    await using based = await startRunner({ DATA_DIR: other.path, ...VIEW, BASE_PATH: '/notebook-runner/' })
    const { origin } = new URL(based.url)
    expect(based.url).toBe(`${origin}/notebook-runner`)
    const headers = { authorization: `Bearer ${based.token}`, accept: 'text/html' }
    for (const base of [`${origin}/notebook-runner`, origin]) {
      const page = await fetch(`${base}/processes/cog_preview`, { headers })
      const text = await page.text()
      for (const [, href = ''] of text.matchAll(/(?:href|src|action)="([^"]+)"/g)) {
        const target = new URL(href, page.url)
        expect(target.href).toContain(base)
        const { status } = await fetch(target, { headers })
        expect([target.pathname, status]).toEqual([target.pathname, 200])
      }
    }
    expect((await fetch(`${origin}/notebook-runnerx/processes`, { headers })).status).toBe(404)
    const home = await fetch(`${origin}/notebook-runner?token=${based.token}`, { redirect: 'manual' })
    expect(new URL(home.headers.get('location') ?? '', `${origin}/notebook-runner`).pathname).toBe(
      '/notebook-runner/processes',
    )
  })
})
