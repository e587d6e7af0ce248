import { readHubAddress } from './kernels.ts'
import { type RolesConfig, readRoles } from './roles.ts'
import type { SettingReader } from './setting-reader.ts'
import { readSessionSecrets } from './sign-in.ts'

/** People sign in through JupyterHub, and programs bring its tokens. */
export interface HubIdentityConfig {
  readonly kind: 'hub'
  /** `…/hub/api`. */
  readonly apiUrl: string
  /** How people reach it. No slash at the end of either. */
  readonly url: string
  /** Of the service that this is to the hub. */
  readonly token: string
  readonly service: string
  readonly workspaces: { readonly own: string | undefined; readonly groups: readonly string[] }
  /** Undefined: all are managers of their workspaces. */
  readonly roles: RolesConfig | undefined
  /** The first seals; all open. */
  readonly secrets: readonly [string, ...string[]]
}

export function readHubIdentity(read: SettingReader): HubIdentityConfig {
  const service = read.required('JUPYTERHUB_SERVICE')
  const [secret, ...others] = readSessionSecrets(read)
  if (secret === undefined) read.fault('SESSION_SECRET', 'is missing beside IDENTITY=hub')
  return {
    kind: 'hub',
    ...readHubAddress(read),
    service,
    workspaces: readWorkspaces(read),
    roles: readRoles(read),
    secrets: [secret ?? '', ...others],
  }
}

function readWorkspaces(read: SettingReader): HubIdentityConfig['workspaces'] {
  const items = read.list('JUPYTERHUB_WORKSPACES')
  const own = items.filter((one) => !one.startsWith('group:'))
  const groups = items.filter((one) => one.startsWith('group:')).map((one) => one.slice('group:'.length))
  const expected = 'such as own-{user},group:team-{workspace}: each with its one placeholder'
  if (
    own.length > 1 ||
    own.some((one) => !hasOne(one, 'user')) ||
    groups.some((one) => !hasOne(one, 'workspace'))
  )
    read.fault('JUPYTERHUB_WORKSPACES', `must be ${expected}, and one with {user} at most`)
  if (own[0] === '{user}' && groups.length > 0)
    read.fault(
      'JUPYTERHUB_WORKSPACES',
      'must tell people’s own workspaces from those of groups, such as own-{user} beside a group: a person could be called like a group',
    )
  return { own: own[0], groups }
}

const hasOne = (text: string, placeholder: string): boolean =>
  [...text.matchAll(/\{[^}]*\}/g)].map(([one]) => one).join() === `{${placeholder}}`
