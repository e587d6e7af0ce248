import type { Batch, BatchRun } from '../../api/batches.ts'
import { valueText } from '../../components/value-text.ts'

/** One table of the matrix. */
export interface MatrixTable {
  /** The values that all its runs share, by name: those of all inputs but the last two. */
  readonly shared: ReadonlyArray<readonly [name: string, value: string]>
  /** What the rows differ in; undefined where there is one row only. */
  readonly rowName: string | undefined
  readonly columnName: string
  readonly columns: readonly string[]
  readonly rows: readonly MatrixRow[]
}

interface MatrixRow {
  readonly value: string
  /** One for each column; undefined where there is no such run any more. */
  readonly runs: readonly (BatchRun | undefined)[]
}

/** The runs of a sweep by their values, in the order in which these come: one input a row, two a table, more a table for each of the others' combinations. */
export function matrixOf({ each, runs }: Pick<Batch, 'each' | 'runs'>): readonly MatrixTable[] {
  const columnName = each.at(-1) ?? ''
  const rowName = each.at(-2)
  const sharing = each.slice(0, -2)
  const groups = Map.groupBy(runs, (run) => JSON.stringify(sharing.map((name) => textOf(run, name))))
  return [...groups.values()].map((group) => {
    const columns = distinct(group, columnName)
    const byRow = Map.groupBy(group, (run) => (rowName === undefined ? '' : textOf(run, rowName)))
    return {
      shared: sharing.map((name) => [name, textOf(group[0], name)]),
      rowName,
      columnName,
      columns,
      rows: [...byRow].map(([value, inRow]) => {
        const byColumn = new Map(inRow.map((run) => [textOf(run, columnName), run]))
        return { value, runs: columns.map((column) => byColumn.get(column)) }
      }),
    }
  })
}

const textOf = (run: BatchRun | undefined, name: string): string =>
  valueText(run?.values.find(([one]) => one === name)?.[1])

const distinct = (runs: readonly BatchRun[], name: string): readonly string[] => [
  ...new Set(runs.map((run) => textOf(run, name))),
]
