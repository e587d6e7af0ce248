import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LocalRunner, startLocalRunner } from './local-runner.ts'
import { send } from './raw-http.ts'

let local: LocalRunner
/** Where it really is: `url` is what it is called. */
let at: string

beforeAll(async () => {
  local = await startLocalRunner({ PUBLIC_URL: 'https://tunnel.example/nb', BASE_PATH: '/nb' })
  const [, address] = /Server listening at (http:\/\/127\.0\.0\.1:\d+)/.exec(local.runner.log()) ?? []
  if (address === undefined) throw new Error('The service does not say where it listens')
  at = address
})
afterAll(() => local?.[Symbol.asyncDispose]())

const trade = (headers: Record<string, string>) =>
  send(at, { target: `/nb/?token=${local.runner.token}`, headers })

describe('the local user’s cookie behind an https address', () => {
  it('goes over https alone, to no script, and with no other site’s requests', async () => {
    const { status, headers } = await trade({ host: 'tunnel.example' })
    expect(status).toBe(303)
    expect(headers.get('set-cookie')).toMatch(/; Path=\/; HttpOnly; Secure; SameSite=Lax$/)
    expect(headers.get('set-cookie')).not.toContain(local.runner.token)
  })

  it.each([
    'evil.example',
    'tunnel.example.evil.example',
    'tunnel.example:1',
    'xtunnel.example',
    '169.254.169.254',
    '0.0.0.0',
    '',
  ])('is not given under the name %j', async (host) => {
    const { status, headers } = await trade({ host })
    expect(status).toBe(403)
    expect(headers.get('set-cookie')).toBeUndefined()
  })

  it('is given for the token of this start alone', async () => {
    const { token } = local.runner
    for (const wrong of [
      token.slice(0, -1),
      `${token}x`,
      token.toUpperCase(),
      ` ${token}`,
      `${token}%00`,
      '',
      '__proto__',
    ]) {
      const { status, headers } = await send(at, {
        target: `/nb/?token=${encodeURIComponent(wrong)}`,
        headers: { host: 'tunnel.example' },
      })
      expect([wrong, status]).toEqual([wrong, 401])
      expect(headers.get('set-cookie')).toBeUndefined()
    }
  })
})
