import { diffArrays } from 'diff'

/** Cells of two notebooks that stand beside each other, by their indices; undefined where one notebook has none there. */
export interface CellPair {
  readonly left: number | undefined
  readonly right: number | undefined
  /** One is there only, or their types or sources are not the same. */
  readonly differs: boolean
}

/** What a cell is paired by. */
export interface PairedCell {
  readonly type: string
  readonly source: string
}

/** Of so many cells that differ the search takes 80 ms; notebooks that differ in more are paired in their order. */
const MAX_EDITS = 1_000

/** Cells with the same source stand beside each other; between those, cells in their order. */
export function cellPairs(left: readonly PairedCell[], right: readonly PairedCell[]): readonly CellPair[] {
  const [lefts, rights] = [left.map(keyOf), right.map(keyOf)]
  const parts = diffArrays(lefts, rights, { maxEditLength: MAX_EDITS }) ?? allOther(left.length, right.length)
  const pairs: CellPair[] = []
  const at = { left: 0, right: 0 }
  const open = { left: 0, right: 0 }
  const close = () => {
    for (let index = 0; index < Math.max(open.left, open.right); index++) {
      const one = index < open.left ? at.left++ : undefined
      const other = index < open.right ? at.right++ : undefined
      const differs = one === undefined || other === undefined || lefts[one] !== rights[other]
      pairs.push({ left: one, right: other, differs })
    }
    open.left = 0
    open.right = 0
  }
  for (const { added, removed, count } of parts) {
    if (removed) open.left += count
    else if (added) open.right += count
    else {
      close()
      for (let index = 0; index < count; index++)
        pairs.push({ left: at.left++, right: at.right++, differs: false })
    }
  }
  close()
  return pairs
}

const keyOf = ({ type, source }: PairedCell): string => `${type}\n${source}`

const allOther = (left: number, right: number) => [
  { removed: true, added: false, count: left },
  { removed: false, added: true, count: right },
]
