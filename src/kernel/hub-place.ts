import { RunnerError } from '../errors.ts'

/** Whose server, which one (empty: the default one), and for which workspace its spawner is asked. */
export interface HubPlace {
  readonly user: string
  readonly server: string
  readonly workspace: string
}

/** A folder on a hub begins with the place where it is: `user/server/workspace/folder…`, each of them encoded. */
export function hubFolder({ user, server, workspace }: HubPlace, folder: string): string {
  return [user, server, workspace].map(encodeURIComponent).concat(folder).join('/')
}

/** Throws `kernel-host-failed` where `hubFolder` has not made it. */
export function placeOfFolder(text: string): { readonly place: HubPlace; readonly folder: string } {
  const [user, server, workspace, ...folder] = text.split('/')
  if (user === undefined || server === undefined || workspace === undefined) {
    throw new RunnerError('kernel-host-failed', 'A folder on JupyterHub must say in whose server it is.')
  }
  return {
    place: {
      user: decodeURIComponent(user),
      server: decodeURIComponent(server),
      workspace: decodeURIComponent(workspace),
    },
    folder: folder.join('/'),
  }
}

/** Likewise a kernel's id, `user/server/id`: it is found again whatever the settings are by then. */
export function hubKernel({ user, server }: Pick<HubPlace, 'user' | 'server'>, id: string): string {
  return `${encodeURIComponent(user)}/${encodeURIComponent(server)}/${id}`
}

/** Throws `kernel-gone` for the id of another kind of host. */
export function placeOfKernel(text: string): {
  readonly user: string
  readonly server: string
  readonly id: string
} {
  const [user, server, id] = text.split('/')
  if (user === undefined || server === undefined || id === undefined) {
    throw new RunnerError('kernel-gone', 'The kernel is in no server of JupyterHub, where it is looked for.')
  }
  return { user: decodeURIComponent(user), server: decodeURIComponent(server), id }
}
