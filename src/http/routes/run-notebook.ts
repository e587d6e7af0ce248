import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { RunnerError } from '../../errors.ts'
import type { Caller } from '../../identity/caller.ts'
import { isSweep } from '../../run/filled-notebook.ts'
import { linkInputs } from '../../run/reserved-inputs.ts'
import { acceptRun, acceptSweep, linkRequest, refuse } from '../accept-run.ts'
import { authenticate } from '../authenticate.ts'
import { sendBatch } from '../batch-info.ts'
import { visitorOf } from '../navigation.ts'
import { negotiated, queryOf, representationOf } from '../negotiate.ts'
import { type FormView, formPage, modesOf } from '../pages/form.ts'
import { sendJson } from '../send-json.ts'
import type { Services } from '../services.ts'
import { statusInfo } from '../status-info.ts'

type Shows = Partial<Pick<FormView, 'faults' | 'notice' | 'modes'>>
type RunRequest = FastifyRequest<{ Params: { id: string } }>

/**
 * `GET /run/notebook/{id}?…`, the run link. It acts for a program and for a person's own navigation; for whatever else a
 * browser does with a link, it shows the filled-in form. What is wrong with the parameters is shown there, field by field.
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
    const shows: Shows = executes ? { modes: 'execute' } : {}
    try {
      if (executes && visitor === 'program') return await execute(services, caller, request, reply)
      if (executes) return await confirmation(services, caller, request, reply)
      if (visitor !== 'browser') return await prepare(services, caller, request, reply)
    } catch (error) {
      if (representation === 'json' || !(error instanceof RunnerError)) throw error
      if (error.code === 'workspace-choice')
        return form(services, caller, request, reply.code(409), { ...shows, notice: error.message })
      if (error.errors === undefined) throw error
      return form(services, caller, request, reply.code(400), { ...shows, faults: error.errors })
    }
    return form(services, caller, request, reply, shows)
  })
}

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

/** A link alone executes nothing in a browser: the filled-in form waits for one click, which POSTs. */
async function confirmation(
  services: Services,
  caller: Caller,
  request: RunRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const asked = linkRequest(queryOf(request))
  const { id } = request.params
  const sweep = isSweep(asked) ? await (services.sweeps ?? refuse()).plan(caller, id, asked) : undefined
  if (sweep === undefined) await services.fillIn(caller, id, asked)
  const what =
    sweep === undefined
      ? 'This link runs the notebook with these inputs.'
      : `This link makes ${sweep.count === 1 ? 'one run' : `${sweep.count} runs`}: one for each ${sweep.each.length > 1 ? 'combination of the values' : 'value'} of ${sweep.each.join(' and ')}.`
  const notice = `${what} Look at the inputs, then press Run.`
  return form(services, caller, request, reply, { modes: 'execute', notice })
}

async function prepare(
  services: Services,
  caller: Caller,
  request: RunRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { id } = request.params
  const pairs = new URLSearchParams(queryOf(request))
  const run = await services.prepareRun(caller, id, { kind: 'query', pairs })
  // The request's own line in the log says it: another one would cost as much again.
  request.log = request.log.child({ workspace: run.workspace, notebook: id, run: run.id })
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

async function form(
  services: Services,
  caller: Caller,
  request: RunRequest,
  reply: FastifyReply,
  shows: Shows,
): Promise<FastifyReply> {
  const { entry, inputs } = await services.catalog.describe(request.params.id)
  const filled: FormView = {
    id: entry.id,
    title: entry.title,
    description: entry.description,
    inputs: linkInputs(inputs),
    executes: entry.mode === 'execute',
    workspaces: caller.workspaces,
    given: new URLSearchParams(queryOf(request)),
    example: undefined,
    modes: modesOf(services),
    faults: [],
    ...shows,
  }
  return reply.type('text/html; charset=utf-8').send(formPage(request, filled))
}
