import type { FastifyInstance, FastifyRequest } from 'fastify'
import { RunnerError } from '../../errors.ts'
import { isTerminal, type Run } from '../../run/run.ts'
import { authenticate } from '../authenticate.ts'
import { EventStream } from '../event-stream.ts'
import { findRun } from '../find-run.ts'
import type { Metrics } from '../metrics.ts'
import { negotiated, queryOf } from '../negotiate.ts'
import { withPolicy } from '../policy.ts'
import type { Services } from '../services.ts'

type EventsRequest = FastifyRequest<{ Params: { id: string } }>

const TRIMMED = 'The events of this run are not kept any more: its notebook is the record.'
const CHECK_MS = 60_000

/**
 * `GET /jobs/{id}/events`: server-sent events of one run, all of them or those after `Last-Event-ID` (or `?after=`), to
 * its end. `id` is the event's number, `data` the event as JSON with the time. 204 where no more will come: that tells an
 * EventSource not to come back. Whoever may not see the run any more is cut off within a minute.
 */
export function jobEventsRoute(
  app: FastifyInstance,
  services: Services,
  metrics: Metrics,
  closing: AbortSignal,
): void {
  app.get('/jobs/:id/events', async (request: EventsRequest, reply) => {
    const caller = await authenticate(services.door, request)
    const after = afterOf(request)
    const run = await findRun(services, caller, request.params.id)
    negotiated(reply)
    if (isTerminal(run.state) && after >= run.lastEvent) return reply.code(204).send()
    using stack = new DisposableStack()
    stack.use(services.door.limits.stream(caller))
    withPolicy(reply)
      .type('text/event-stream; charset=utf-8')
      .header('x-accel-buffering', 'no')
      .header('connection', 'close')
      .hijack()
    for (const [name, value] of Object.entries(reply.getHeaders()))
      if (value !== undefined) reply.raw.setHeader(name, value)
    reply.raw.writeHead(200)

    const stream = stack.use(new EventStream(reply.raw))
    stack.use(metrics.watching())
    const gone = new AbortController()
    reply.raw.once('close', () => gone.abort())
    if (reply.raw.destroyed) gone.abort()
    const check = setInterval(
      () => void stillAllowed(services, request).then((ok) => ok || gone.abort()),
      CHECK_MS,
    )
    stack.defer(() => clearInterval(check))
    const signal = AbortSignal.any([closing, gone.signal])
    try {
      let told = false
      for await (const event of services.events.watch(caller, run.id, after, signal)) {
        await stream.send(event)
        // What was there before is no news.
        if (event.number > run.lastEvent) metrics.sentEvent((Date.now() - event.at.getTime()) / 1_000)
        told ||= event.event.type === 'state' && isTerminal(event.event.state)
      }
      if (!told && !signal.aborted) await tellEnd(stream, await findRun(services, caller, run.id))
    } catch (error) {
      // The head is sent: whoever watches comes back and is told then.
      request.log.warn({ err: error, run: run.id }, 'Events could not be sent on')
    }
    return reply
  })
}

/** Events are not kept for ever: that is said, and their end is told all the same. */
async function tellEnd(stream: EventStream, run: Run): Promise<void> {
  const { state, reason, message, lastEvent } = run
  if (!isTerminal(state)) return
  if (state !== 'prepared') await stream.tell(lastEvent - 1, 'note', { type: 'note', text: TRIMMED })
  await stream.tell(lastEvent, 'state', { type: 'state', state, reason, message })
}

/** False only where it is certain: a database that is away for a moment cuts nobody off. */
async function stillAllowed(services: Services, request: EventsRequest): Promise<boolean> {
  try {
    await findRun(services, await authenticate(services.door, request), request.params.id)
    return true
  } catch (error) {
    return !(error instanceof RunnerError && REFUSED.has(error.code))
  }
}

const REFUSED: ReadonlySet<string> = new Set([
  'not-signed-in',
  'invalid-token',
  'no-such-run',
  'no-workspace',
])

/** A browser that comes back says by the header what it had last: that is newer than its address. */
function afterOf(request: EventsRequest): number {
  const header = request.headers['last-event-id']
  const text =
    header === undefined || header === '' ? new URLSearchParams(queryOf(request)).get('after') : header
  if (text === null) return 0
  if (/^\d{1,9}$/.test(String(text))) return Number(text)
  throw new RunnerError('invalid-request', 'Last-Event-ID (or after) must be the number of an event.')
}
