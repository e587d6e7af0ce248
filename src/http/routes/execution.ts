import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { RunnerError } from '../../errors.ts'
import type { Caller } from '../../identity/caller.ts'
import { isSweep, type RunRequest } from '../../run/filled-notebook.ts'
import { isTerminal, type Run } from '../../run/run.ts'
import { acceptRun, acceptSweep, linkRequest } from '../accept-run.ts'
import { authenticate } from '../authenticate.ts'
import { createdBatch } from '../batch-info.ts'
import { requestIn } from '../execution-body.ts'
import { bodyOf } from '../json-body.ts'
import { visitorOf } from '../navigation.ts'
import { negotiated, queryOf } from '../negotiate.ts'
import { preferencesOf } from '../preferences.ts'
import { resultsOf } from '../results.ts'
import { requireSameOrigin } from '../same-origin.ts'
import { sendJson } from '../send-json.ts'
import type { Services } from '../services.ts'
import { statusInfo } from '../status-info.ts'

type ExecutionRequest = FastifyRequest<{ Params: { id: string } }>

/**
 * `POST /processes/{id}/execution` with the inputs in a JSON body, and `GET` with the query of a run link (which acts for
 * a program only): the run is accepted, and done whoever is still there. With `Prefer: wait=N` its end is waited for.
 * A sweep is accepted as a whole.
 */
export function executionRoute(app: FastifyInstance, services: Services, closing: AbortSignal): void {
  app.post('/processes/:id/execution', async (request: ExecutionRequest, reply) => {
    const caller = await authenticate(services.door, request)
    requireSameOrigin(services, request)
    if (/(^|&)_(?!f=)/.test(queryOf(request)))
      throw new RunnerError('invalid-request', 'A POST says everything in its body: leave the query out.')
    return execute(request, reply, caller, requestIn(bodyOf(request)))
  })

  app.get('/processes/:id/execution', async (request: ExecutionRequest, reply) => {
    const caller = await authenticate(services.door, request)
    if (visitorOf(request) !== 'program') {
      throw new RunnerError(
        'not-allowed',
        'This address acts for a program that sends Authorization and no cookie. In a browser, open /run/notebook/… instead.',
      )
    }
    return execute(request, reply, caller, linkRequest(queryOf(request)))
  })

  async function execute(
    request: ExecutionRequest,
    reply: FastifyReply,
    caller: Caller,
    asked: RunRequest,
  ): Promise<FastifyReply> {
    const { respondAsync, waitSeconds } = preferencesOf(request)
    if (isSweep(asked)) {
      const batch = await acceptSweep(services, caller, request, asked)
      // Nobody waits for a whole sweep.
      if (respondAsync) reply.header('preference-applied', 'respond-async')
      return createdBatch(services, caller, negotiated(reply), batch)
    }
    const run = await acceptRun(services, caller, request, asked)
    negotiated(reply)
    if (waitSeconds !== undefined) {
      const ended = await endOf(services, caller, run, waitSignal(reply, waitSeconds, closing))
      if (ended?.state === 'succeeded') {
        reply.header('preference-applied', `wait=${waitSeconds}`)
        return sendJson(reply, await resultsOf(services, caller, ended))
      }
      if (ended !== undefined) return created(services, reply, ended)
    }
    if (respondAsync) reply.header('preference-applied', 'respond-async')
    return created(services, reply, run)
  }
}

function created(services: Services, reply: FastifyReply, run: Run): FastifyReply {
  const base = services.publicUrl()
  return sendJson(reply.code(201).header('location', `${base}/jobs/${run.id}`), statusInfo(run, base))
}

/** Aborts when the time is over, the client has gone, or the server is to stop. */
function waitSignal({ request, raw }: FastifyReply, seconds: number, closing: AbortSignal): AbortSignal {
  // Nothing is sent meanwhile, which must not look like a connection that nobody uses.
  request.raw.socket.setTimeout((seconds + 30) * 1000)
  const gone = new AbortController()
  raw.once('close', () => gone.abort())
  if (raw.destroyed) gone.abort()
  return AbortSignal.any([closing, gone.signal, AbortSignal.timeout(seconds * 1000)])
}

/** The run once it has ended; undefined where `signal` aborts before. */
async function endOf(
  services: Services,
  caller: Caller,
  run: Run,
  signal: AbortSignal,
): Promise<Run | undefined> {
  for await (const _ of services.events.watch(caller, run.id, run.lastEvent, signal));
  const now = await services.runs.find(caller, run.id)
  return now && isTerminal(now.state) ? now : undefined
}
