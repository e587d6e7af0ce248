import { type CellPair, cellPairs } from '../notebook/cell-pairs.ts'
import { equalityKey } from '../notebook/equality-key.ts'
import type { JsonValue } from '../notebook/json.ts'
import type { RunView } from '../run/run-cells.ts'

type Values = ReadonlyMap<string, JsonValue>

/** What both were given, by name. Values are the same where JSON Schema says so: 1 and 1.0 are. */
export function comparedParameters(left: Values, right: Values) {
  return [...new Set([...left.keys(), ...right.keys()])].map((name) => {
    const values = { left: left.get(name), right: right.get(name) }
    const [one, other] = [values.left, values.right].map((value) => equalityKey(value ?? null))
    return { name, ...values, differs: one !== other }
  })
}

/** Their cells in pairs. */
export function comparedCells(left: RunView, right: RunView) {
  const [lefts, rights] = [left, right].map((view) =>
    Array.from({ length: view.total }, (_, index) => view.cell(index)),
  )
  const side = (cells: typeof lefts, index: CellPair['left']) => {
    const cell = index === undefined ? undefined : cells?.[index]
    return cell && { index: cell.index, status: cell.status, seconds: cell.seconds, outputs: cell.outputs }
  }
  return cellPairs(lefts ?? [], rights ?? []).map((pair) => ({
    left: side(lefts, pair.left),
    right: side(rights, pair.right),
    differs: pair.differs,
  }))
}
