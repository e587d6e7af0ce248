import type { FastifyRequest } from 'fastify'
import { RunnerError } from '../errors.ts'
import type { Caller } from '../identity/caller.ts'
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
  const idempotencyKey = idempotencyKeyOf(request)
  const { id } = request.params
  if (services.acceptRun === undefined) {
    throw new RunnerError(
      'no-kernels',
      'This service prepares notebooks and does not execute them: use the run link without _mode=execute.',
    )
  }
  const { run, created } = await services.acceptRun(
    caller,
    id,
    asked,
    idempotencyKey === undefined ? {} : { idempotencyKey },
  )
  request.log.info({ workspace: run.workspace, notebook: id, run: run.id, created }, 'accepted')
  return run
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
