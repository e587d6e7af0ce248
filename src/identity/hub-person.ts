import type { Caller } from './caller.ts'
import { callerFromClaims } from './claims.ts'
import type { RoleRules } from './roles.ts'

/** Which workspaces somebody of the hub is in. */
interface HubWorkspaces {
  /** Name of a person's own, in which `{user}` is filled in; undefined: they have none. */
  readonly own: string | undefined
  /** Names of groups that stand for a workspace, each with `{workspace}` in it. */
  readonly groups: readonly string[]
}

export interface HubPersonRules {
  /** Who vouches for the person: the hub's address, as people reach it. */
  readonly issuer: string
  readonly workspaces: HubWorkspaces
  /** Undefined: roles are not told apart. */
  readonly roles?: RoleRules
}

/**
 * Who a person of the hub is here. In their own workspace they are its manager. A group whose workspace would be called
 * like somebody's own gives none: people choose their names, and nobody gets into another's workspace by one.
 * @throws RunnerError `invalid-token` where the name is no short printable text
 */
export function callerOfHub(name: string, groups: readonly string[], rules: HubPersonRules): Caller {
  const { own, groups: patterns } = rules.workspaces
  const theirs = own?.replaceAll('{user}', name)
  const isOwn = own === undefined ? () => '' : matcher(own, '{user}')
  const shared = patterns.flatMap((pattern) => {
    const named = matcher(pattern, '{workspace}')
    return groups.flatMap((group) => named(group) || [])
  })
  const others = shared.filter((workspace) => isOwn(workspace) === '')
  const workspaces = [...(theirs === undefined ? [] : [theirs]), ...others]
  const claims = { iss: rules.issuer, sub: name, preferred_username: name, workspaces, groups }
  const caller = callerFromClaims(claims, rules.roles)
  if (caller.roles === undefined || theirs === undefined || !caller.workspaces.includes(theirs)) return caller
  return { ...caller, roles: new Map([...caller.roles, [theirs, 'manager']]) }
}

/** What stands in a text where the pattern has the placeholder; '' where it does not fit. */
function matcher(pattern: string, placeholder: string): (text: string) => string {
  const at = pattern.indexOf(placeholder)
  const [before, after] = [pattern.slice(0, at), pattern.slice(at + placeholder.length)]
  return (text) =>
    text.length > before.length + after.length && text.startsWith(before) && text.endsWith(after)
      ? text.slice(before.length, text.length - after.length)
      : ''
}
