import { RunnerError } from '../errors.ts'
import type { Caller } from '../identity/caller.ts'
import type { Run } from '../run/run.ts'
import { UUID } from '../run/uuid.ts'
import type { Services } from './services.ts'

/**
 * The caller's run. What is not the caller's does not exist.
 * @throws RunnerError `no-such-run`
 */
export async function findRun(services: Services, caller: Caller, id: string): Promise<Run> {
  const run = UUID.test(id) ? await services.runs.find(caller, id) : undefined
  if (run === undefined) throw new RunnerError('no-such-run', 'There is no such run in your workspaces.')
  return services.comeBack(caller, run)
}
