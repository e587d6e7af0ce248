import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { HubApi } from '../../src/kernel/hub-api.ts'
import { HubHost } from '../../src/kernel/hub-host.ts'
import { hubFolder } from '../../src/kernel/hub-place.ts'
import { HubServers } from '../../src/kernel/hub-servers.ts'
import { HUB_VERSIONS, RUNNER_SCOPES, startHub, type TestHub } from '../support/hub.ts'

const soon = () => AbortSignal.timeout(60_000)

/** Each of them taken away, or cut down. */
const MISSING = {
  'without-servers': ['tokens'],
  'without-tokens': ['servers'],
  'only-reading': ['read:servers', 'tokens'],
  nothing: ['shutdown'],
} as const

describe.each(HUB_VERSIONS)('what JupyterHub %i has to allow', (version) => {
  let hub: TestHub
  beforeAll(async () => {
    hub = await startHub(version, { services: MISSING })
    await hub.addUsers('alice', 'bob')
  })
  afterAll(() => hub?.[Symbol.asyncDispose]())

  // Made for one kernel.
  const server = 'run-0123456789abcdef'
  const folder = hubFolder({ user: 'alice', server, workspace: 'ws' }, 'x')
  const start = async (api: HubApi) => {
    await using servers = new HubServers(api)
    return await new HubHost(servers).start({ kernelName: 'python3', folder, environment: {} }, soon())
  }
  const refused = (scope: string) => ({
    code: 'kernel-host-failed',
    message: expect.stringContaining(`give the service the scope ${scope}.`),
  })

  it('is no more than what docs/jupyterhub.md lists', async () => {
    expect(RUNNER_SCOPES).toEqual(['servers', 'tokens'])
    await using servers = new HubServers(hub.api)
    const host = new HubHost(servers)
    const kernel = await host.start({ kernelName: 'python3', folder, environment: {} }, soon())
    expect(await host.exists(kernel, soon())).toBe(true)
    await host.shutdown(kernel)
    const gone = () => hub.api.server({ user: 'alice', server }, soon())
    await expect.poll(gone, { timeout: 20_000 }).toBeUndefined()
  })

  it('is named where it is missing', async () => {
    await expect(start(hub.as('nothing'))).rejects.toMatchObject(refused('servers'))
    await expect(start(hub.as('without-servers'))).rejects.toMatchObject(refused('servers'))
    await expect(start(hub.as('only-reading'))).rejects.toMatchObject(refused('servers'))
    await expect(start(hub.as('without-tokens'))).rejects.toMatchObject(refused('tokens'))
  })

  it('says that a token is wrong, and that nobody answers', async () => {
    await expect(hub.as('nobody').knows('alice', soon())).rejects.toMatchObject({
      code: 'kernel-host-failed',
      message: expect.stringContaining('check JUPYTERHUB_API_TOKEN'),
    })
  })

  it('gives a token that opens one server and nothing else', async () => {
    await hub.api.spawn({ user: 'alice', server: 'one' }, {}, soon())
    await hub.api.spawn({ user: 'alice', server: 'two' }, {}, soon())
    for await (const _ of hub.api.progress({ user: 'alice', server: 'two' }, soon()));
    const { token, id } = await hub.api.mint({ user: 'alice', server: 'one' }, soon())
    const status = async (path: string) =>
      (await fetch(`${hub.url}${path}`, { headers: { authorization: `token ${token}` } })).status
    expect(await status('/user/alice/one/api/kernels')).toBe(200)
    expect(await status('/user/alice/two/api/kernels')).toBe(403)
    expect(await status('/hub/api/users/bob')).toBe(404)
    expect(await status('/hub/api/users/alice/tokens')).toBe(403)
    await hub.api.revoke('alice', id, soon())
    expect(await status('/hub/api/user')).toBe(403)
  })
})
