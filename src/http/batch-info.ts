import type { FastifyReply } from 'fastify'
import type { Caller } from '../identity/caller.ts'
import type { Batch } from '../run/batch.ts'
import { isTerminal, type Run } from '../run/run.ts'
import { sendJson } from './send-json.ts'
import type { Services } from './services.ts'
import { statusInfo } from './status-info.ts'

/** Answers with the sweep and its matrix as they are now. */
export async function sendBatch(
  services: Services,
  caller: Caller,
  reply: FastifyReply,
  batch: Batch,
): Promise<FastifyReply> {
  const runs = await services.batches.runs(caller, batch.id)
  return sendJson(reply, batchInfo(batch, runs, services.publicUrl()))
}

/** The same for a sweep that has just been accepted. */
export function createdBatch(
  services: Services,
  caller: Caller,
  reply: FastifyReply,
  batch: Batch,
): Promise<FastifyReply> {
  const location = `${services.publicUrl()}/batches/${batch.id}`
  return sendBatch(services, caller, reply.code(201).header('location', location), batch)
}

/** How many have come to an end. */
const endedOf = (runs: readonly Run[]): number => runs.filter(({ state }) => isTerminal(state)).length

/** @param base public URL of the service */
function batchInfo(batch: Batch, runs: readonly Run[], base: string) {
  const href = `${base}/batches/${batch.id}`
  return {
    id: batch.id,
    processID: batch.notebookId,
    workspace: batch.workspace,
    owner: batch.ownerName,
    each: batch.each,
    total: batch.total,
    states: batch.states,
    progress: Math.floor((endedOf(runs) / Math.max(runs.length, 1)) * 100),
    created: batch.createdAt.toISOString(),
    runs: runs.map((run) => {
      const { parameters, ...info } = statusInfo(run, base)
      return { ...info, values: new Map(batch.each.map((name) => [name, parameters.get(name) ?? null])) }
    }),
    links: [
      { rel: 'self', type: 'application/json', href },
      { rel: 'alternate', type: 'text/html', href: `${href}?f=html` },
      {
        rel: 'http://www.opengis.net/def/rel/ogc/1.0/job-list',
        type: 'application/json',
        href: `${base}/jobs?batch=${batch.id}`,
      },
    ],
  }
}
