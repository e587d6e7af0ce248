import { RunnerError } from '../../errors.ts'
import { readNotebook } from '../../notebook/document.ts'

/** Beyond it a page is slow, and so is reading it: JupyterLab shows such a notebook. */
const MAX_BYTES = 500_000

interface CellSource {
  /** Index in the notebook, over cells of all types, as events have it. */
  readonly index: number
  readonly source: string
}

/** The code of a notebook, cell by cell; nothing of one that is too large for a page or cannot be read. */
export function cellSources(notebook: Uint8Array | undefined): readonly CellSource[] {
  if (notebook === undefined || notebook.byteLength > MAX_BYTES) return []
  try {
    // Ids of cells are of no use here.
    const { cells } = readNotebook(notebook, () => '')
    return cells.flatMap(({ node }, index) => {
      const source = node.get('source')
      const isCode = node.get('cell_type') === 'code' && typeof source === 'string' && source.trim() !== ''
      return isCode ? [{ index, source }] : []
    })
  } catch (error) {
    if (error instanceof RunnerError) return []
    throw error
  }
}
