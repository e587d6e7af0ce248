import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { papermill, papermillLines, runner } from './command-line.ts'
import { notebookText } from './notebooks.ts'

const DECLARED = 'year: int = 2020\nscale = 0.5\nname = "a"\nflag = False\nbands = [1, 2]\nnothing = None\n'
const YAML =
  'year: 2021\nflag: yes\nmode: 0o17\nlist: [1, 1.0, 010, 1e5, 2024-01-31, ~]\nmap: {a: 1, b: [x]}\n'
const base64 = (text: string) => Buffer.from(text).toString('base64')

const FILES = {
  'plain.ipynb': notebookText(),
  'declared.ipynb': notebookText({ parameters: DECLARED }),
  'again.ipynb': notebookText({ parameters: DECLARED, injected: '# Parameters\nyear = 1\n' }),
  'injected.ipynb': notebookText({ injected: 'year = 1' }),
  'old.ipynb': notebookText({ minor: 2 }),
  'r.ipynb': notebookText({ kernelName: 'ir', language: 'R' }),
  'values.yaml': YAML,
  'values.json': '{"year": 2022, "b": 1.50, "c": {"d": [null, true, "e"]}, "big": 123456789012345678901}',
  'empty.yaml': '# nothing\n',
}

/** Every line is run by both; the last word that ends in .ipynb is what they write. */
const LINES: ReadonlyArray<readonly string[]> = [
  ['plain.ipynb', '01.ipynb'],
  [
    'plain.ipynb',
    '02.ipynb',
    '-p',
    'a',
    '1',
    '-p',
    'b',
    '-4.5',
    '-p',
    'c',
    'True',
    '-p',
    'd',
    'None',
    '-p',
    'e',
    'x y',
  ],
  [
    'plain.ipynb',
    '03.ipynb',
    '-p',
    'a',
    '007',
    '-p',
    'b',
    '1e5',
    '-p',
    'c',
    '1_000',
    '-p',
    'd',
    '',
    '-p',
    'e',
    '[1, 2]',
  ],
  ['plain.ipynb', '04.ipynb', '-r', 'a', '1', '-r', 'b', 'True', '--parameters_raw', 'c', '"q" \\ é 😀'],
  ['plain.ipynb', '05.ipynb', '-f', 'values.yaml', '--parameters_file', 'values.json', '-f', 'empty.yaml'],
  ['plain.ipynb', '06.ipynb', '-y', YAML, '--parameters_yaml', 'other: .5'],
  ['plain.ipynb', '07.ipynb', '-b', base64(YAML), '--parameters_base64', base64('other: "é"')],
  [
    ...['plain.ipynb', '08.ipynb', '-r', 'r', 'raw', '-p', 'r', 'text', '-p', 'year', '1', '-p', 'p', 'text'],
    ...['-y', 'y: yaml\np: yaml\nr: yaml', '-f', 'values.yaml', '-b', base64('b: base\nyear: base\ny: base')],
  ],
  ['plain.ipynb', '09.ipynb', '--inject-paths', '-p', 'a', '1'],
  ['plain.ipynb', '10.ipynb', '--inject-input-path'],
  ['plain.ipynb', '11.ipynb', '--inject-output-path', '-p', 'PAPERMILL_OUTPUT_PATH', 'elsewhere'],
  ['plain.ipynb', '12.ipynb', '-k', 'ir', '-l', 'R', '-p', 'a', '1', '-p', 'b', 'True'],
  ['plain.ipynb', '13.ipynb', '--kernel', 'some-julia', '--language', 'julia', '-p', 'a', 'None'],
  ['r.ipynb', '14.ipynb', '-p', 'a', '1.0', '-p', 'b', 'é'.normalize('NFD'), '-y', 'l: [1, a]'],
  ['old.ipynb', '15.ipynb', '-p', 'a', '1'],
  ['injected.ipynb', '16.ipynb', '-p', 'a', '1'],
  ['again.ipynb', '17.ipynb', '-p', 'year', '2024'],
  ['again.ipynb', '18.ipynb'],
  [
    'declared.ipynb',
    '19.ipynb',
    '-p',
    'name',
    'b',
    '-p',
    'year',
    '2024',
    '-p',
    'scale',
    '0.25',
    '-p',
    'flag',
    'True',
  ],
  [
    'declared.ipynb',
    '20.ipynb',
    '-y',
    'bands: [3]',
    '-p',
    'nothing',
    '1',
    '-p',
    'year',
    '-1',
    '--inject-paths',
  ],
  [
    'declared.ipynb',
    '21.ipynb',
    '-p',
    'nothing',
    'None',
    '-r',
    'name',
    '7',
    '--no-progress-bar',
    '--no-log-output',
  ],
  ['plain.ipynb', 'out-{year}-{{x}}.ipynb', '-pyear', '2024', '--parameters=b', '2'],
  ['declared.ipynb', 'declared.ipynb', '-p', 'year', '2025'],
]

let folder: string
const ours = () => join(folder, 'ours')
const theirs = () => join(folder, 'theirs')

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'notebook-runner-cli-'))
  for (const at of [ours(), theirs()]) {
    await mkdir(at)
    for (const [name, text] of Object.entries(FILES)) await writeFile(join(at, name), text)
  }
  const { stderr, code } = await papermillLines(
    LINES.map((line) => [...line, '--prepare-only']),
    theirs(),
  )
  expect(code, stderr).toBe(0)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('a prepared notebook is what papermill writes for', () => {
  it.each(LINES.map((line) => [line.join(' ').slice(0, 60).split('\n')[0], line] as const))(
    '%s',
    async (_, line) => {
      const { code, stdout, stderr } = await runner(['run', '--prepare-only', ...line], { cwd: ours() })
      expect({ code, stdout }, stderr).toEqual({ code: 0, stdout: '' })
      const name = (line[1] ?? '').replace('{year}', '2024').replace('{{x}}', '{x}')
      const [mine, papermills] = await Promise.all(
        [ours(), theirs()].map((at) => readFile(join(at, name), 'utf8')),
      )
      expect(masked(mine ?? '')).toBe(masked(papermills ?? ''))
    },
  )

  it('standard input and output', async () => {
    const args = ['-', '-', '-p', 'a', '1', '--inject-paths']
    const input = FILES['plain.ipynb']
    const mine = await runner(['run', '--prepare', ...args], { input })
    const papermills = await papermill([...args, '--prepare-only'], { input })
    expect(masked(mine.stdout)).toBe(masked(papermills.stdout))
    expect(mine.stdout).toContain('PAPERMILL_INPUT_PATH = \\"-\\"')
  })
})

/** Ids are random in both, and each names itself as the maker. */
function masked(notebook: string): string {
  return notebook
    .replaceAll(/"id": "[0-9a-f]{8}"/g, '"id": "********"')
    .replace(`"version": "${manifest.name} ${manifest.version}"`, '"version": "2.7.0"')
}
