import type { Waiting } from '../run/queue.ts'
import { isTerminal, type Run, type RunState } from '../run/run.ts'

export const STATUSES = ['accepted', 'running', 'successful', 'failed', 'dismissed'] as const
type JobStatus = (typeof STATUSES)[number]

/** OGC's word for each of our states. */
export const STATUS: Readonly<Record<RunState, JobStatus>> = {
  prepared: 'successful',
  queued: 'accepted',
  starting: 'running',
  running: 'running',
  saving: 'running',
  succeeded: 'successful',
  failed: 'failed',
  cancelled: 'dismissed',
}

/** Relation types of our own. */
const OURS = 'urn:notebook-runner:rel:'
const OGC = 'http://www.opengis.net/def/rel/ogc/1.0/'

/**
 * A run as a job of OGC API – Processes: statusInfo of versions 1.0 (`jobID`, `type`) and 2.0 (`id`,
 * `processingEntityType`) in one, with what only we know beside it. For `sendJson`: parameters are lossless.
 * @param base public URL of the service
 */
export function statusInfo(run: Run, base: string, waiting?: Waiting, kept?: KeptView) {
  const { progress } = run
  const percent =
    progress && progress.total > 0 ? Math.floor((progress.done / progress.total) * 100) : undefined
  return {
    id: run.id,
    jobID: run.id,
    processID: run.notebookId,
    type: 'process',
    processingEntityType: 'process',
    status: run.hiddenAt === undefined ? STATUS[run.state] : 'dismissed',
    state: run.state,
    reason: run.reason,
    message: run.message,
    progress: isTerminal(run.state) && run.state !== 'failed' && run.state !== 'cancelled' ? 100 : percent,
    cells: progress,
    waiting: waiting && { ...waiting, message: WAITING_WORDS[waiting.reason] },
    cancelRequested: run.cancelRequestedAt?.toISOString(),
    created: run.createdAt.toISOString(),
    started: run.startedAt?.toISOString(),
    finished: run.finishedAt?.toISOString(),
    updated: run.updatedAt.toISOString(),
    workspace: run.workspace,
    owner: run.ownerName,
    kernel: run.kernelName,
    limits: run.state === 'prepared' ? undefined : run.limits,
    parameters: run.parameters,
    batch: run.batchId,
    retryOf: run.retryOf,
    fromCell: run.fromCell,
    failedCell: run.failedCell,
    keptKernel: kept && {
      until: kept.until.toISOString(),
      openUrl: kept.canOpen ? `${base}/jobs/${run.id}/kernel` : undefined,
    },
    links: jobLinks(run, base),
  }
}

/** The kernel that is kept of a run that failed: the caller's own. */
export interface KeptView {
  readonly until: Date
  /** In JupyterLab. */
  readonly canOpen: boolean
}

function jobLinks(run: Run, base: string) {
  const href = `${base}/jobs/${run.id}`
  const ended = isTerminal(run.state)
  return [
    { rel: 'self', type: 'application/json', href },
    { rel: 'monitor', type: 'application/json', href },
    { rel: 'alternate', type: 'text/html', href: `${href}?f=html` },
    { rel: 'up', type: 'application/json', href: `${base}/jobs` },
    ...(ended ? [{ rel: `${OGC}results`, type: 'application/json', href: `${href}/results` }] : []),
    ...(run.state === 'failed'
      ? [{ rel: `${OGC}exceptions`, type: 'application/problem+json', href: `${href}/results` }]
      : []),
    ...(ended && run.state !== 'prepared'
      ? [{ rel: `${OURS}rerun`, type: 'application/json', href: `${href}/rerun` }]
      : []),
    ...(run.failedCell !== undefined
      ? [{ rel: `${OURS}rerun-from-failed`, type: 'application/json', href: `${href}/rerun?from=failed` }]
      : []),
    { rel: `${OURS}events`, type: 'text/event-stream', href: `${href}/events` },
    { rel: `${OURS}notebook`, type: NOTEBOOK_TYPE, href: `${href}/notebook` },
    ...(run.hasThumbnail ? [{ rel: 'preview', type: 'image/*', href: `${href}/thumbnail` }] : []),
    ...(isViewable(run) ? [{ rel: `${OURS}view`, type: 'text/html', href: `${base}/${viewPath(run)}` }] : []),
  ]
}

/** Why it waits, for people. */
const WAITING_WORDS: Readonly<Record<Waiting['reason'], string>> = {
  'workers-busy': 'all workers are busy',
  'workspace-limit': 'the workspace has as many runs going as it may',
  'person-limit': 'you have as many runs going as one person may',
  'no-worker': 'there is no worker at the moment',
}

/** Its end is stored: not that of a run that never began, or that storage did not take. */
export const isViewable = ({ state, startedAt, reason }: Run): boolean =>
  isTerminal(state) && reason !== 'storage-failed' && (state !== 'cancelled' || startedAt !== undefined)

export const NOTEBOOK_TYPE = 'application/x-ipynb+json'

/** To the notebook in JupyterLab, from the service's root. */
export const viewPath = ({ id, notebookId, workspace }: Run): string =>
  `view-notebook/${encodeURIComponent(notebookId)}/${id}?workspace=${encodeURIComponent(workspace)}`
