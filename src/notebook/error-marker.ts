import { ERROR_MARKER } from './injected-cell.ts'
import type { JsonObject, JsonValue } from './json.ts'

/** A cell, and the index of the cell that it stands before. */
export interface MarkerPlace {
  readonly before: number
  readonly node: JsonObject
}

const STYLE = 'style="color:red; font-family:Helvetica Neue, Helvetica, Arial, sans-serif; font-size:2em;"'

/** The cells with which papermill marks a failure: one on top, one before the cell that failed, as papermill words them. */
export function errorMarker(
  failedCell: number,
  executionCount: number | undefined,
  newId: () => string,
): readonly MarkerPlace[] {
  const count = executionCount ?? 'None'
  const top = `<span ${STYLE}>An Exception was encountered at '<a href="#papermill-error-cell">In [${count}]</a>'.</span>`
  const here = `<span id="papermill-error-cell" ${STYLE}>Execution using papermill encountered an exception here and stopped:</span>`
  return [
    { before: 0, node: markdown(top, newId()) },
    { before: failedCell, node: markdown(here, newId()) },
  ]
}

/** A remark of ours, taken away with the marks of a failure. */
export function remarkMarker(
  { before, text }: { readonly before: number; readonly text: string },
  id: string,
): MarkerPlace {
  return { before, node: markdown(`> ${text}`, id) }
}

function markdown(source: string, id: string): JsonObject {
  return new Map<string, JsonValue>([
    ['cell_type', 'markdown'],
    ['id', id],
    ['metadata', new Map([['tags', [ERROR_MARKER]]])],
    ['source', [source]],
  ])
}
