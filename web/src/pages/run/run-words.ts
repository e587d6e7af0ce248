import type { Job } from '../../api/jobs.ts'
import { reasonText } from '../../components/reason-text.ts'
import { STATE_WORDS } from '../../components/state-badge.tsx'
import { durationText } from '../../components/time-text.ts'
import type { RunSummary } from './run-model.ts'

/** How the run stands, in one sentence. */
export function stateText(job: Job, summary: RunSummary): string {
  const words = STATE_WORDS[job.state]
  if (job.cancelRequested !== undefined && job.finished === undefined) return 'It is being cancelled'
  switch (job.state) {
    case 'queued':
      return job.waiting === undefined
        ? words
        : `${words}: place ${job.waiting.position} in the queue, ${job.waiting.message}`
    case 'starting':
      return 'Its kernel is started'
    case 'running': {
      const { done, total } = progressOf(job, summary)
      const left =
        summary.secondsLeft === undefined
          ? ''
          : `, about ${durationText(Math.ceil(summary.secondsLeft))} left`
      return `${words}: ${done} of ${total} cells are done${left}`
    }
    case 'saving':
      return 'Its notebook is stored'
    case 'failed':
      return job.reason === undefined ? words : `${words}: ${reasonText(job.reason)}`
    default:
      return words
  }
}

/** Code cells. */
export function progressOf(
  job: Job,
  { done, runs }: RunSummary,
): { readonly done: number; readonly total: number } {
  return { done: done ?? job.cells?.done ?? 0, total: runs ?? job.cells?.total ?? 0 }
}
