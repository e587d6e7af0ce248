import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { tempFolder } from './temp-folder.ts'

/** A cell: code, code that is tagged as the one with the parameters, or Markdown. */
export type SourceCell =
  | string
  | { readonly parameters: string }
  | { readonly markdown: string; readonly attachments?: unknown }

/** A Python notebook of these cells. */
export function notebookOf(cells: readonly SourceCell[]): string {
  const kernelspec = { display_name: 'Python 3', language: 'python', name: 'python3' }
  return JSON.stringify({
    cells: cells.map((cell, index) => {
      const id = `c${index}`
      if (typeof cell === 'string') return codeCell(id, cell)
      if ('parameters' in cell) return codeCell(id, cell.parameters, ['parameters'])
      const { markdown, attachments } = cell
      const source = { source: markdown, ...(attachments !== undefined && { attachments }) }
      return { cell_type: 'markdown', id, metadata: {}, ...source }
    }),
    metadata: { kernelspec, language_info: { name: 'python' } },
    nbformat: 4,
    nbformat_minor: 5,
  })
}

const codeCell = (id: string, source: string, tags?: readonly string[]) => ({
  cell_type: 'code',
  execution_count: null,
  id,
  metadata: { ...(tags && { tags }) },
  outputs: [],
  source,
})

/** A folder with a catalogue of these notebooks, by their ids. Each of them executes, and takes no inputs. */
export async function notebookFolder(
  notebooks: Readonly<Record<string, readonly SourceCell[]>>,
): ReturnType<typeof tempFolder> {
  const folder = await tempFolder()
  const entries = Object.keys(notebooks).map((id) => ({
    id,
    title: id,
    file: `${id}.ipynb`,
    inputSpec: {},
    mode: 'execute',
  }))
  await writeFile(join(folder.path, 'catalogue.json'), JSON.stringify(entries))
  for (const [id, cells] of Object.entries(notebooks))
    await writeFile(join(folder.path, `${id}.ipynb`), notebookOf(cells))
  return folder
}
