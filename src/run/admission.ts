import { LRUCache } from 'lru-cache'
import { RunnerError } from '../errors.ts'
import type { Scope } from '../identity/caller.ts'
import type { HubApi } from '../kernel/hub-api.ts'
import { hubUser } from '../kernel/server-name.ts'

/**
 * Whether runs of this person can be executed at all: asked before these are accepted. `stopServer`: the person agrees that
 * another server of theirs is stopped for it. Throws what stands against it.
 */
export type Admit = (scope: Scope, runIds: readonly string[], stopServer: boolean) => Promise<void>

export const everybody: Admit = async () => undefined

const KNOWN = { max: 10_000, ttl: 600_000 }
const ANSWER_MS = 5_000

/**
 * Whom the hub knows: it makes nobody's server before they have signed in there once. A hub that is away is no reason
 * against a run, which waits for it. @param url how people reach the hub
 */
export function hubAdmission(hub: HubApi, url: string): Admit {
  const known = new LRUCache<string, true>(KNOWN)
  return async (scope) => {
    const user = hubUser(scope.user)
    if (known.has(user)) return
    const there = await hub.knows(user, AbortSignal.timeout(ANSWER_MS)).catch((error: unknown) => {
      if (error instanceof RunnerError && error.code === 'kernel-host-failed') return undefined
      throw error
    })
    if (there === undefined) return
    if (there) return void known.set(user, true)
    const link = `${url}/hub/home`
    throw new RunnerError(
      'hub-unknown-user',
      `JupyterHub does not know ${user} yet. Open ${link} once to sign in there, then come back and run the notebook.`,
      { link },
    )
  }
}

/** The servers of the person that the platform would stop for this run, as people call them. */
export type StoppedFor = (scope: Scope, runId: string) => Promise<readonly string[]>

/**
 * Where the platform stops another server of the person for the one that a run needs, the person is asked before. What
 * becomes of their servers later, while the run waits, nobody asks about. Throws `would-stop-server`.
 */
export function serverAdmission(stoppedFor: StoppedFor): Admit {
  return async (scope, [runId], stopServer) => {
    if (runId === undefined || stopServer) return
    const stops = await stoppedFor(scope, runId)
    if (stops.length === 0) return
    throw new RunnerError(
      'would-stop-server',
      `The platform would stop ${stops.join(' and ')} for this, and what runs there would be lost. A program agrees by the header Stop-Server: yes (run --server: --stop-server).`,
    )
  }
}
