import { realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { describe } from 'vitest'
import { HubHost } from '../../src/kernel/hub-host.ts'
import { hubFolder } from '../../src/kernel/hub-place.ts'
import { HubServers } from '../../src/kernel/hub-servers.ts'
import { HUB_VERSIONS, startHub } from '../support/hub.ts'
import { hostContract } from './host-contract.ts'

describe.each(HUB_VERSIONS)('a person’s own server from JupyterHub %i as a kernel host', (version) => {
  hostContract(async () => {
    const hub = await startHub(version)
    await hub.addUsers('alice')
    const servers = new HubServers(hub.api)
    const host = new HubHost(servers)
    const folder = (name: string) => hubFolder({ user: 'alice', server: 'coast', workspace: 'coast' }, name)
    await host.kernelspecs(AbortSignal.timeout(60_000), folder(''))
    const root = await realpath(hub.home('alice'))
    return {
      host,
      folder,
      place: (name) => join(root, name),
      async [Symbol.asyncDispose]() {
        await servers[Symbol.asyncDispose]()
        await hub[Symbol.asyncDispose]()
      },
    }
  })
})
