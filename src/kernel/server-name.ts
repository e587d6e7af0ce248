import { createHash } from 'node:crypto'

/** Which of a person's servers runs their notebooks: the default one, one for each workspace, or one for each run. */
export type ServerStrategy = 'default' | 'workspace' | 'fresh'

/** JupyterHub 6: `[a-z0-9-]`, a letter first, 30 at most. Version 5 takes such names too. */
const MAX_NAME = 30
const PLAIN = /^[a-z][a-z0-9-]{0,29}$/
const HASHED = /-[0-9a-f]{8}$/
const FRESH = /^run-[0-9a-f]{16}$/

/** A person's name in the hub: its authenticators write all of them in lower case. */
export const hubUser = (user: string): string => user.toLowerCase()

/** In which a run is executed; empty for the default one. */
export function serverOf(
  strategy: ServerStrategy,
  { id, workspace }: { readonly id: string; readonly workspace: string },
): string {
  switch (strategy) {
    case 'default':
      return ''
    case 'workspace':
      return workspaceServer(workspace)
    case 'fresh':
      // The random half of the run's id.
      return `run-${id.replaceAll('-', '').slice(-16)}`
  }
}

/** In which a person looks at notebooks: one that was made for a run is gone by then. */
export const viewServerOf = (strategy: ServerStrategy, workspace: string): string =>
  strategy === 'default' ? '' : workspaceServer(workspace)

/** Made for one run: it ends with the run's kernel. */
export const isFresh = (server: string): boolean => FRESH.test(server)

/** The workspace's own name where that is one, otherwise a slug and a hash: no two workspaces share a server. */
function workspaceServer(workspace: string): string {
  if (PLAIN.test(workspace) && !HASHED.test(workspace) && !FRESH.test(workspace)) return workspace
  const hash = createHash('sha256').update(workspace).digest('hex').slice(0, 8)
  const slug = workspace.replace(/^[^a-z]/, (first) => `w${first}`).slice(0, MAX_NAME - 1 - hash.length)
  return `${slug}-${hash}`
}
