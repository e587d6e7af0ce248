import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { get } from 'node:http'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type JupyterServer, startJupyterServer } from '../../src/kernel/jupyter-server.ts'
import { readRecord, runs } from '../../src/process/process-record.ts'
import { otherProcess } from '../support/other-process.ts'
import { silent, temporaryDataDir } from '../support/postgres.ts'

const python = join(import.meta.dirname, '../../.venv/bin/python')
const WAIT_MS = 60_000
const start = (folder: string, environment: Readonly<Record<string, string | undefined>> = process.env) =>
  startJupyterServer({ python, rootDir: join(folder, 'root'), folder, environment, log: silent })
const ready = (server: JupyterServer) => server.whenReady(AbortSignal.timeout(WAIT_MS))
const recordOf = async (folder: string) => {
  const record = await readRecord(join(folder, 'process.json'))
  if (record === undefined) throw new Error('there is no record')
  return record
}

/** The cookies of the person who has opened the link, as a header. */
async function follow(link: string): Promise<{ readonly page: string; readonly cookie: string }> {
  const response = await fetch(link)
  expect(response.status).toBe(200)
  const cookie = response.headers.getSetCookie().map((line) => line.split(';')[0])
  return { page: await response.text(), cookie: cookie.join('; ') }
}

describe('the child Jupyter server', () => {
  it('opens a link in JupyterLab, for who has the token, on the loopback address', {
    timeout: 120_000,
  }, async () => {
    await using folder = await temporaryDataDir()
    const secret = randomBytes(12).toString('hex')
    const home = join(folder.path, 'home')
    await mkdir(home)
    await using server = await start(folder.path, {
      PATH: process.env['PATH'],
      HOME: home,
      RUNNER_TOKEN: secret,
      DATABASE_URL: `postgresql://u:${secret}@127.0.0.1/db`,
      AWS_SECRET_ACCESS_KEY: secret,
    })
    expect(await server.healthy(), 'it does not wait').toBe(false)
    const { url, token } = await ready(server)
    expect(await server.healthy()).toBe(true)
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)

    await writeFile(join(folder.path, 'root/a notebook é#?.ipynb'), '{}')
    const link = await server.labUrl('/a notebook é#?.ipynb')
    expect(link).toBe(`${url}/lab/tree/a%20notebook%20%C3%A9%23%3F.ipynb?token=${token}`)
    const { page, cookie } = await follow(link)
    expect(page).toContain('JupyterLab')
    const contents = await fetch(`${url}/api/contents`, { headers: { cookie } })
    expect(await contents.json()).toMatchObject({ content: [{ name: 'a notebook é#?.ipynb' }] })
    expect((await fetch(`${url}/api/contents`)).status).toBe(403)
    expect((await fetch(`${url}/api/contents`, { headers: { authorization: 'token wrong' } })).status).toBe(
      403,
    )
    // A foreign name that points to this address (DNS rebinding).
    const rebound = get(`${url}/api/contents?token=${token}`, { headers: { host: 'evil.example' } })
    const [answer] = await once(rebound, 'response')
    expect(answer.resume().statusCode).toBe(403)

    // Nothing that asks outside.
    const settings = JSON.parse(/id="jupyter-config-data"[^>]*>([^<]*)</.exec(page)?.[1] ?? '{}')
    expect(settings.disabledExtensions).toContain('@jupyterlab/apputils-extension:announcements')
    expect(settings).toMatchObject({ buildCheck: false, buildAvailable: false, quitButton: false })

    // Nothing of ours in its hands, nothing of the person's in its way.
    const { pid } = await recordOf(folder.path)
    if (process.platform === 'linux') {
      expect(await readFile(`/proc/${pid}/environ`, 'utf8')).not.toContain(secret)
      expect(await readFile(`/proc/${pid}/cmdline`, 'utf8')).not.toContain(token)
    }
    expect(await readdir(home)).toEqual([])
    expect((await stat(join(folder.path, 'process.json'))).mode & 0o777).toBe(0o600)
    expect(await readFile(join(folder.path, 'server.log'), 'utf8')).not.toContain(token)
  })

  it('is adopted after a crash of ours, and stops with the last of us', { timeout: 180_000 }, async () => {
    await using folder = await temporaryDataDir()
    await using owner = await otherProcess(['jupyter', folder.path, python])
    const record = await recordOf(folder.path)
    await owner.kill()
    const server = await start(folder.path)
    expect((await ready(server)).token).toBe(record.details['token'])
    expect(await recordOf(folder.path)).toEqual(record)
    await using other = await otherProcess(['jupyter', folder.path, python])
    await server[Symbol.asyncDispose]()
    expect(await runs(record)).toBe(true)
    await other.close()
    expect(await runs(record)).toBe(false)
  })

  it('is started again when it dies, at the same address', { timeout: 180_000 }, async () => {
    await using folder = await temporaryDataDir()
    await using server = await start(folder.path)
    const address = await ready(server)
    const { pid } = await recordOf(folder.path)
    process.kill(pid, 'SIGKILL')
    await expect.poll(() => server.healthy(), { timeout: WAIT_MS }).toBe(false)
    expect(await ready(server)).toEqual(address)
    expect((await recordOf(folder.path)).pid).not.toBe(pid)
  })

  it('takes another port where its own is in use, and keeps the token', { timeout: 180_000 }, async () => {
    await using folder = await temporaryDataDir()
    await using taken = createServer()
    taken.listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const address = taken.address()
    const port = typeof address === 'object' ? String(address?.port) : ''
    const token = randomBytes(24).toString('base64url')
    await writeFile(
      join(folder.path, 'process.json'),
      JSON.stringify({ pid: process.pid, started: 'long ago', details: { port, token } }),
    )
    await using server = await start(folder.path)
    const found = await ready(server)
    expect(found.token).toBe(token)
    expect(found.url).not.toContain(port)
  })

  it('says what to do where there is no kernel environment', async () => {
    await using folder = await temporaryDataDir()
    const missing = join(folder.path, '.venv/bin/python')
    const options = {
      python: missing,
      rootDir: folder.path,
      folder: folder.path,
      environment: {},
      log: silent,
    }
    await expect(startJupyterServer(options)).rejects.toMatchObject({
      code: 'kernel-host-failed',
      message: expect.stringMatching(/no kernel environment.*npm start/),
    })
  })

  it('says why a link has to wait, and goes on trying', async () => {
    await using folder = await temporaryDataDir()
    // A Python without JupyterLab.
    const bare = join(folder.path, 'python')
    await writeFile(bare, '#!/bin/sh\necho "No module named jupyterlab" >&2\nexit 1\n', { mode: 0o755 })
    const warnings: string[] = []
    const log = {
      info: () => undefined,
      warn: (details: object) => void warnings.push(JSON.stringify(details)),
    }
    const options = { python: bare, rootDir: folder.path, folder: folder.path, environment: {}, log }
    await using server = await startJupyterServer(options)
    await expect.poll(() => warnings.length, { timeout: WAIT_MS }).toBeGreaterThan(1)
    expect(warnings[0]).toContain('No module named jupyterlab')
    await expect(server.whenReady(AbortSignal.timeout(10))).rejects.toMatchObject({
      code: 'kernel-host-failed',
      message: expect.stringMatching(/not up yet.*server\.log/),
    })
  })
})
