import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { RunnerError } from '../../errors.ts'
import type { Caller } from '../../identity/caller.ts'
import { linkInputs } from '../../run/reserved-inputs.ts'
import { authenticate } from '../authenticate.ts'
import { visitorOf } from '../navigation.ts'
import { negotiated, queryOf, representationOf } from '../negotiate.ts'
import { type FormView, formPage } from '../pages/form.ts'
import type { Services } from '../services.ts'

type RunRequest = FastifyRequest<{ Params: { id: string } }>

/**
 * `GET /run/notebook/{id}?…`, the run link. It acts for a program and for a person's own navigation; for whatever else a
 * browser does with a link, it shows the filled-in form. What is wrong with the parameters is shown there, field by field.
 */
export function runNotebookRoute(app: FastifyInstance, services: Services): void {
  app.get('/run/notebook/:id', async (request: RunRequest, reply) => {
    const caller = await authenticate(services.door, request)
    const representation = representationOf(request)
    negotiated(reply)
    const visitor = visitorOf(request)
    if (visitor === 'browser') {
      if (representation === 'html') return form(services, caller, request, reply, { faults: [] })
      throw new RunnerError(
        'not-allowed',
        'A link acts when a person opens it, or for a program that sends Authorization and no cookie.',
      )
    }
    try {
      return await prepare(services, caller, request, reply)
    } catch (error) {
      if (representation === 'json' || !(error instanceof RunnerError)) throw error
      if (error.code === 'workspace-choice')
        return form(services, caller, request, reply.code(409), { faults: [], notice: error.message })
      if (error.errors === undefined) throw error
      return form(services, caller, request, reply.code(400), { faults: error.errors })
    }
  })
}

async function prepare(
  services: Services,
  caller: Caller,
  request: RunRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { id } = request.params
  const run = await services.prepareRun(caller, id, {
    kind: 'query',
    pairs: new URLSearchParams(queryOf(request)),
  })
  request.log.info({ workspace: run.workspace, notebook: id, run: run.id }, 'prepared')
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
  view: Pick<FormView, 'faults' | 'notice'>,
): Promise<FastifyReply> {
  const { entry, inputs } = await services.catalog.describe(request.params.id)
  const filled: FormView = {
    id: entry.id,
    title: entry.title,
    description: entry.description,
    inputs: linkInputs(inputs),
    workspaces: caller.workspaces,
    given: new URLSearchParams(queryOf(request)),
    example: undefined,
    ...view,
  }
  return reply.type('text/html; charset=utf-8').send(formPage(request, filled))
}
