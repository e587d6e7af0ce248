import type { OpenSpan, Tracing } from '../tracing/tracing.ts'
import type { Claim } from './queue.ts'

/**
 * The span of a run that was claimed, in the trace of the request that it was accepted by. Of one that no other worker
 * had before, it begins where the run was queued, and the time in the queue is a span in it.
 */
export function openRunSpan(
  tracing: Tracing | undefined,
  { run, adopted, traceparent }: Claim,
): OpenSpan | undefined {
  if (tracing === undefined) return undefined
  const { queuedAt, startedAt } = run
  const waited = !adopted && queuedAt !== undefined && startedAt !== undefined
  const span = tracing.start({
    name: 'run',
    kind: 'consumer',
    parent: { traceparent },
    ...(waited && { from: queuedAt }),
    attributes: {
      'run.id': run.id,
      'run.adopted': adopted,
      'run.workspace': run.workspace,
      'notebook.id': run.notebookId,
    },
  })
  if (waited) span.within(() => tracing.past({ name: 'queue', from: queuedAt, to: startedAt }))
  return span
}
