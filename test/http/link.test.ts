import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { problemOf, runOf } from '../support/answers.ts'
import { temporaryDataDir } from '../support/postgres.ts'
import { startRunner, type TestRunner } from '../support/runner.ts'

const NDVI = '/run/notebook/ndvi_calculation?cog_url=https://example.org/scene.tif&bbox=-4.5,53.1,-4.4,53.2'
const PERSON = {
  accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
  'sec-fetch-site': 'cross-site',
  'sec-fetch-user': '?1',
}

const folder = await temporaryDataDir()
let runner: TestRunner
let cookie: string

beforeAll(async () => {
  runner = await startRunner({
    DATA_DIR: folder.path,
    KERNELS: 'none',
    VIEW_URL: 'https://lab.example/{user}/lab/tree/{path}',
  })
  const traded = await runner.fetch(`/?token=${runner.token}`)
  cookie = traded.headers.get('set-cookie')?.split(';')[0] ?? ''
})

afterAll(async () => {
  await runner?.[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

async function prepared(): Promise<string[]> {
  return readdir(join(folder.path, 'workspaces/local/notebooks')).catch(() => [])
}

describe('a link followed by a program', () => {
  it('puts the parameters into the notebook, stores it, and leads to it in JupyterLab', async () => {
    const response = await runner.program(NDVI)
    expect(response.status).toBe(303)
    const run = await runOf(response)
    expect(run).toMatchObject({
      processID: 'ndvi_calculation',
      status: 'successful',
      state: 'prepared',
      workspace: 'local',
    })

    const location = response.headers.get('location') ?? ''
    expect(location).toBe(`../../view-notebook/ndvi_calculation/${run.id}?workspace=local`)
    const file = join(folder.path, `workspaces/local/notebooks/ndvi_calculation-${run.id}.ipynb`)
    const notebook = JSON.parse(await readFile(file, 'utf8'))
    const injected = notebook.cells.find((cell: { metadata: { tags: string[] } }) =>
      cell.metadata.tags.includes('injected-parameters'),
    )
    expect(injected.source.join('')).toBe(
      '# Parameters\ncog_url = "https://example.org/scene.tif"\nbbox = [-4.5, 53.1, -4.4, 53.2]\n',
    )

    const view = await runner.program(new URL(location, `${runner.url}/run/notebook/x`).pathname)
    expect(view.status).toBe(302)
    expect(view.headers.get('location')).toBe(
      `https://lab.example/local/lab/tree/notebooks/ndvi_calculation-${run.id}.ipynb`,
    )
  })

  it('injects null for an optional input that is not given', async () => {
    const response = await runner.program(
      '/run/notebook/ndvi_calculation?cog_url=https://example.org/scene.tif',
    )
    const { id } = await runOf(response)
    const text = await readFile(
      join(folder.path, `workspaces/local/notebooks/ndvi_calculation-${id}.ipynb`),
      'utf8',
    )
    expect(text).toContain('bbox = None')
  })

  it('reports every fault at once, with what came, what is expected and the nearest name', async () => {
    const before = await prepared()
    const response = await runner.program(
      '/run/notebook/ndvi_calculation?cog_ur=x&bbox=1,2,3&_kernl=r&_mode=later&_fresh=1',
    )
    expect(response.status).toBe(400)
    expect(response.headers.get('content-type')).toMatch('application/problem+json')
    const problem = await problemOf(response)
    expect(problem.type).toBe('urn:notebook-runner:problem:invalid-parameters')
    const byName = Object.fromEntries((problem.errors ?? []).map((error) => [error.name, error]))
    expect(byName).toMatchObject({
      cog_ur: { fault: 'unknown', nearest: 'cog_url' },
      cog_url: { fault: 'missing' },
      bbox: { fault: 'invalid', received: '1,2,3' },
      _kernl: { fault: 'unknown', nearest: '_kernel' },
      _mode: { fault: 'invalid', received: 'later' },
      _fresh: { fault: 'unknown', message: expect.stringContaining('no cache') },
    })
    expect(await prepared()).toEqual(before)
  })

  it.each(['workspace', 'user', 'workspace_s3_bucket', 'workspace_s3_prefix'])(
    'refuses to set %s',
    async (name) => {
      const response = await runner.program(`${NDVI}&${name}=x`)
      expect((await problemOf(response)).errors).toMatchObject([{ name, fault: 'reserved' }])
    },
  )

  it.each(['__proto__', 'constructor', 'prototype', 'toString', '__proto__[x]', 'constructor.prototype.x'])(
    'takes %s for an unknown name and touches no prototype',
    async (name) => {
      const response = await runner.program(`${NDVI}&${encodeURIComponent(name)}=polluted`)
      expect(response.status).toBe(400)
      expect((await problemOf(response)).errors).toMatchObject([{ name, fault: 'unknown' }])
      expect(Object.prototype).not.toHaveProperty('x')
      expect(String({})).toBe('[object Object]')
    },
  )

  it('opens the notebook with another kernel of its language, and refuses one that cannot read it', async () => {
    const { id } = await runOf(await runner.program(`${NDVI}&_kernel=python-geo`))
    const file = join(folder.path, `workspaces/local/notebooks/ndvi_calculation-${id}.ipynb`)
    const { metadata } = JSON.parse(await readFile(file, 'utf8'))
    expect(metadata.kernelspec).toEqual({
      name: 'python-geo',
      display_name: 'python-geo',
      language: 'python',
    })
    for (const kernel of ['ir', '../x', 'a b']) {
      const refused = await runner.program(`${NDVI}&_kernel=${encodeURIComponent(kernel)}`)
      expect((await problemOf(refused)).errors).toMatchObject([{ name: '_kernel', received: kernel }])
    }
  })

  it('names the nearest notebook where there is none by that id', async () => {
    const response = await runner.program('/run/notebook/ndvi_calculaton')
    expect(response.status).toBe(404)
    expect(await problemOf(response)).toMatchObject({ nearest: 'ndvi_calculation' })
  })

  it('says that it does not execute', async () => {
    const response = await runner.program(`${NDVI}&_mode=execute`)
    expect(response.status).toBe(409)
    expect((await problemOf(response)).type).toBe('urn:notebook-runner:problem:no-kernels')
  })

  it('says so to a POST too, and to the page', async () => {
    const headers = { authorization: `Bearer ${runner.token}`, 'content-type': 'application/json' }
    const path = '/processes/ndvi_calculation/execution'
    const response = await runner.fetch(path, { method: 'POST', headers, body: '{"inputs":{}}' })
    expect(response.status).toBe(409)
    expect((await problemOf(response)).type).toBe('urn:notebook-runner:problem:no-kernels')
    const me = await runner.program('/me')
    expect(await me.json()).toMatchObject({ user: 'local', workspaces: ['local'], executes: false })
  })

  it('answers 404 for a workspace that is not the caller’s', async () => {
    expect((await runner.program(`${NDVI}&_workspace=other`)).status).toBe(404)
  })
})

describe('a link in a browser', () => {
  it('acts on a person’s own navigation', async () => {
    const before = await prepared()
    const response = await runner.fetch(NDVI, { headers: { ...PERSON, cookie } })
    expect(response.status).toBe(303)
    expect(await prepared()).toHaveLength(before.length + 1)
  })

  const idle: ReadonlyArray<readonly [string, Record<string, string>]> = [
    ['a prefetch', { ...PERSON, 'sec-purpose': 'prefetch' }],
    ['a prerender', { ...PERSON, 'sec-purpose': 'prefetch;prerender' }],
    ['an old prefetch', { ...PERSON, purpose: 'prefetch' }],
    ['a frame', { ...PERSON, 'sec-fetch-dest': 'iframe' }],
    ['an object', { ...PERSON, 'sec-fetch-dest': 'object' }],
    ['a navigation by a script', { ...PERSON, 'sec-fetch-user': '' }],
    ['a browser without fetch metadata', { accept: 'text/html' }],
    ['a preview bot', { accept: 'text/html', 'user-agent': 'Slackbot-LinkExpanding 1.0' }],
  ]
  it.each(idle)('does not act for %s, and shows the filled-in form', async (_, headers) => {
    const before = await prepared()
    const response = await runner.fetch(NDVI, { headers: { ...headers, cookie } })
    expect(response.status).toBe(200)
    expect(await response.text()).toContain('<div id="root"></div>')
    expect(await prepared()).toEqual(before)
  })

  const refused: ReadonlyArray<readonly [string, Record<string, string>]> = [
    ['an image', { accept: 'image/avif,*/*;q=0.8', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' }],
    ['a fetch() with the cookie', { accept: '*/*', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }],
    ['a cookie alone', { accept: 'application/json' }],
  ]
  it.each(refused)('refuses %s', async (_, headers) => {
    const before = await prepared()
    const response = await runner.fetch(NDVI, { headers: { ...headers, cookie } })
    expect(response.status).toBe(403)
    expect(await prepared()).toEqual(before)
  })

  it('does not act for a bearer token that a proxy put on a browser’s request', async () => {
    const before = await prepared()
    const headers = {
      accept: 'text/html',
      'sec-fetch-mode': 'navigate',
      authorization: `Bearer ${runner.token}`,
    }
    expect((await runner.fetch(NDVI, { headers })).status).toBe(200)
    expect(await prepared()).toEqual(before)
  })

  it.each(['HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS'])('does not act on %s', async (method) => {
    const before = await prepared()
    await runner.fetch(NDVI, { method, headers: { ...PERSON, cookie } })
    await runner.fetch(NDVI, { method, headers: { authorization: `Bearer ${runner.token}` } })
    expect(await prepared()).toEqual(before)
  })

  it('says by its status that the form has faults, and shows the form', async () => {
    const response = await runner.fetch('/run/notebook/ndvi_calculation?bbox=1,2&x=<script>', {
      headers: { ...PERSON, cookie },
    })
    expect(response.status).toBe(400)
    const text = await response.text()
    expect(text).toContain('<div id="root"></div>')
    expect(text).not.toContain('<script>"')
  })
})

describe('what a link would do', () => {
  const plan = (
    body: unknown,
    headers: Record<string, string> = { cookie, 'sec-fetch-site': 'same-origin' },
  ) =>
    runner.fetch('/processes/ndvi_calculation/plan', {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })

  it('is told before it does', async () => {
    const before = await prepared()
    const response = await plan({ query: 'cog_url=https://example.org/scene.tif' })
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({
      workspace: 'local',
      kernel: 'python3',
      runs: 1,
      each: [],
      output: 'notebooks/ndvi_calculation-{id}.ipynb',
    })
    expect(await prepared()).toEqual(before)
  })

  it('or what is wrong with it', async () => {
    const response = await plan({ query: 'bbox=1,2' })
    expect(response.status).toBe(400)
    expect((await problemOf(response)).errors).toMatchObject([{ name: 'cog_url' }, { name: 'bbox' }])
    expect((await plan({ query: 1 })).status).toBe(400)
    expect((await plan({ query: '' }, { cookie, 'sec-fetch-site': 'cross-site' })).status).toBe(403)
  })
})

describe('the badge of a link', () => {
  it('is a picture for any page, and its text is text', async () => {
    const response = await runner.fetch(`/badge.svg?label=${encodeURIComponent('<script>"&')}`)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toContain('image/svg+xml')
    expect(response.headers.get('cross-origin-resource-policy')).toBe('cross-origin')
    const text = await response.text()
    expect(text).toContain('&#60;script&#62;&#34;&#38;')
    expect(text).not.toContain('<script')
  })
})
