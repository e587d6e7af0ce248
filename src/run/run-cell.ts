import { ERROR_MARKER } from '../notebook/injected-cell.ts'
import { isObject, JsonNumber, type JsonObject, type JsonValue } from '../notebook/json.ts'

export const CELL_STATUSES = ['pending', 'running', 'completed', 'failed'] as const
type CellStatus = (typeof CELL_STATUSES)[number]

/** A cell of a run as pages show it, without its outputs. */
export interface RunCell {
  /** In the notebook as it was accepted, over cells of all types, as events have it. */
  readonly index: number
  readonly type: string
  readonly source: string
  /** Pictures of a Markdown cell, by name and type. */
  readonly attachments?: JsonValue
  /** It is code that is run. */
  readonly runs: boolean
  readonly status: CellStatus
  readonly executionCount?: number
  /** ISO 8601. */
  readonly started?: string
  /** From its start to its end. */
  readonly seconds?: number
  readonly outputs: number
}

/** What is known of a cell beside its node: from events; where there are none, papermill's metadata in it tells. */
export interface CellProgress {
  status: CellStatus
  executionCount?: number
  started?: string
  seconds?: number
}

/** The cell that this node is, its texts joined. */
export function runCell(index: number, node: JsonObject, progress: CellProgress, outputs: number): RunCell {
  const [type, text, attachments] = [node.get('cell_type'), node.get('source'), node.get('attachments')]
  const source = typeof text === 'string' ? text : ''
  const isCode = type === 'code'
  return {
    index,
    type: typeof type === 'string' ? type : 'raw',
    source,
    ...(isObject(attachments) && { attachments }),
    runs: isCode && source.trim() !== '' && !tagsOf(node).includes('skip-execution'),
    ...progress,
    outputs,
  }
}

/** What a stored notebook says of its cell (docs/papermill.md). */
export function storedProgress(node: JsonObject): CellProgress {
  const metadata = node.get('metadata')
  const told = isObject(metadata) ? metadata.get('papermill') : undefined
  const papermill: JsonObject = isObject(told) ? told : new Map()
  const [status, started, duration] = ['status', 'start_time', 'duration'].map((name) => papermill.get(name))
  const count = node.get('execution_count')
  return {
    status: CELL_STATUSES.find((known) => known === status) ?? 'pending',
    ...(count instanceof JsonNumber && { executionCount: Number(count.raw) }),
    ...(typeof started === 'string' && { started }),
    ...(duration instanceof JsonNumber && { seconds: Number(duration.raw) }),
  }
}

/** A cell that papermill puts in where a run failed. */
export const isErrorMarker = (node: JsonObject): boolean => tagsOf(node).includes(ERROR_MARKER)

function tagsOf(node: JsonObject): readonly JsonValue[] {
  const metadata = node.get('metadata')
  const tags = isObject(metadata) ? metadata.get('tags') : undefined
  return Array.isArray(tags) ? tags : []
}
