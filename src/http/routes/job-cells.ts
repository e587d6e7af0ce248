import type { FastifyInstance, FastifyRequest } from 'fastify'
import { RunnerError } from '../../errors.ts'
import { finite, pageOutputs } from '../../notebook/page-outputs.ts'
import { startWithin, utf8Length } from '../../notebook/text-bytes.ts'
import type { RunCell } from '../../run/run-cell.ts'
import type { RunView } from '../../run/run-cells.ts'
import { authenticate } from '../authenticate.ts'
import { findRun } from '../find-run.ts'
import { negotiated, queryOf } from '../negotiate.ts'
import { sendJson } from '../send-json.ts'
import type { Services } from '../services.ts'

const MAX_CELLS = 200
/** Of the source of one cell. */
const MAX_SOURCE_BYTES = 200_000

type RunRequest = FastifyRequest<{ Params: { id: string } }>

/**
 * A run in pieces, for pages: `GET /jobs/{id}/cells?from=&to=` some cells without their outputs, at most 200;
 * `/jobs/{id}/cells/{index}/outputs` what one has shown; `/jobs/{id}/widgets` the state of its widgets; `/jobs/{id}/log`
 * what it has gone through. Each tells after which event it is so: the events from there on lead further.
 */
export function jobCellsRoute(app: FastifyInstance, services: Services): void {
  const viewFor = async (request: RunRequest): Promise<RunView> => {
    const caller = await authenticate(services.door, request)
    return services.cells.view(caller, await findRun(services, caller, request.params.id))
  }

  app.get<{ Params: { id: string } }>('/jobs/:id/cells', async (request, reply) => {
    const view = await viewFor(request)
    const { event, total, running, failed, secondsLeft } = view
    const { from, to } = rangeOf(request, total)
    const cells = Array.from({ length: Math.max(0, to - from) }, (_, at) => shown(view.cell(from + at)))
    return sendJson(negotiated(reply), { event, total, running, failed, secondsLeft, cells })
  })

  app.get<{ Params: { id: string; cell: string } }>(
    '/jobs/:id/cells/:cell/outputs',
    async (request, reply) => {
      const view = await viewFor(request)
      const { cell } = request.params
      if (!/^\d{1,9}$/.test(cell) || Number(cell) >= view.total)
        throw new RunnerError('not-found', `The notebook has no cell ${cell}: they are counted from 0.`)
      return sendJson(negotiated(reply), {
        event: view.event,
        outputs: pageOutputs(view.outputs(Number(cell))),
      })
    },
  )

  app.get<{ Params: { id: string } }>('/jobs/:id/widgets', async (request, reply) => {
    const view = await viewFor(request)
    const widgets = view.widgets()
    return sendJson(negotiated(reply), { event: view.event, widgets: widgets && finite(widgets) })
  })

  app.get<{ Params: { id: string } }>('/jobs/:id/log', async (request, reply) => {
    const caller = await authenticate(services.door, request)
    const run = await findRun(services, caller, request.params.id)
    const entries = await services.runLog(caller, run.id)
    return sendJson(negotiated(reply), {
      entries: entries.map(({ number, at, event }) => ({
        number,
        at: at.toISOString(),
        ...(event.type === 'note' && { text: event.text }),
        ...(event.type === 'state' && { state: event.state, reason: event.reason, message: event.message }),
      })),
    })
  })
}

function shown(cell: RunCell) {
  const bytes = utf8Length(cell.source)
  if (bytes <= MAX_SOURCE_BYTES) return cell
  const source = startWithin(cell.source, MAX_SOURCE_BYTES)
  return { ...cell, source, leftOut: bytes - utf8Length(source) }
}

/** Cells `from` up to `to`, as far as there are any. */
function rangeOf(request: FastifyRequest, total: number): { readonly from: number; readonly to: number } {
  const query = new URLSearchParams(queryOf(request))
  const number = (name: string, otherwise: number) => {
    const text = query.get(name)
    if (text === null) return otherwise
    if (/^\d{1,9}$/.test(text)) return Number(text)
    throw new RunnerError('invalid-request', `${name} must be the number of a cell, counted from 0.`)
  }
  const from = number('from', 0)
  const to = number('to', from + MAX_CELLS)
  if (to - from > MAX_CELLS)
    throw new RunnerError('invalid-request', `At most ${MAX_CELLS} cells are sent at a time: ask for fewer.`)
  return { from, to: Math.min(to, total) }
}
