import { setImmediate } from 'node:timers/promises'
import { type CellPair, cellPairs } from '../notebook/cell-pairs.ts'
import { equalityKey } from '../notebook/equality-key.ts'
import type { JsonValue } from '../notebook/json.ts'
import { jsonBytes } from '../notebook/text-bytes.ts'
import type { RunView } from '../run/run-cells.ts'
import { outputDifferences } from './output-differences.ts'

type Values = ReadonlyMap<string, JsonValue>

/** What both were given, by name. Values are the same where JSON Schema says so: 1 and 1.0 are. */
export function comparedParameters(left: Values, right: Values) {
  return [...new Set([...left.keys(), ...right.keys()])].map((name) => {
    const values = { left: left.get(name), right: right.get(name) }
    const [one, other] = [values.left, values.right].map((value) => equalityKey(value ?? null))
    return { name, ...values, differs: one !== other }
  })
}

/** Outputs that are compared in one go; of notebooks with more, those of the cells after that are left out. */
const MAX_BYTES = 50_000_000
const MAX_OUTPUTS = 2_000
/** Whoever else asks something meanwhile waits no longer. */
const TURN_MS = 20

/** Their cells in pairs, each with what differs in what came out of it. */
export async function comparedCells(left: RunView, right: RunView) {
  const [lefts, rights] = [left, right].map((view) =>
    Array.from({ length: view.total }, (_, index) => view.cell(index)),
  )
  const side = (cells: typeof lefts, index: CellPair['left']) => {
    const cell = index === undefined ? undefined : cells?.[index]
    return cell && { index: cell.index, status: cell.status, seconds: cell.seconds, outputs: cell.outputs }
  }
  const room = { bytes: MAX_BYTES, outputs: MAX_OUTPUTS }
  let turn = performance.now()
  const pairs = []
  for (const pair of cellPairs(lefts ?? [], rights ?? [])) {
    if (performance.now() - turn > TURN_MS) {
      await setImmediate()
      turn = performance.now()
    }
    pairs.push({
      left: side(lefts, pair.left),
      right: side(rights, pair.right),
      differs: pair.differs,
      ...comparedOutputs(outputsOf(left, pair.left), outputsOf(right, pair.right), room),
    })
  }
  return pairs
}

const outputsOf = (view: RunView, index: number | undefined): readonly JsonValue[] =>
  index === undefined ? [] : view.outputs(index)

/** Nothing where there is no more room. */
function comparedOutputs(
  left: readonly JsonValue[],
  right: readonly JsonValue[],
  room: { bytes: number; outputs: number },
) {
  room.outputs -= Math.max(left.length, right.length)
  room.bytes -= [...left, ...right].reduce((sum: number, output) => sum + jsonBytes(output), 0)
  if (room.outputs < 0 || room.bytes < 0) return {}
  const outputs = outputDifferences(left, right)
  return { outputs, outputsDiffer: outputs.some((types) => types.some(({ is }) => is !== 'same')) }
}
