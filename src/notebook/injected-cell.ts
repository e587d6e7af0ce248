import { type Cell, tagsOf } from './cell.ts'
import { JsonNumber, type JsonObject, type JsonValue } from './json.ts'

/** Where the injected cell goes: between `before` and `after`, in the place of `replaced`. */
export interface Placement {
  readonly before: readonly Cell[]
  readonly replaced: Cell | undefined
  readonly after: readonly Cell[]
  /** The first cell tagged `parameters`. */
  readonly parameters: Cell | undefined
}

/** As papermill: in the place of the first injected cell, else after the first parameters cell, else on top. */
export function placeInjectedCell(cells: readonly Cell[]): Placement {
  const injected = cells.findIndex((cell) => tagsOf(cell).includes('injected-parameters'))
  const tagged = cells.findIndex((cell) => tagsOf(cell).includes('parameters'))
  const start = injected >= 0 ? injected : tagged + 1
  const end = injected >= 0 ? injected + 1 : start
  return {
    before: cells.slice(0, start).filter(isKept),
    replaced: cells.slice(start, end).find(isKept),
    after: cells.slice(end).filter(isKept),
    parameters: cells[tagged],
  }
}

export const ERROR_MARKER = 'papermill-error-cell-tag'

/** Papermill marks where a run failed with cells of its own; a new run starts without them. */
function isKept(cell: Cell): boolean {
  return !tagsOf(cell).includes(ERROR_MARKER)
}

/** What tells about one cell or one run of it, and must not be said of the injected cell. */
const OWN_METADATA = ['papermill', 'execution', 'name', 'tags']
const OWN_TAGS = ['parameters', 'injected-parameters', 'skip-execution', 'raises-exception', ERROR_MARKER]

/**
 * The injected cell, with the look (slide type, hidden source, further tags) of the cell that it replaces, or of the
 * parameters cell that it follows.
 */
export function injectedCell(model: Cell | undefined, id: JsonValue, source: JsonValue): JsonObject {
  const metadata: JsonObject = new Map(model?.metadata)
  for (const key of OWN_METADATA) metadata.delete(key)
  const tags = model === undefined ? [] : tagsOf(model).filter((tag) => !OWN_TAGS.includes(tag))
  metadata.set('tags', ['injected-parameters', ...tags])
  return new Map<string, JsonValue>([
    ['cell_type', 'code'],
    ['execution_count', null],
    ['id', id],
    ['metadata', metadata],
    ['outputs', []],
    ['source', source],
  ])
}

/** Stands for a text that is not known yet: no JSON that is written has a NUL in it. */
export function hole(name: string): JsonNumber {
  return new JsonNumber(`\0${name}\0`)
}
