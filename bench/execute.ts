import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { tempFolder } from '../test/support/temp-folder.ts'
import { trivialNotebook } from './notebooks.ts'
import { bareKernel, median, PAPERMILL, RUNNER, timed } from './programs.ts'
import { round, table } from './table.ts'

const ROUNDS = 5
const CELLS = [10, 100, 1000]
/** Papermill saves after each cell, which 1,000 cells take minutes for. */
const PAPERMILL_CELLS = 100

/** Notebooks executed from the command line, beside papermill and beside a bare kernel. */
export async function benchExecute(): Promise<string> {
  await using folder = await tempFolder()
  const out = join(folder.path, 'out.ipynb')
  const notebook = async (cells: number) => {
    const path = join(folder.path, `${cells}.ipynb`)
    await writeFile(path, trivialNotebook(cells))
    return path
  }
  const short = await notebook(4)
  const times: Record<'kernel' | 'papermill' | 'ours', number[]> = { kernel: [], papermill: [], ours: [] }
  for (let i = 0; i < ROUNDS; i++) {
    times.kernel.push(bareKernel(4).start * 1000)
    times.papermill.push(timed([PAPERMILL, short, out, '--no-progress-bar']))
    times.ours.push(timed([RUNNER, 'run', short, out]))
  }
  const kernel = median(times.kernel)
  const rows = [
    ['the start of a kernel, by itself', round(kernel, 0), ''],
    ['papermill', round(median(times.papermill), 0), round(median(times.papermill) - kernel, 0)],
    ['notebook-runner run', round(median(times.ours), 0), round(median(times.ours) - kernel, 0)],
  ]

  const cellRows: (readonly (string | number)[])[] = []
  for (const cells of CELLS) {
    const path = await notebook(cells)
    const { start, cells: took } = bareKernel(cells)
    const bare = (start + took) * 1000
    const theirs = cells > PAPERMILL_CELLS ? '' : round(timed([PAPERMILL, path, out, '--no-progress-bar']), 0)
    const ours = timed([RUNNER, 'run', path, out])
    cellRows.push([cells, round(bare, 0), theirs, round(ours, 0), `${round(ours / bare, 2)}×`])
  }
  return [
    `## Four trivial cells from the command line, whole process, median of ${ROUNDS}`,
    '',
    table(['', 'ms', 'ms more than the kernel'], rows),
    '',
    '## Many trivial cells from the command line, whole process, ms',
    '',
    table(['cells', 'bare kernel', 'papermill', 'notebook-runner run', 'of the bare kernel'], cellRows),
  ].join('\n')
}
