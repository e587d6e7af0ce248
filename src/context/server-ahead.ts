import type { HubLook, ServerLook } from '../kernel/hub-look.ts'
import type { Kernelspec } from '../kernel/kernel-host.ts'
import { hubUser, type ServerStrategy, serverOf } from '../kernel/server-name.ts'

/** A person's own server while they fill in a form. */
export interface ServerAhead {
  kernelspecs(user: string, workspace: string, signal: AbortSignal): Promise<readonly Kernelspec[]>
  /** What it is now. `open`: a person has the form open, for whom it may be started. */
  look(user: string, workspace: string, open: boolean): Promise<ServerLook | undefined>
}

const ANSWER_MS = 5_000

/**
 * @param prestart whether it may be started for a form; never where another server would be stopped for it, and never a
 * fresh one: it belongs to one run, which ends it, and one that was started for a form belongs to nobody
 */
export function serverAhead(look: HubLook, server: ServerStrategy, prestart: boolean): ServerAhead {
  const placeOf = (user: string, workspace: string) => ({
    user: hubUser(user),
    server: serverOf(server, { id: '', workspace }),
    workspace,
  })
  return {
    kernelspecs: (user, workspace, signal) => look.kernelspecs(placeOf(user, workspace), signal),
    async look(user, workspace, open) {
      const place = placeOf(user, workspace)
      const found = await look.look(place, AbortSignal.timeout(ANSWER_MS))
      if (!open || !prestart || server === 'fresh' || found?.state !== 'stopped' || found.stops.length > 0)
        return found
      look.start(place)
      return { ...found, state: 'starting' }
    },
  }
}
