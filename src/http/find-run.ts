import { RunnerError } from '../errors.ts'
import type { Caller } from '../identity/caller.ts'
import { mayOnlyLook } from '../identity/roles.ts'
import type { Run } from '../run/run.ts'
import { UUID } from '../run/uuid.ts'
import type { Services } from './services.ts'

/**
 * The caller's run. What is not the caller's does not exist.
 * @throws RunnerError `no-such-run`; `not-allowed` where they see it and may do no more
 */
export async function findRun(services: Services, caller: Caller, id: string): Promise<Run> {
  if (!UUID.test(id)) throw noSuchRun()
  const run = await services.runs.find(caller, id)
  if (run === undefined) await refuseOnlyLook(caller, (looking) => services.runs.find(looking, id))
  if (run === undefined) throw noSuchRun()
  return services.comeBack(caller, run)
}

const noSuchRun = () => new RunnerError('no-such-run', 'There is no such run in your workspaces.')

/**
 * For what was not found: it may be there where the caller may only look, and then they are told that.
 * @throws RunnerError `not-allowed`
 */
export async function refuseOnlyLook(
  { onlyLooks, ...caller }: Caller,
  find: (looking: Caller) => Promise<{ readonly workspace: string } | undefined>,
): Promise<void> {
  if (onlyLooks === undefined) return
  const seen = await find({ ...caller, workspaces: onlyLooks })
  if (seen !== undefined) throw mayOnlyLook(seen.workspace)
}
