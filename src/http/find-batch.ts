import { RunnerError } from '../errors.ts'
import type { Caller } from '../identity/caller.ts'
import type { Batch } from '../run/batch.ts'
import { UUID } from '../run/uuid.ts'
import { refuseOnlyLook } from './find-run.ts'
import type { Services } from './services.ts'

/**
 * The caller's sweep. What is not the caller's does not exist.
 * @throws RunnerError `no-such-batch`; `not-allowed` where they see it and may do no more
 */
export async function findBatch({ batches }: Services, caller: Caller, id: string): Promise<Batch> {
  if (!UUID.test(id)) throw noSuchBatch()
  const batch = await batches.find(caller, id)
  if (batch === undefined) await refuseOnlyLook(caller, (looking) => batches.find(looking, id))
  if (batch === undefined) throw noSuchBatch()
  return batch
}

const noSuchBatch = () => new RunnerError('no-such-batch', 'There is no such sweep in your workspaces.')
