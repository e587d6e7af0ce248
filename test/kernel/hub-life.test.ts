import { randomUUID } from 'node:crypto'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HubFiles } from '../../src/kernel/hub-files.ts'
import { HubHost } from '../../src/kernel/hub-host.ts'
import { HubLook, type OneServer } from '../../src/kernel/hub-look.ts'
import { hubFolder } from '../../src/kernel/hub-place.ts'
import { HubServers } from '../../src/kernel/hub-servers.ts'
import { Cells } from '../support/cells.ts'
import { startHub, type TestHub } from '../support/hub.ts'

const soon = () => AbortSignal.timeout(60_000)

let hub: TestHub
beforeAll(async () => {
  hub = await startHub(5)
  await hub.addUsers('alice', 'slow', 'broken', 'many')
})
afterAll(() => hub?.[Symbol.asyncDispose]())

interface Person extends AsyncDisposable {
  readonly host: HubHost
  readonly told: readonly string[]
  /** A kernel's id. */
  start(): Promise<string>
}

/** A runner of its own, for one server of one person. */
function person(user: string, server: string, api = hub.api): Person {
  const told: string[] = []
  const servers = new HubServers(api)
  const host = new HubHost(servers)
  const folder = hubFolder({ user, server, workspace: 'ws' }, '')
  const start = {
    kernelName: 'python3',
    folder,
    environment: {},
    tell: (text: string) => void told.push(text),
  }
  return {
    host,
    told,
    start: () => host.start(start, soon()),
    [Symbol.asyncDispose]: () => servers[Symbol.asyncDispose](),
  }
}

describe('a person’s server', { timeout: 90_000 }, () => {
  it('is started, waited for while the hub holds its answer, and used where it is up', async () => {
    await using one = person('slow', '')
    const first = await one.start()
    expect(first).toMatch(/^slow\/\/[0-9a-f-]{36}$/)
    expect(one.told[0]).toBe('Your server is being started.')
    expect(one.told.join('\n')).toMatch(/Your server is starting: \d+ %, /)
    await using other = person('slow', '')
    expect(await other.host.exists(first, soon())).toBe(true)
    await other.host.shutdown(await other.start())
    expect(other.told).toEqual([])
  })

  it('that two start at once is started once', async () => {
    await using one = person('slow', 'ws')
    await using other = person('slow', 'ws')
    const kernels = await Promise.all([one.start(), other.start()])
    expect(new Set(kernels).size).toBe(2)
  })

  it('that does not start says why in the hub’s words', async () => {
    await using broken = person('broken', '')
    await expect(broken.start()).rejects.toMatchObject({
      code: 'server-failed',
      message: expect.stringMatching(/^The server of broken did not start: .+/),
    })
  })

  it('is not started past the number that a person may have', async () => {
    for (const name of ['a', 'b', 'c', 'd']) await hub.admin('POST', `/users/many/servers/${name}`)
    await using many = person('many', 'e')
    await expect(many.start()).rejects.toMatchObject({
      code: 'server-failed',
      message: expect.stringContaining('already has the maximum of 4 named servers'),
    })
  })

  it('of somebody whom the hub does not know is not started', async () => {
    await using nobody = person('nobody', '')
    await expect(nobody.start()).rejects.toMatchObject({ code: 'hub-unknown-user' })
  })

  it('is waited for where it is being stopped', async () => {
    await using one = person('alice', 'ws')
    await one.start()
    const stopped = hub.admin('DELETE', '/users/alice/servers/ws')
    await using other = person('alice', 'ws')
    const kernel = await other.start()
    await stopped
    expect(await other.host.exists(kernel, soon())).toBe(true)
  })

  it('that is stopped has taken its kernels with it', async () => {
    await using alice = person('alice', 'ws')
    const { host } = alice
    const kernel = await alice.start()
    await using connection = await host.connect(kernel, randomUUID(), soon())
    await hub.admin('DELETE', '/users/alice/servers/ws')
    expect((await new Cells(connection).incident())?.kind).toBe('disconnected')
    const gone = { code: 'kernel-gone', message: expect.stringContaining('ws of alice was stopped while') }
    await expect(host.exists(kernel, soon())).rejects.toMatchObject(gone)
    await expect(host.connect(kernel, randomUUID(), soon())).rejects.toMatchObject(gone)
    await host.shutdown(kernel)
  })

  it('is forgotten, with its token, once nobody has asked for it for a while', async () => {
    await using servers = new HubServers(hub.api, 3_000)
    const host = new HubHost(servers)
    const folder = hubFolder({ user: 'alice', server: 'ws', workspace: 'ws' }, '')
    const kernel = await host.start({ kernelName: 'python3', folder, environment: {} }, soon())
    const connection = await host.connect(kernel, randomUUID(), soon())
    const tokens = async () =>
      (await (await hub.admin('GET', '/users/alice/tokens')).text()).includes('"notebook-runner"')
    expect(await tokens()).toBe(true)
    await expect.poll(tokens, { timeout: 10_000 }).toBe(false)
    // What is open stays open, and what is asked next has another token.
    expect((await new Cells(connection).run('print(1)')).text).toBe('1\n')
    await connection[Symbol.asyncDispose]()
    await host.shutdown(kernel)
    await expect.poll(tokens, { timeout: 10_000 }).toBe(false)
  })

  it('shows its files while it is up', async () => {
    await using servers = new HubServers(hub.api)
    const host = new HubHost(servers)
    const folder = hubFolder({ user: 'alice', server: 'ws', workspace: 'ws' }, 'runs/1')
    const kernel = await host.start({ kernelName: 'python3', folder, environment: {} }, soon())
    await using connection = await host.connect(kernel, randomUUID(), soon())
    await new Cells(connection).run('open("result.txt", "w").write("done")')
    const files = new HubFiles(servers)
    expect((await files.list(folder, 10, soon())).files).toMatchObject([{ path: 'result.txt', size: 4 }])
    expect(await text(await files.read(folder, 'result.txt', soon()))).toBe('done')
    await hub.admin('DELETE', '/users/alice/servers/ws')
    await expect(files.list(folder, 10, soon())).rejects.toMatchObject({ code: 'kernel-host-failed' })
  })
})

describe('what a form is told', { timeout: 90_000 }, () => {
  it('of another server in the same workspace, which would be stopped', async () => {
    await hub.addUsers('carol')
    await using servers = new HubServers(hub.api)
    const host = new HubHost(servers)
    const at = (server: string, workspace: string) => ({ user: 'carol', server, workspace })
    const lookFor = async (oneServer: OneServer) => {
      using look = new HubLook({ hub: hub.api, servers, host, oneServer })
      return look.look(at('mine', 'coast'), soon())
    }
    const spawn = (server: string, workspace: string) =>
      servers.server(at(server, workspace)).start({ workspace }, () => undefined, soon())
    await Promise.all([spawn('b', 'coast'), spawn('', 'hills')])
    expect(await lookFor('no')).toEqual({ state: 'stopped', stops: [] })
    expect(await lookFor('workspace')).toEqual({ state: 'stopped', stops: ['your server b'] })
    expect((await lookFor('person'))?.stops.toSorted()).toEqual(['your default server', 'your server b'])
    await spawn('mine', 'coast')
    expect(await lookFor('person')).toEqual({ state: 'up', stops: [] })
    using other = new HubLook({ hub: hub.as('nobody'), servers, host, oneServer: 'person' })
    expect(await other.look(at('mine', 'coast'), soon())).toBeUndefined()
  })
})

describe('the idle culler', { timeout: 120_000 }, () => {
  it('takes a server once nobody uses it, and not while a cell says nothing', async () => {
    // Longer than a silent kernel is left alone (src/kernel/server-connection.ts).
    await using culled = await startHub(5, { cullSeconds: 25 })
    await culled.addUsers('alice')
    await using alice = person('alice', '', culled.api)
    const connection = await alice.host.connect(await alice.start(), randomUUID(), soon())
    const { status } = await new Cells(connection).run('import time; time.sleep(60)')
    expect(status).toBe('ok')
    await connection[Symbol.asyncDispose]()
    const up = () => culled.api.server({ user: 'alice', server: '' }, soon())
    expect(await up()).toMatchObject({ ready: true })
    await expect.poll(up, { timeout: 60_000, interval: 1_000 }).toBeUndefined()
    expect(await culled.log()).toContain('Culling server alice')
  })

  it('may take a server in the middle of a cell, by its age: the kernel is gone, and why is said', async () => {
    await using culled = await startHub(5, { cullSeconds: 600, maxAgeSeconds: 15 })
    await culled.addUsers('alice')
    await using alice = person('alice', '', culled.api)
    const kernel = await alice.start()
    await using connection = await alice.host.connect(kernel, randomUUID(), soon())
    const cells = new Cells(connection)
    await expect(cells.run('import time; time.sleep(120)')).rejects.toThrow()
    await expect.poll(() => culled.log(), { timeout: 30_000 }).toContain('Culling server alice')
    await expect(alice.host.exists(kernel, soon())).rejects.toMatchObject({
      code: 'kernel-gone',
      message: expect.stringContaining('or because the platform ends servers that it takes for idle'),
    })
  })
})
