import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { RunnerError } from '../../errors.ts'
import type { Caller } from '../../identity/caller.ts'
import { isSweep } from '../../run/filled-notebook.ts'
import { acceptRun, acceptSweep, linkRequest } from '../accept-run.ts'
import { authenticate } from '../authenticate.ts'
import { sendBatch } from '../batch-info.ts'
import { visitorOf } from '../navigation.ts'
import { negotiated, queryOf, representationOf } from '../negotiate.ts'
import { sendJson } from '../send-json.ts'
import type { Services } from '../services.ts'
import { sendShell } from '../shell.ts'
import { statusInfo } from '../status-info.ts'

type RunRequest = FastifyRequest<{ Params: { id: string } }>

/**
 * `GET /run/notebook/{id}?…`, the run link. It acts for a program and for a person's own navigation; for whatever else a
 * browser does with a link, it shows the filled-in form, which tells what is wrong with the parameters field by field.
 * A link that executes acts for a program only: a person sees the form, and starts the run with its button.
 */
export function runNotebookRoute(app: FastifyInstance, services: Services): void {
  app.get('/run/notebook/:id', async (request: RunRequest, reply) => {
    const caller = await authenticate(services.door, request)
    const representation = representationOf(request)
    negotiated(reply)
    const visitor = visitorOf(request)
    const executes = asksToExecute(services, request)
    if (representation === 'json' && (visitor === 'browser' || (executes && visitor === 'person'))) {
      throw new RunnerError(
        'not-allowed',
        'A link acts when a person opens it, or for a program that sends Authorization and no cookie.',
      )
    }
    try {
      if (executes && visitor === 'program') return await execute(services, caller, request, reply)
      if (executes) await services.planRun(caller, request.params.id, requested(request))
      else if (visitor !== 'browser') return await prepare(services, caller, request, reply)
      else await services.catalog.describe(request.params.id)
    } catch (error) {
      if (representation === 'json' || !(error instanceof RunnerError)) throw error
      if (error.code !== 'workspace-choice' && error.errors === undefined) throw error
      // The page asks what the link would do, and is told the same.
      reply.code(error.code === 'workspace-choice' ? 409 : 400)
    }
    return sendShell(services.web, request, reply)
  })
}

const requested = (request: RunRequest) =>
  ({ kind: 'query', pairs: new URLSearchParams(queryOf(request)) }) as const

/** By the link itself, else by the catalogue. Without kernels, the preparation says that there are none. */
function asksToExecute({ acceptRun, catalog }: Services, request: RunRequest): boolean {
  if (acceptRun === undefined) return false
  const mode = new URLSearchParams(queryOf(request)).get('_mode')
  return (mode ?? catalog.find(request.params.id).mode) === 'execute'
}

async function execute(
  services: Services,
  caller: Caller,
  request: RunRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const asked = linkRequest(queryOf(request))
  if (isSweep(asked)) {
    const batch = await acceptSweep(services, caller, request, asked)
    return sendBatch(services, caller, reply.code(303).header('location', `../../batches/${batch.id}`), batch)
  }
  const run = await acceptRun(services, caller, request, asked)
  reply.code(303).header('location', `../../jobs/${run.id}`)
  return sendJson(reply, statusInfo(run, services.publicUrl()))
}

async function prepare(
  services: Services,
  caller: Caller,
  request: RunRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { id } = request.params
  const run = await services.prepareRun(caller, id, requested(request))
  // The request's own line in the log says it: another one would cost as much again.
  request.inLog = { workspace: run.workspace, notebook: id, run: run.id }
  const location = `../../view-notebook/${encodeURIComponent(id)}/${run.id}?workspace=${run.workspace}`
  return reply
    .code(303)
    .header('location', location)
    .send({
      id: run.id,
      jobID: run.id,
      processID: id,
      type: 'process',
      status: 'successful',
      state: 'prepared',
      workspace: run.workspace,
      links: [
        {
          rel: 'alternate',
          type: 'text/html',
          href: `${services.publicUrl()}/${location.slice('../../'.length)}`,
        },
      ],
    })
}
