import { Type } from 'typebox'
import { type CellPair, cellPairs } from '../notebook/cell-pairs.ts'
import { equalityKey } from '../notebook/equality-key.ts'
import type { JsonValue } from '../notebook/json.ts'
import { CELL_STATUSES } from '../run/run-cell.ts'
import type { RunView } from '../run/run-cells.ts'
import { StatusInfo } from './job-schema.ts'

const ComparedCell = Type.Object({
  index: Type.Integer({ minimum: 0 }),
  status: Type.Enum([...CELL_STATUSES]),
  seconds: Type.Optional(Type.Number()),
  outputs: Type.Integer({ minimum: 0 }),
})

/** Two runs side by side. A value or a cell that one of them has not is left out. */
export const Comparison = Type.Object({
  left: StatusInfo,
  right: StatusInfo,
  parameters: Type.Array(
    Type.Object({
      name: Type.String(),
      left: Type.Optional(Type.Unknown()),
      right: Type.Optional(Type.Unknown()),
      differs: Type.Boolean(),
    }),
  ),
  cells: Type.Array(
    Type.Object({
      left: Type.Optional(ComparedCell),
      right: Type.Optional(ComparedCell),
      differs: Type.Boolean({ description: 'Their types or sources; nothing is said of what came out.' }),
    }),
  ),
})

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
