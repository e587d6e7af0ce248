import type { FastifyInstance, FastifyRequest } from 'fastify'
import { RunnerError } from '../../errors.ts'
import { requireOwner } from '../../identity/roles.ts'
import { isTerminal, type RunState } from '../../run/run.ts'
import { authenticate } from '../authenticate.ts'
import { findRun } from '../find-run.ts'
import { negotiated, queryOf, representationOf } from '../negotiate.ts'
import { requireSameOrigin } from '../same-origin.ts'
import { sendJson } from '../send-json.ts'
import type { Services } from '../services.ts'
import { sendShell } from '../shell.ts'
import { statusInfo } from '../status-info.ts'

interface JobRequest {
  Params: { id: string }
}

/**
 * `GET /jobs/{id}`: one run, how it stands and why it waits; as a page, live. `DELETE` cancels a run that has not ended;
 * one that has is taken out of the history, and its notebook stays where it is, unless its owner asks with `?purge` to
 * remove all that there is of it. Whoever wants a run to be cancelled only, or only to be
 * taken out, says so by `only=live` or `only=ended`: it may end between the look at it and the request.
 */
export function jobRoute(app: FastifyInstance, services: Services): void {
  app.get<JobRequest>('/jobs/:id', async (request, reply) => {
    const caller = await authenticate(services.door, request)
    const representation = representationOf(request)
    const run = await findRun(services, caller, request.params.id)
    negotiated(reply)
    if (representation === 'html') return sendShell(services.web, request, reply)
    const { keptKernels } = services
    const waiting = run.state === 'queued' ? await services.queue.waiting(caller, run.id) : undefined
    const kernel = run.state === 'failed' ? await keptKernels.find(caller, run.id) : undefined
    const kept = kernel && { until: kernel.until, canOpen: keptKernels.canOpen }
    return sendJson(reply, statusInfo(run, services.publicUrl(), waiting, kept))
  })

  app.delete<JobRequest>('/jobs/:id', async (request, reply) => {
    const caller = await authenticate(services.door, request)
    requireSameOrigin(services, request)
    const found = await findRun(services, caller, request.params.id)
    const { id, state } = found
    refuseOthers(request, state)
    if (isPurge(request)) {
      await services.purgeRun(caller, found)
      request.log.info({ workspace: found.workspace, run: id }, 'purged')
      return sendJson(negotiated(reply), { ...statusInfo(found, services.publicUrl()), status: 'dismissed' })
    }
    requireOwner(caller, found)
    // One that ends meanwhile stays in the history: its end is what the caller is told.
    if (isTerminal(state)) await services.runs.dismiss(caller, id)
    else await services.runs.cancel(caller, id)
    const run = await findRun(services, caller, id)
    request.log.info(
      { workspace: run.workspace, run: id },
      isTerminal(state) ? 'dismissed' : 'cancel asked for',
    )
    // To whoever asked it is dismissed at once, as OGC wants it; `state` says how far it has come with that.
    return sendJson(negotiated(reply), { ...statusInfo(run, services.publicUrl()), status: 'dismissed' })
  })
}

function isPurge(request: FastifyRequest): boolean {
  const value = new URLSearchParams(queryOf(request)).get('purge')
  if (value === null || value === 'false') return false
  if (value === '' || value === 'true') return true
  throw new RunnerError('invalid-request', 'purge is given without a value.')
}

/** @throws RunnerError `wrong-state` where the request is for runs of the other kind. */
function refuseOthers(request: FastifyRequest, state: RunState): void {
  const only = new URLSearchParams(queryOf(request)).get('only')
  if (only === null) return
  if (only !== 'live' && only !== 'ended')
    throw new RunnerError('invalid-request', 'only must be live or ended.')
  if (only === 'live' && isTerminal(state))
    throw new RunnerError('wrong-state', 'The run has ended already: there is nothing to cancel.')
  if (only === 'ended' && !isTerminal(state))
    throw new RunnerError('wrong-state', 'The run has not ended yet: cancel it first.')
}
