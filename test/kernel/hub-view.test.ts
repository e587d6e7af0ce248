import { request } from 'undici'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { viewServerOf } from '../../src/kernel/server-name.ts'
import { viewLinkFromTemplate } from '../../src/run/view-link.ts'
import { HUB_VERSIONS, startHub, type TestHub } from '../support/hub.ts'

const OBJECT = { bucket: 'shared', key: 'coast/jupyter/ndvi-1.ipynb' }
const TARGET = '/notebooks/user/alice/coast/lab/tree/s3/jupyter/ndvi-1.ipynb'
const PATIENCE = { timeout: 60_000, interval: 500 }

/** As a browser: with the cookies of one person, one redirect at a time. */
class Visitor {
  readonly #cookies = new Map<string, string>()

  /** Where it leads to, and what it says. */
  async get(
    url: string,
    form?: URLSearchParams,
  ): Promise<{ readonly location: string; readonly text: string }> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const { headers, body } = await request(url, {
      headers: { cookie, ...(form && { 'content-type': 'application/x-www-form-urlencoded' }) },
      ...(form && { method: 'POST', body: form.toString() }),
    })
    for (const line of [headers['set-cookie'] ?? []].flat()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      this.#cookies.set(name, value)
    }
    const { location } = headers
    return {
      location: typeof location === 'string' ? new URL(location, url).href : url,
      text: await body.text(),
    }
  }

  async signIn(hub: TestHub, username: string): Promise<void> {
    const login = `${hub.url}/hub/login`
    const { text } = await this.get(login)
    const [, token = ''] = /name="_xsrf"\s+value="([^"]+)"/.exec(text) ?? []
    const form = new URLSearchParams({ username, password: hub.password, _xsrf: token })
    expect(await this.get(login, form)).toMatchObject({ location: expect.not.stringContaining('/login') })
  }
}

describe.each(HUB_VERSIONS)('the view link through JupyterHub %i', { timeout: 120_000 }, (version) => {
  let hub: TestHub
  beforeAll(async () => {
    hub = await startHub(version)
  })
  afterAll(() => hub?.[Symbol.asyncDispose]())

  it('starts the server and leads to the notebook, and at once where it is up', async () => {
    // As preset eodh has it.
    const spawn = `${hub.url}/hub/spawn/{user}/{server}?workspace={workspace}`
    const template = `${spawn}&next=/notebooks/user/{user}/{server}/lab/tree/s3/{path}`
    const link = viewLinkFromTemplate(template, (workspace) => viewServerOf('workspace', workspace))
    const url = await link({ workspace: 'coast', user: 'alice' }, OBJECT)
    const visitor = new Visitor()
    await visitor.signIn(hub, 'alice')
    const started = await visitor.get(url)
    const server = () => hub.api.server({ user: 'alice', server: 'coast' }, AbortSignal.timeout(30_000))
    await expect.poll(async () => (await server())?.ready, PATIENCE).toBe(true)
    expect((await server())?.workspace).toBe('coast')
    const waiting = started.location
    const arrived = waiting.includes('/hub/spawn-pending') ? (await visitor.get(waiting)).location : waiting
    expect(new URL(arrived).pathname).toBe(TARGET)
    expect(new URL((await visitor.get(url)).location).pathname).toBe(TARGET)
  })
})
