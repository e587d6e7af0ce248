import { RunnerError } from '../errors.ts'
import type { Caller } from './caller.ts'
import { type RoleRules, rolesIn } from './roles.ts'

/** The platform's rule for names of workspaces; storage holds to the same one by itself. */
const WORKSPACE = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/
const MAX_NAME = 255

function isWorkspaceName(name: string): boolean {
  return WORKSPACE.test(name)
}

/**
 * Who the claims of a verified token speak of. Throws `invalid-token` where `iss`, `sub` or `preferred_username` is
 * missing or no short printable string, or where a workspace claim has the wrong shape.
 */
export function callerFromClaims(claims: Readonly<Record<string, unknown>>, rules?: RoleRules): Caller {
  const theirs = workspaces(claims)
  return {
    issuer: name(claims, 'iss'),
    subject: name(claims, 'sub'),
    user: name(claims, 'preferred_username'),
    workspaces: theirs,
    ...(rules !== undefined && { roles: rolesIn(claims, rules, theirs) }),
  }
}

/**
 * A token made for one workspace has a `workspace` claim: it opens that one alone, whatever else it lists. Other
 * tokens list all of the person's in `workspaces`. A name that breaks the rule for names could lead out of its
 * bucket: it is left out, and the others keep working.
 */
function workspaces(claims: Readonly<Record<string, unknown>>): readonly string[] {
  const { workspace: single, workspaces: list = [] } = claims
  if (single !== undefined) {
    if (typeof single !== 'string') throw refuse('its “workspace” claim is not a text')
    return [single].filter(isWorkspaceName)
  }
  if (!Array.isArray(list) || !list.every((one) => typeof one === 'string')) {
    throw refuse('its “workspaces” claim is not a list of texts')
  }
  return [...new Set(list.filter(isWorkspaceName))]
}

function name(claims: Readonly<Record<string, unknown>>, claim: string): string {
  const value = claims[claim]
  if (value === undefined) throw refuse(`it has no “${claim}” claim`)
  if (typeof value !== 'string' || value === '' || value.length > MAX_NAME || !isPrintable(value)) {
    throw refuse(`its “${claim}” claim is not a printable text of 1 to ${MAX_NAME} characters`)
  }
  return value
}

function isPrintable(text: string): boolean {
  return text.isWellFormed() && !/\p{Cc}/u.test(text)
}

/**
 * Why a token is not accepted. Neither the message nor a cause quotes the token: what a decoder or the JWT library
 * throws holds pieces of it, and causes are logged.
 */
export function refuse(why: string): RunnerError {
  return new RunnerError('invalid-token', `The access token is not accepted: ${why}.`)
}
