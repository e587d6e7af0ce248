import { diffArrays, diffLines } from 'diff'
import type { RunCell } from '../../api/cells.ts'

/** Cells of two runs that stand beside each other; undefined where one run has none there. */
export interface CellPair {
  readonly left: RunCell | undefined
  readonly right: RunCell | undefined
}

/** Cells with the same source stand beside each other; between those, cells in their order. */
export function cellPairs(left: readonly RunCell[], right: readonly RunCell[]): readonly CellPair[] {
  const pairs: CellPair[] = []
  const open: { left: RunCell[]; right: RunCell[] } = { left: [], right: [] }
  const close = () => {
    for (let index = 0; index < Math.max(open.left.length, open.right.length); index++)
      pairs.push({ left: open.left[index], right: open.right[index] })
    open.left = []
    open.right = []
  }
  const lefts = left.values()
  const rights = right.values()
  for (const { added, removed, count } of diffArrays(left.map(keyOf), right.map(keyOf))) {
    if (removed) open.left.push(...lefts.take(count))
    else if (added) open.right.push(...rights.take(count))
    else {
      close()
      for (let index = 0; index < count; index++)
        pairs.push({ left: lefts.next().value, right: rights.next().value })
    }
  }
  close()
  return pairs
}

const keyOf = ({ type, source }: RunCell): string => `${type}\n${source}`

/** Lines of a source; `isOnlyHere` where the other source has them not. */
export interface SourcePart {
  readonly text: string
  readonly isOnlyHere: boolean
}

/** Both sources in parts, by lines. */
export function sourceParts(
  left: string,
  right: string,
): { readonly left: readonly SourcePart[]; readonly right: readonly SourcePart[] } {
  const parts = diffLines(left, right)
  return {
    left: parts
      .filter(({ added }) => !added)
      .map(({ value, removed }) => ({ text: value, isOnlyHere: removed })),
    right: parts
      .filter(({ removed }) => !removed)
      .map(({ value, added }) => ({ text: value, isOnlyHere: added })),
  }
}
