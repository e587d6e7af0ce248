import { spawn } from 'node:child_process'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keptToken } from '../../src/cli/kept-token.ts'
import { temporaryDataDir } from '../support/postgres.ts'
import { type SignInRunner, startSignInRunner } from '../support/sign-in-runner.ts'
import { Visitor } from '../support/visitor.ts'
import { runner } from './command-line.ts'

const folder = await temporaryDataDir()
const path = join(folder.path, 'notebook-runner/credentials.json')
let service: SignInRunner
let url: string

beforeAll(async () => {
  service = await startSignInRunner({ OIDC_DEVICE_CLIENT_ID: 'notebook-runner-cli' })
  url = service.runner.url
})
afterAll(async () => {
  await service?.[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

const env = { XDG_CONFIG_HOME: folder.path }
const kept = async () => JSON.parse(await readFile(path, 'utf8'))[url]

/** Types the command, and does in a browser what it says. */
async function login(name: string, address = url): Promise<{ code: number | null; output: string }> {
  const root = join(import.meta.dirname, '../..')
  const child = spawn(join(root, 'notebook-runner'), ['login', address], {
    env: { PATH: process.env['PATH'], HOME: '/nonexistent', ...env },
  })
  let output = ''
  let opened = false
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
      const [found] = /http:\/\/\S+\/device\S*/.exec(output) ?? []
      if (found === undefined || opened || !/code \S+\n/.test(output)) return
      opened = true
      void confirm(found, name)
    })
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, output }
}

async function confirm(address: string, name: string): Promise<void> {
  const visitor = new Visitor()
  const page = await visitor.open(address)
  const fields = [...page.text.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)]
  const [, action = address] = /action="([^"]+)"/.exec(page.text) ?? []
  const body = new URLSearchParams(fields.map(([, key = '', value = '']) => [key, value]))
  body.set('confirm', 'yes')
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const asked = await visitor.open(new URL(action, page.url).href, {
    method: 'POST',
    headers,
    body: String(body),
  })
  await visitor.answerForms(asked, name)
}

describe('notebook-runner login', () => {
  it('signs in by a browser, and keeps the token for the person alone', async () => {
    const { code, output } = await login('alice')
    expect([code, output]).toEqual([0, expect.stringContaining(`You are logged in to ${url}.`)])
    expect(output).not.toMatch(/eyJ/)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect((await stat(join(folder.path, 'notebook-runner'))).mode & 0o777).toBe(0o700)
    const { accessToken } = await kept()
    const me = await service.runner.fetch('/me', { headers: { authorization: `Bearer ${accessToken}` } })
    expect(await me.json()).toMatchObject({ user: 'alice', workspaces: ['alice-ws', 'shared-ws'] })
  })

  it('gives other commands a token that is good, renewed once for all that run', async () => {
    service.provider.lifetime = 1
    await login('alice')
    service.provider.lifetime = 300
    const before = await kept()
    const renewals = () => service.provider.grants.filter(({ type }) => type === 'refresh_token').length
    const had = renewals()
    process.env['XDG_CONFIG_HOME'] = folder.path
    const tokens = await Promise.all(Array.from({ length: 8 }, () => keptToken(`${url}/`)))
    delete process.env['XDG_CONFIG_HOME']
    expect(new Set(tokens).size).toBe(1)
    expect(tokens[0]).not.toBe(before.accessToken)
    expect(renewals() - had).toBe(1)
    expect(service.provider.grants.filter(({ ok, type }) => !ok && type === 'refresh_token')).toEqual([])
  })

  it('is what `run --server` speaks with', async () => {
    await login('alice')
    const run = (address: string) =>
      runner(
        [
          'run',
          'cog_preview',
          '--server',
          address,
          '--workspace',
          'alice-ws',
          '-p',
          'cog_url',
          'https://example.org/a.tif',
        ],
        { env },
      )
    const { code, stderr } = await run(url)
    // It was let in: this service executes nothing.
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining('This service prepares notebooks and does not execute them'),
    ])
    const other = await run('http://127.0.0.1:9')
    expect([other.code, other.stderr]).toEqual([
      2,
      expect.stringContaining('notebook-runner login http://127.0.0.1:9'),
    ])
  })

  it.each([
    ['no service', 'http://127.0.0.1:9', 'does not answer'],
    ['no address', 'runner.example', 'must be the http(s) address'],
    ['an address with more in it', 'http://a:b@127.0.0.1/', 'must be the http(s) address'],
  ])('says what is wrong with %s', async (_name, address, sentence) => {
    const { code, stderr } = await runner(['login', address], { env })
    expect([code, stderr]).toEqual([2, expect.stringContaining(sentence)])
  })
})

describe('notebook-runner logout', () => {
  it('forgets the token, and the issuer takes it back', async () => {
    await login('alice')
    const { refreshToken } = await kept()
    const { code, stdout } = await runner(['logout', url], { env })
    expect([code, stdout]).toEqual([0, `You are logged out of ${url}.\n`])
    expect(await kept()).toBeUndefined()
    const answer = await fetch(`${service.provider.url}/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: refreshToken,
        client_id: 'notebook-runner-cli',
      }),
    })
    expect([answer.status, await answer.json()]).toMatchObject([400, { error: 'invalid_grant' }])
    process.env['XDG_CONFIG_HOME'] = folder.path
    await expect(keptToken(url)).rejects.toThrow(`run \`notebook-runner login ${url}\``)
    delete process.env['XDG_CONFIG_HOME']
  })
})
