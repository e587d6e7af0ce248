import type { FastifyRequest } from 'fastify'
import { RunnerError } from '../errors.ts'
import type { Caller } from '../identity/caller.ts'
import type { Given } from '../run/accept.ts'
import type { Batch } from '../run/batch.ts'
import type { RunRequest } from '../run/filled-notebook.ts'
import type { Run } from '../run/run.ts'
import { idempotencyKeyOf } from './idempotency-key.ts'
import type { Services } from './services.ts'

type ExecutionRequest = FastifyRequest<{ Params: { id: string } }>

/**
 * Accepts a run of the notebook in the address, under the request's `Idempotency-Key`.
 * @throws RunnerError what `AcceptRun` throws, `no-kernels` and `invalid-request`
 */
export async function acceptRun(
  services: Services,
  caller: Caller,
  request: ExecutionRequest,
  asked: RunRequest,
): Promise<Run> {
  const accepting = services.acceptRun ?? refuse()
  const { id } = request.params
  const { run, created } = await accepting(caller, id, asked, givenIn(request))
  request.log.info({ workspace: run.workspace, notebook: id, run: run.id, created }, 'accepted')
  return run
}

/** The same for a request that is a sweep. */
export async function acceptSweep(
  services: Services,
  caller: Caller,
  request: ExecutionRequest,
  asked: RunRequest,
): Promise<Batch> {
  const sweeps = services.sweeps ?? refuse()
  const { id } = request.params
  const { batch, created } = await sweeps.accept(caller, id, asked, givenIn(request))
  const { workspace, total } = batch
  request.log.info({ workspace, notebook: id, batch: batch.id, runs: total, created }, 'accepted')
  return batch
}

/**
 * What a request says by its headers. `Stop-Server` is one because a link can't have it: nobody else's link agrees for a
 * person. @throws RunnerError `invalid-request`
 */
export function givenIn(request: FastifyRequest): Given {
  const idempotencyKey = idempotencyKeyOf(request)
  const agreed = request.headers['stop-server']
  if (agreed !== undefined && agreed !== 'yes')
    throw new RunnerError('invalid-request', 'Stop-Server is yes, or is left out.')
  return { stopServer: agreed === 'yes', ...(idempotencyKey !== undefined && { idempotencyKey }) }
}

/** For what only a service with kernels does. @throws RunnerError `no-kernels` */
export function refuse(): never {
  throw new RunnerError(
    'no-kernels',
    'This service prepares notebooks and does not execute them: use the run link without _mode=execute.',
  )
}

/** @throws RunnerError `invalid-request` for a link that asks for what is not done here. */
export function linkRequest(query: string): RunRequest {
  const pairs = new URLSearchParams(query)
  if (pairs.get('_mode') === 'prepare')
    throw new RunnerError(
      'invalid-request',
      'Here notebooks are executed: _mode=prepare is for the run link.',
    )
  return { kind: 'query', pairs }
}
