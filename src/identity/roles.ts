import { RunnerError } from '../errors.ts'
import type { Caller, Role } from './caller.ts'

/** From the least to the most. */
const ROLES: readonly Role[] = ['viewer', 'runner', 'manager']

/** How a token says which roles somebody has. */
export interface RoleRules {
  /** Names of the claim and of what is in it, such as `realm_access`, `roles`. */
  readonly claim: readonly string[]
  /** Values of the claim, in which `{workspace}` is the name of one; `*` is whatever a token says. */
  readonly values: ReadonlyArray<{ readonly role: Role; readonly value: string }>
}

/**
 * The highest role in each of the workspaces. The claim is a text or a list of texts, or an object with such ones by
 * workspace, which are then read as `workspace:text`. Whoever has no other role looks.
 */
export function rolesIn(
  claims: Readonly<Record<string, unknown>>,
  rules: RoleRules,
  workspaces: readonly string[],
): ReadonlyMap<string, Role> {
  const told = new Set(texts(valueAt(claims, rules.claim)))
  const has = (value: string, workspace: string) =>
    value === '*' || told.has(value.replaceAll('{workspace}', workspace))
  return new Map(
    workspaces.map((workspace) => {
      const roles = rules.values.filter(({ value }) => has(value, workspace)).map(({ role }) => role)
      return [workspace, ROLES.findLast((role) => roles.includes(role)) ?? 'viewer']
    }),
  )
}

function valueAt(claims: Readonly<Record<string, unknown>>, path: readonly string[]): unknown {
  let value: unknown = claims
  for (const name of path) value = isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
  return value
}

function texts(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  if (Array.isArray(value)) return value.filter((one) => typeof one === 'string')
  if (!isObject(value)) return []
  return Object.entries(value).flatMap(([workspace, of]) => texts(of).map((text) => `${workspace}:${text}`))
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const atLeast = (role: Role, needed: Role): boolean => ROLES.indexOf(role) >= ROLES.indexOf(needed)

/** Where no roles are told apart, everybody is a manager of their workspaces. */
export const roleIn = ({ roles }: Caller, workspace: string): Role =>
  roles === undefined ? 'manager' : (roles.get(workspace) ?? 'viewer')

/**
 * The caller in those workspaces only in which they have the role. Whatever is then asked with that caller as its scope
 * cannot reach further.
 */
export function narrowed(caller: Caller, needed: Role): Caller {
  if (caller.roles === undefined || needed === 'viewer') return caller
  const may = (workspace: string) => atLeast(roleIn(caller, workspace), needed)
  const onlyLooks = caller.workspaces.filter((workspace) => !may(workspace))
  return onlyLooks.length === 0 ? caller : { ...caller, workspaces: caller.workspaces.filter(may), onlyLooks }
}

/** What is told to somebody who sees it and may do no more. */
export const mayOnlyLook = (workspace: string): RunnerError =>
  new RunnerError(
    'not-allowed',
    `In ${workspace} you may look, and neither run nor change anything. Ask a manager of the workspace for the role “runner”.`,
  )

/**
 * Of what is theirs a runner decides, of what is another's a manager.
 * @throws RunnerError `not-allowed`
 */
export function requireOwner(
  caller: Caller,
  owned: {
    readonly workspace: string
    readonly ownerIssuer: string
    readonly ownerSubject: string
    readonly ownerName: string
  },
): void {
  if (owned.ownerIssuer === caller.issuer && owned.ownerSubject === caller.subject) return
  if (roleIn(caller, owned.workspace) === 'manager') return
  throw new RunnerError(
    'not-allowed',
    `This is ${owned.ownerName}’s: only they or a manager of ${owned.workspace} may do that.`,
  )
}
