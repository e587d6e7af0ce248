import { RunnerError } from '../errors.ts'
import type { ServerId } from './hub-api.ts'
import { hubKernel, placeOfFolder, placeOfKernel } from './hub-place.ts'
import type { HubServer } from './hub-server.ts'
import type { HubServers } from './hub-servers.ts'
import type { KernelConnection } from './kernel-connection.ts'
import type { KernelHost, KernelStart } from './kernel-host.ts'
import { ServerHost } from './server-host.ts'
import { isFresh } from './server-name.ts'

const ANSWER_MS = 30_000

/** Kernels in people's own servers, started by JupyterHub. Folders and ids say in whose (`hub-place.ts`). */
export class HubHost implements KernelHost {
  readonly kind = 'hub'
  readonly capabilities: KernelHost['capabilities'] = new Set(['readopts'] as const)
  /** Also for a machine that has to be added for a server, and for a hub that has lost the way to one. */
  readonly patienceMs = 600_000
  readonly #servers: HubServers

  constructor(servers: HubServers) {
    this.#servers = servers
  }

  async kernelspecs(signal: AbortSignal, folder = '') {
    const { place } = placeOfFolder(folder)
    const server = this.#servers.server(place)
    await server.start({ workspace: place.workspace }, () => undefined, signal)
    return through(server, () => this.#kernels(place).kernelspecs(signal))
  }

  async start(start: KernelStart, signal: AbortSignal): Promise<string> {
    const { place, folder } = placeOfFolder(start.folder)
    const server = this.#servers.server(place)
    try {
      await server.start({ workspace: place.workspace }, start.tell ?? (() => undefined), signal)
      const id = await through(server, () => this.#kernels(place).start({ ...start, folder }, signal))
      return hubKernel(place, id)
    } catch (error) {
      // Nobody else would end it.
      if (isFresh(place.server)) await server.stop(AbortSignal.timeout(ANSWER_MS)).catch(() => undefined)
      throw error
    }
  }

  connect(kernelId: string, clientId: string, signal: AbortSignal): Promise<KernelConnection> {
    return this.#at(kernelId, async (kernels, id) => {
      try {
        return await kernels.connect(id, clientId, signal, kernelId)
      } catch (error) {
        // On the way to it somebody else may have said so.
        if (isCode(error, 'kernel-gone') && (await kernels.exists(id, signal))) {
          throw new RunnerError('kernel-host-failed', 'The way to the server is lost for now.', {
            cause: error,
          })
        }
        throw error
      }
    })
  }

  interrupt(kernelId: string): Promise<void> {
    return this.#at(kernelId, (kernels, id) => kernels.interrupt(id))
  }

  async shutdown(kernelId: string): Promise<void> {
    try {
      await this.#at(kernelId, async (kernels, id, server) => {
        await kernels.shutdown(id)
        if (isFresh(placeOfKernel(kernelId).server)) await server.stop(AbortSignal.timeout(ANSWER_MS))
      })
    } catch (error) {
      if (!isCode(error, 'kernel-gone')) throw error
    }
  }

  /** Nothing of ours is in these servers that could tell. */
  async causeOfDeath(): Promise<undefined> {}

  exists(kernelId: string, signal: AbortSignal): Promise<boolean> {
    return this.#at(kernelId, (kernels, id) => kernels.exists(id, signal))
  }

  /** The servers stay, and so do the kernels. */
  async [Symbol.asyncDispose](): Promise<void> {}

  async #at<T>(
    kernelId: string,
    work: (kernels: ServerHost, id: string, server: HubServer) => Promise<T>,
  ): Promise<T> {
    const { id, ...place } = placeOfKernel(kernelId)
    const server = this.#servers.server(place)
    return through(server, () => work(this.#kernels(place), id, server))
  }

  /** Whose address is asked for each time: the server may have been forgotten meanwhile. */
  #kernels(id: ServerId): ServerHost {
    return new ServerHost((signal) => this.#servers.server(id).address(signal))
  }
}

/** Where it fails the hub is asked whether the server is there at all; the next try is with another token. */
async function through<T>(server: HubServer, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!isCode(error, 'kernel-host-failed')) throw error
    await server.forget()
    await server.find(AbortSignal.timeout(ANSWER_MS)).catch((why: unknown) => {
      if (isCode(why, 'kernel-gone')) throw why
    })
    throw error
  }
}

const isCode = (error: unknown, code: RunnerError['code']): boolean =>
  error instanceof RunnerError && error.code === code
