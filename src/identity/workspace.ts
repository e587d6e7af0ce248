import { RunnerError } from '../errors.ts'
import type { Caller } from './caller.ts'
import { mayOnlyLook } from './roles.ts'

/**
 * The workspace to work in; never a guess. Throws `no-workspace` where the caller has none, `workspace-choice` (with
 * the choices) where there are several and none was asked for, and `not-found` for one that is not the caller's,
 * whether or not it exists. Throws `not-allowed` where they may only look.
 */
export function chooseWorkspace(caller: Caller, requested?: string): string {
  const [first, ...others] = caller.workspaces
  const { onlyLooks = [] } = caller
  if (requested !== undefined && onlyLooks.includes(requested)) throw mayOnlyLook(requested)
  if (first === undefined && requested === undefined && onlyLooks.length > 0)
    throw mayOnlyLook(onlyLooks.join(', '))
  if (first === undefined) {
    throw new RunnerError(
      'no-workspace',
      'You are signed in, but belong to no workspace. Ask the owner of a workspace to add you, then sign in again.',
    )
  }
  if (requested !== undefined) {
    if (caller.workspaces.includes(requested)) return requested
    throw new RunnerError(
      'not-found',
      'There is no such workspace. Check its name, or leave it out to be asked.',
    )
  }
  if (others.length === 0) return first
  throw new RunnerError(
    'workspace-choice',
    'You belong to several workspaces. Choose one by “_workspace=…”.',
    {
      choices: caller.workspaces,
    },
  )
}
