import { LRUCache } from 'lru-cache'
import type { HubApi, ServerId } from './hub-api.ts'
import { HubServer } from './hub-server.ts'

/** Servers that nobody has asked for so long are forgotten, and their tokens revoked. */
const UNUSED_MS = 30_000

/** The servers of all people that are in use just now. */
export class HubServers implements AsyncDisposable {
  readonly #hub: HubApi
  readonly #servers: LRUCache<string, HubServer>
  readonly #closing = new Set<Promise<void>>()

  constructor(hub: HubApi, unusedMs: number = UNUSED_MS) {
    this.#hub = hub
    this.#servers = new LRUCache<string, HubServer>({
      max: 10_000,
      ttl: unusedMs,
      ttlAutopurge: true,
      updateAgeOnGet: true,
      dispose: (server) => this.#close(server),
    })
  }

  server({ user, server }: ServerId): HubServer {
    const key = JSON.stringify([user, server])
    const known = this.#servers.get(key)
    if (known !== undefined) return known
    const made = new HubServer(this.#hub, { user, server })
    this.#servers.set(key, made)
    return made
  }

  /** All tokens are revoked; the servers stay. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#servers.clear()
    await Promise.all(this.#closing)
  }

  #close(server: HubServer): void {
    const closing = server.forget().finally(() => this.#closing.delete(closing))
    this.#closing.add(closing)
  }
}
