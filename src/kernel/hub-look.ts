import { RunnerError } from '../errors.ts'
import type { HubApi } from './hub-api.ts'
import type { HubHost } from './hub-host.ts'
import { type HubPlace, hubFolder } from './hub-place.ts'
import type { HubServers } from './hub-servers.ts'
import type { Kernelspec } from './kernel-host.ts'

/** Servers that a person may have at a time, where the platform stops another one for the one that is started. */
export type OneServer = 'no' | 'person' | 'workspace'

export interface ServerLook {
  readonly state: 'up' | 'starting' | 'stopped'
  /** Those of the person's servers that the platform would stop for this one, as people call them. */
  readonly stops: readonly string[]
}

const START_MS = 600_000

/** A person's server before anything runs in it: what its form asks. Nothing here throws for a hub that is away. */
export class HubLook {
  readonly #hub: HubApi
  readonly #servers: HubServers
  readonly #host: HubHost
  readonly #oneServer: OneServer
  readonly #starting = new Set<string>()
  readonly #stopping = new AbortController()

  constructor(parts: {
    readonly hub: HubApi
    readonly servers: HubServers
    readonly host: HubHost
    readonly oneServer: OneServer
  }) {
    this.#hub = parts.hub
    this.#servers = parts.servers
    this.#host = parts.host
    this.#oneServer = parts.oneServer
  }

  /** Undefined where the hub does not say. */
  async look({ user, server, workspace }: HubPlace, signal: AbortSignal): Promise<ServerLook | undefined> {
    const all = await this.#hub.servers(user, signal).catch(quietly)
    if (all === undefined) return undefined
    const own = all.get(server)
    const state = own?.ready === true ? 'up' : own?.pending === 'spawn' ? 'starting' : 'stopped'
    if (state !== 'stopped' || this.#oneServer === 'no') return { state, stops: [] }
    const stops = [...all]
      .filter(([name, other]) => name !== server && other.pending !== 'stop')
      .filter(([, other]) => this.#oneServer === 'person' || other.workspace === workspace)
      .map(([name]) => (name === '' ? 'your default server' : `your server ${name}`))
    return { state, stops }
  }

  /** Those of the person's servers that the platform would stop for this one. Asks nobody where it stops none. */
  async stops(place: HubPlace, signal: AbortSignal): Promise<readonly string[]> {
    if (this.#oneServer === 'no') return []
    return (await this.look(place, signal))?.stops ?? []
  }

  /** Its kernels, where it is up; none otherwise: it is not started for a look. */
  async kernelspecs(place: HubPlace, signal: AbortSignal): Promise<readonly Kernelspec[]> {
    if ((await this.look(place, signal))?.state !== 'up') return []
    const found = await this.#host.kernelspecs(signal, hubFolder(place, '')).catch(quietly)
    return found?.kernelspecs ?? []
  }

  /** Has it started, once, and does not wait for it: a run that comes by then joins in, and says what goes wrong. */
  start(place: HubPlace): void {
    const key = JSON.stringify([place.user, place.server])
    if (this.#starting.has(key)) return
    this.#starting.add(key)
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(START_MS)])
    this.#servers
      .server(place)
      .start({ workspace: place.workspace }, () => undefined, signal)
      .catch(() => undefined)
      .finally(() => this.#starting.delete(key))
  }

  [Symbol.dispose](): void {
    this.#stopping.abort()
  }
}

/** What a run would say of it, it says itself. */
function quietly(error: unknown): undefined {
  if (error instanceof RunnerError) return undefined
  throw error
}
