import { compactJson } from '../notebook/compact-json.ts'
import { isObject, type JsonValue, parseJson, toPlain } from '../notebook/json.ts'
import type { FailureReason, Run, RunKernel, RunLimits, RunState } from './run.ts'

/** What every statement that gives a run selects; the table is called `run` in all of them. */
export const RUN_COLUMNS = `
  run.id, run.state, run.notebook_id, run.notebook_version, run.workspace, run.owner_issuer, run.owner_subject,
  run.owner_name, run.parameters, run.kernel_name, run.bucket, run.key, run.created_at, run.updated_at,
  run.queued_at, run.started_at, run.finished_at, run.cancel_requested_at, run.hidden_at, run.reason, run.message,
  run.batch_id, run.limits, run.retry_of, run.from_cell, run.cells_done, run.cells_total, run.last_event,
  run.attempts, run.kernel_host, run.kernel_id, run.client_id, run.kernel_session, run.kernel_folder_of, run.failed_cell,
  run.has_thumbnail`

/** A row of RUN_COLUMNS as the driver gives it. */
export interface RunRow {
  readonly id: string
  readonly state: RunState
  readonly notebook_id: string
  readonly notebook_version: string | null
  readonly workspace: string
  readonly owner_issuer: string
  readonly owner_subject: string
  readonly owner_name: string
  readonly parameters: string
  readonly kernel_name: string | null
  readonly bucket: string
  readonly key: string
  readonly created_at: Date
  readonly updated_at: Date
  readonly queued_at: Date | null
  readonly started_at: Date | null
  readonly finished_at: Date | null
  readonly cancel_requested_at: Date | null
  readonly hidden_at: Date | null
  readonly reason: FailureReason | null
  readonly message: string | null
  readonly batch_id: string | null
  readonly limits: string
  readonly retry_of: string | null
  readonly from_cell: number | null
  readonly cells_done: number | null
  readonly cells_total: number | null
  readonly last_event: number
  readonly attempts: number
  readonly kernel_host: string | null
  readonly kernel_id: string | null
  readonly client_id: string | null
  readonly kernel_session: string | null
  readonly kernel_folder_of: string | null
  readonly failed_cell: number | null
  readonly has_thumbnail: boolean
}

export function runFrom(row: RunRow): Run {
  const parameters = parseJson(row.parameters)
  return {
    id: row.id,
    state: row.state,
    notebookId: row.notebook_id,
    notebookVersion: row.notebook_version ?? undefined,
    workspace: row.workspace,
    ownerIssuer: row.owner_issuer,
    ownerSubject: row.owner_subject,
    ownerName: row.owner_name,
    parameters: isObject(parameters) ? parameters : new Map(),
    kernelName: row.kernel_name ?? undefined,
    object: { bucket: row.bucket, key: row.key },
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    queuedAt: row.queued_at ?? undefined,
    startedAt: row.started_at ?? undefined,
    finishedAt: row.finished_at ?? undefined,
    cancelRequestedAt: row.cancel_requested_at ?? undefined,
    hiddenAt: row.hidden_at ?? undefined,
    reason: row.reason ?? undefined,
    message: row.message ?? undefined,
    batchId: row.batch_id ?? undefined,
    limits: limitsFrom(row.limits),
    retryOf: row.retry_of ?? undefined,
    fromCell: row.from_cell ?? undefined,
    failedCell: row.failed_cell ?? undefined,
    progress: row.cells_total === null ? undefined : { done: row.cells_done ?? 0, total: row.cells_total },
    lastEvent: row.last_event,
    attempts: row.attempts,
    kernel: kernelFrom(row),
    hasThumbnail: row.has_thumbnail,
  }
}

function kernelFrom(row: RunRow): RunKernel | undefined {
  const { kernel_host, kernel_id, client_id, kernel_session, kernel_folder_of } = row
  if (kernel_host === null || kernel_id === null || client_id === null) return undefined
  return {
    host: kernel_host,
    kernelId: kernel_id,
    clientId: client_id,
    ...(kernel_session !== null && { session: kernel_session }),
    ...(kernel_folder_of !== null && { folderOf: kernel_folder_of }),
  }
}

export function limitsFrom(text: string): RunLimits {
  const json = parseJson(text)
  const limits: Record<string, number> = {}
  for (const [name, value] of isObject(json) ? json : []) {
    const number = toPlain(value)
    if (typeof number === 'number') limits[name] = number
  }
  return limits
}

/** Parameters as they are kept: on one line, numbers as they were written. */
export const parametersText = (parameters: ReadonlyMap<string, JsonValue>): string =>
  compactJson(new Map(parameters))

/** Text of any origin, such as a cell's error, as PostgreSQL takes it: it has no NUL. */
export const storable = (text: string): string => text.replaceAll('\0', '\ufffd')
