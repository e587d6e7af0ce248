import { RunnerError } from '../errors.ts'
import { isObject } from '../notebook/json.ts'
import {
  callJupyter,
  type JupyterAddress,
  memberOf,
  reasonOf,
  refusedBy,
  unexpected,
} from './jupyter-rest.ts'
import type { CauseOfDeath, KernelHost, KernelStart, Kernelspec } from './kernel-host.ts'
import { textOf } from './message.ts'
import { noSuchKernel } from './no-such-kernel.ts'
import { openServerConnection } from './server-connection.ts'

/** For what takes no signal: a server that does not answer for so long is not going to. */
const ANSWER_MS = 30_000

/**
 * Kernels on a Jupyter server, a Kernel Gateway or an Enterprise Gateway. `address` is asked before each request,
 * because a server of our own may come back at another one.
 */
export class ServerHost implements KernelHost {
  readonly kind = 'server'
  readonly patienceMs = 120_000
  readonly capabilities: KernelHost['capabilities'] = new Set(['readopts'] as const)
  readonly #address: (signal: AbortSignal) => Promise<JupyterAddress>

  constructor(address: (signal: AbortSignal) => Promise<JupyterAddress>) {
    this.#address = address
  }

  async kernelspecs(signal: AbortSignal): Promise<{ default: string; kernelspecs: Kernelspec[] }> {
    const answer = await callJupyter(
      await this.#address(signal),
      { method: 'GET', path: '/api/kernelspecs' },
      signal,
    )
    if (answer.status !== 200 || !isObject(answer.body)) {
      throw unexpected('The kernels that there are could not be listed', answer)
    }
    const kernelspecs = [...memberOf(answer.body, 'kernelspecs')].map(([name, entry]) => {
      const spec = memberOf(entry, 'spec')
      return {
        name,
        displayName: textOf(spec, 'display_name') ?? name,
        language: textOf(spec, 'language') ?? '',
      }
    })
    return { default: textOf(answer.body, 'default') ?? '', kernelspecs }
  }

  async start({ kernelName, folder }: KernelStart, signal: AbortSignal): Promise<string> {
    const address = await this.#address(signal)
    const path = await makeFolder(address, folder, signal)
    const body = path === undefined ? { name: kernelName } : { name: kernelName, path }
    const answer = await callJupyter(address, { method: 'POST', path: '/api/kernels', body }, signal)
    const id = isObject(answer.body) ? textOf(answer.body, 'id') : undefined
    if (answer.status === 201 && id !== undefined) return id
    const { kernelspecs } = await this.kernelspecs(signal)
    if (kernelspecs.every(({ name }) => name !== kernelName)) throw noSuchKernel(kernelName, kernelspecs)
    throw unexpected(`The kernel ${kernelName} could not be started`, answer)
  }

  /** @param name what the kernel is called by who uses the connection, where that is not its id here */
  async connect(kernelId: string, clientId: string, signal: AbortSignal, name = kernelId) {
    const address = await this.#address(signal)
    const socketUrl = `${address.url.replace(/^http/, 'ws')}${pathOf(kernelId)}/channels?session_id=${encodeURIComponent(clientId)}`
    const exists = (late: AbortSignal) => this.exists(kernelId, late)
    return openServerConnection(
      { url: socketUrl, token: address.token, refused: refusedBy(address), kernelId: name, clientId, exists },
      signal,
    )
  }

  async interrupt(kernelId: string): Promise<void> {
    const signal = AbortSignal.timeout(ANSWER_MS)
    const call = { method: 'POST', path: `${pathOf(kernelId)}/interrupt` } as const
    const answer = await callJupyter(await this.#address(signal), call, signal)
    if (answer.status === 404) {
      throw new RunnerError('kernel-gone', 'The kernel is gone: its server does not know it.')
    }
    if (answer.status >= 300) throw unexpected('The kernel could not be interrupted', answer)
  }

  async shutdown(kernelId: string): Promise<void> {
    const signal = AbortSignal.timeout(ANSWER_MS)
    const call = { method: 'DELETE', path: pathOf(kernelId) } as const
    const answer = await callJupyter(await this.#address(signal), call, signal)
    if (answer.status >= 300 && answer.status !== 404) {
      throw unexpected('The kernel could not be shut down', answer)
    }
  }

  async exists(kernelId: string, signal: AbortSignal): Promise<boolean> {
    const answer = await callJupyter(
      await this.#address(signal),
      { method: 'GET', path: pathOf(kernelId) },
      signal,
    )
    // Without Jupyter's own words it is the answer of something on the way to it.
    if (answer.status === 404 && reasonOf(answer) !== undefined) return false
    if (answer.status !== 200 || !isObject(answer.body)) {
      throw unexpected('The Jupyter server does not say whether the kernel is there', answer)
    }
    // One that died and could not be restarted is still listed.
    return textOf(answer.body, 'execution_state') !== 'dead'
  }

  /** Our own server tells (runtime/jupyter); others don't. */
  async causeOfDeath(kernelId: string, signal: AbortSignal): Promise<CauseOfDeath | undefined> {
    try {
      const address = await this.#address(signal)
      const { body } = await callJupyter(address, { method: 'GET', path: pathOf(kernelId) }, signal)
      const cause = isObject(body) ? textOf(body, 'cause_of_death') : undefined
      return cause === 'memory-limit' || cause === 'machine-memory' ? cause : undefined
    } catch {
      return undefined
    }
  }

  /** The kernels stay: they are to outlive us. */
  async [Symbol.asyncDispose](): Promise<void> {}
}

const pathOf = (kernelId: string) => `/api/kernels/${encodeURIComponent(kernelId)}`

/**
 * Makes the folder and all those above it. Undefined where the server keeps no files that we could see (a gateway):
 * its kernels run where it puts them. A kernel asked for a folder that is not there runs in one further up, unsaid.
 */
async function makeFolder(
  address: JupyterAddress,
  folder: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const segments = folder.split('/').filter(Boolean)
  for (const [index] of segments.entries()) {
    const path = `/api/contents/${segments
      .slice(0, index + 1)
      .map(encodeURIComponent)
      .join('/')}`
    const answer = await callJupyter(address, { method: 'PUT', path, body: { type: 'directory' } }, signal)
    if (answer.status === 404 || answer.status === 405) return undefined
    if (answer.status >= 300) throw unexpected(`The folder ${folder} could not be made`, answer)
  }
  return segments.join('/')
}
