import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunFile } from '../../src/run/run-file.ts'
import { besideNotebook } from '../../src/storage/layout.ts'
import { send } from '../security/raw-http.ts'
import { jobOf, problemOf, resultsOf } from '../support/answers.ts'
import { startSharedRunService } from '../support/run-service.ts'

const PAGE = '<script>alert(document.cookie)</script>'

let service: Awaited<ReturnType<typeof startSharedRunService>>
let alice: string
let bob: string
let job: string

beforeAll(async () => {
  service = await startSharedRunService()
  const tokenOf = (user: string) =>
    service.issuer.mint({
      claims: { sub: `sub-${user}`, preferred_username: user, workspaces: [`${user}-ws`] },
    })
  alice = await tokenOf('alice')
  bob = await tokenOf('bob')
  const response = await service.runner.fetch('/processes/cog_preview/execution', {
    method: 'POST',
    headers: { authorization: `Bearer ${alice}`, 'content-type': 'application/json' },
    body: JSON.stringify({ inputs: { cog_url: 'https://example.org/a.tif' } }),
  })
  job = `/jobs/${(await jobOf(response)).jobID}`
  const { run, lease } = await service.claim()
  const kept = async (path: string, body: string, mediaType: string): Promise<RunFile> => {
    const object = besideNotebook(run.object, path)
    if (object === undefined) throw new Error(path)
    const scope = { workspace: run.workspace, user: run.ownerName }
    const content = async function* () {
      yield Buffer.from(body)
    }
    await service.storage.putFile(scope, object, content(), mediaType)
    const digest = createHash('sha256').update(body).digest('hex')
    return { path, size: Buffer.byteLength(body), mediaType, copy: { object, digest } }
  }
  await lease.setFiles({
    files: [
      await kept('numbers.csv', '0123456789', 'text/csv'),
      await kept('a b/märz "1".html', PAGE, 'text/html'),
      await kept('empty', '', 'application/octet-stream'),
      { path: 'huge.tif', size: 5_000_000_000, mediaType: 'image/tiff', copy: { leftBecause: 'too-large' } },
    ],
    complete: false,
  })
  await lease.finish({ state: 'succeeded' })
})
afterAll(() => service?.[Symbol.asyncDispose]())

function get(path: string, headers: Record<string, string> = {}, token = alice, method = 'GET') {
  return service.runner.fetch(path, { method, headers: { authorization: `Bearer ${token}`, ...headers } })
}
const numbers = (headers?: Record<string, string>, method?: string) =>
  get(`${job}/files/numbers.csv`, headers, alice, method)

describe('files of a run', () => {
  it('are among its results, with what is not all and what was not copied', async () => {
    const results = await resultsOf(await get(`${job}/results`))
    const base = service.runner.url
    expect(results.filesComplete).toBe(false)
    expect(results.files).toEqual([
      expect.objectContaining({ title: 'a b/märz "1".html', type: 'text/html' }),
      expect.objectContaining({ title: 'empty', length: 0 }),
      {
        title: 'huge.tif',
        type: 'image/tiff',
        length: 5_000_000_000,
        onServerOnly: true,
        reason: 'too-large',
        message: expect.stringContaining('larger than what may be copied'),
      },
      {
        href: `${base}${job}/files/numbers.csv`,
        title: 'numbers.csv',
        type: 'text/csv',
        length: 10,
        digest: `sha-256=:${createHash('sha256').update('0123456789').digest('base64')}:`,
      },
    ])
    for (const { href } of results.files ?? [])
      if (href !== undefined) expect((await get(href.slice(base.length))).status).toBe(200)
  })

  it('are saved and not shown, whatever is in them', async () => {
    const response = await get(`${job}/files/a%20b/m%C3%A4rz%20%221%22.html`)
    expect(await response.text()).toBe(PAGE)
    expect(response.headers.get('content-type')).toMatch(/^text\/html/)
    expect(response.headers.get('content-disposition')).toMatch(
      /^attachment; filename=.*; filename\*=UTF-8''/,
    )
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    expect(response.headers.get('content-security-policy')).toBe("default-src 'none'; sandbox")
    expect(response.headers.get('cache-control')).toBe('private, no-store')
  })

  it('come in parts', async () => {
    const part = async (range: string, more = {}) => {
      const response = await numbers({ range, ...more })
      return [response.status, response.headers.get('content-range'), await response.text()]
    }
    expect(await part('bytes=2-4')).toEqual([206, 'bytes 2-4/10', '234'])
    expect(await part('bytes=7-')).toEqual([206, 'bytes 7-9/10', '789'])
    expect(await part('bytes=-3')).toEqual([206, 'bytes 7-9/10', '789'])
    expect(await part('bytes=8-99999')).toEqual([206, 'bytes 8-9/10', '89'])
    for (const whole of ['lines=1-2', 'bytes=x', 'bytes=4-2', 'bytes=0-1,4-5', 'bytes='])
      expect(await part(whole)).toEqual([200, null, '0123456789'])
    const { headers } = await numbers()
    expect(headers.get('accept-ranges')).toBe('bytes')
    expect(await part('bytes=2-4', { 'if-range': headers.get('etag') ?? '' })).toEqual([
      206,
      'bytes 2-4/10',
      '234',
    ])
    expect(await part('bytes=2-4', { 'if-range': '"another"' })).toEqual([200, null, '0123456789'])
    const none = await numbers({ range: 'bytes=10-' })
    expect([none.status, none.headers.get('content-range')]).toEqual([416, 'bytes */10'])
    expect((await problemOf(none)).type).toBe('urn:notebook-runner:problem:no-such-range')
    expect((await get(`${job}/files/empty`, { range: 'bytes=0-' })).status).toBe(416)
  })

  it('tell their size without being sent', async () => {
    const response = await numbers({}, 'HEAD')
    expect([response.status, response.headers.get('content-length'), await response.text()]).toEqual([
      200,
      '10',
      '',
    ])
    expect((await get(`${job}/files/empty`)).status).toBe(200)
  })

  it('that were not copied say where they are', async () => {
    const problem = await problemOf(await get(`${job}/files/huge.tif`))
    expect(problem).toMatchObject({ status: 404, detail: expect.stringContaining('on the Jupyter server') })
  })

  it('are found by no other path', async () => {
    for (const path of [
      '../notebook',
      '%2e%2e/notebook',
      '..%2fnotebook',
      './numbers.csv',
      'a%20b/../numbers.csv',
      '/numbers.csv',
      'numbers.csv%00',
      'numbers.csv/',
      'NUMBERS.csv',
      '',
      '%00',
    ]) {
      // As it is: a client would take the dots out of the address itself.
      const headers = { authorization: `Bearer ${alice}` }
      const { status } = await send(service.runner.url, { target: `${job}/files/${path}`, headers })
      expect([path, status]).toEqual([path, 404])
    }
  })

  it('are nobody else’s', async () => {
    const response = await get(`${job}/files/numbers.csv`, {}, bob)
    expect((await problemOf(response)).code).toBe('no-such-run')
    expect((await service.runner.fetch(`${job}/files/numbers.csv`)).status).toBe(401)
  })

  it('that storage has lost are not found', async () => {
    const object = besideNotebook(
      service.storage.locate(
        { workspace: 'alice-ws', user: 'alice' },
        'cog_preview',
        job.slice('/jobs/'.length),
      ),
      'numbers.csv',
    )
    if (object === undefined) throw new Error('no place')
    await service.storage.remove({ workspace: 'alice-ws', user: 'alice' }, object)
    const lost = await numbers({ range: 'bytes=2-4' })
    expect([lost.status, lost.headers.get('content-range'), lost.headers.get('content-disposition')]).toEqual(
      [404, null, null],
    )
    await problemOf(lost)
  })

  it('are removed with the run by its owner, and by nobody else', async () => {
    const purge = (token: string, query = '?purge') => get(`${job}${query}`, {}, token, 'DELETE')
    const carol = await service.issuer.mint({
      claims: { sub: 'sub-carol', preferred_username: 'alice', workspaces: ['alice-ws'] },
    })
    expect((await problemOf(await purge(carol))).code).toBe('not-allowed')
    expect((await purge(alice, '?purge=x')).status).toBe(400)
    const scope = { workspace: 'alice-ws', user: 'alice' }
    const notebook = service.storage.locate(scope, 'cog_preview', job.slice('/jobs/'.length))
    const page = besideNotebook(notebook, 'a b/märz "1".html')
    if (page === undefined) throw new Error('no place')
    await service.storage.put(scope, notebook, [Buffer.from('{}')])
    await service.storage.get(scope, page)
    expect(await jobOf(await purge(alice))).toMatchObject({ status: 'dismissed' })
    expect((await get(job)).status).toBe(404)
    for (const object of [notebook, page])
      await expect(service.storage.get(scope, object)).rejects.toMatchObject({ code: 'not-found' })
  })
})
