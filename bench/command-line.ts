import { join } from 'node:path'
import { tempFolder } from '../test/support/temp-folder.ts'
import { median, PAPERMILL, RUNNER, timed } from './programs.ts'
import { round, table } from './table.ts'

const ROOT = join(import.meta.dirname, '..')
const ROUNDS = 7

/** `run --prepare` as a whole process, papermill's `--prepare-only` and ours in turn. */
export async function benchCommandLine(): Promise<string> {
  await using folder = await tempFolder()
  const input = join(ROOT, 'bench/reference/ndvi.ipynb')
  const flags = ['-p', 'threshold', '0.35', '-r', 'red_url', 'https://example.org/B04.tif']
  const papermill = [PAPERMILL, input, join(folder.path, 'a.ipynb'), '--prepare-only', ...flags]
  const ours = [RUNNER, 'run', input, join(folder.path, 'b.ipynb'), '--prepare', ...flags]
  const times: Record<'papermill' | 'ours', number[]> = { papermill: [], ours: [] }
  for (let i = 0; i < ROUNDS; i++) {
    times.papermill.push(timed(papermill))
    times.ours.push(timed(ours))
  }
  const [theirs, mine] = [median(times.papermill), median(times.ours)]
  const rows = [
    ['papermill --prepare-only', round(theirs, 0), '1×'],
    ['notebook-runner run --prepare', round(mine, 0), `${round(theirs / mine)}×`],
  ]
  return [
    `## Command line, whole process, median of ${ROUNDS}`,
    '',
    table(['command', 'ms', 'faster'], rows),
  ].join('\n')
}
