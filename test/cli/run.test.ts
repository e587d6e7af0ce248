import { spawn } from 'node:child_process'
import { chmod, mkdir, readdir, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isObject, parseJson } from '../../src/notebook/json.ts'
import { runner } from './command-line.ts'
import { folderOf } from './folder.ts'
import { notebookText } from './notebooks.ts'

const CELL =
  'year: int = 2020\nscale = 0.5\nname = "a"\nflag = False\nbands = [1, 2]\nbig = 1\narea_bbox: list[float] = None\n'

let folder: Awaited<ReturnType<typeof folderOf>>
beforeAll(async () => {
  folder = await folderOf({
    'declared.ipynb': notebookText({ parameters: CELL }),
    'required.ipynb': notebookText({ parameters: 'site: str\nyear: int\n' }),
    'plain.ipynb': notebookText(),
    'matlab.ipynb': notebookText({ parameters: 'x = 1;', kernelName: 'imatlab', language: 'matlab' }),
    'cobol.ipynb': notebookText({ kernelName: 'cobol', language: 'cobol' }),
    'broken.ipynb': '{"cells": [',
    'list.yaml': '- 1\n',
    'bad.json': '{"a": }',
    'latin1.yaml': '',
  })
  await writeFile(join(folder.path, 'latin1.yaml'), Buffer.from([0x61, 0x3a, 0x20, 0xe9]))
})
afterAll(() => folder[Symbol.asyncDispose]())

const run = (...args: string[]) => runner(['run', '--prepare', ...args], { cwd: folder.path })

/** The assignments of the injected cell. */
async function injected(...args: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await run(args[0] ?? '', '-', ...args.slice(1))
  expect(code, stderr).toBe(0)
  const notebook = parseJson(stdout)
  const cells = isObject(notebook) ? notebook.get('cells') : undefined
  for (const cell of Array.isArray(cells) ? cells : []) {
    const source = isObject(cell) ? cell.get('source') : undefined
    if (Array.isArray(source) && source[0] === '# Parameters\n')
      return source.slice(1).map((line) => String(line).trim())
  }
  return []
}

describe('run --prepare types values by the parameters cell', () => {
  it('where papermill guesses from the text', async () => {
    const given = ['-p', 'scale', '1', '-p', 'name', '007', '-p', 'flag', 'false', '-p', 'bands', '3,4']
    expect(await injected('declared.ipynb', ...given)).toEqual([
      ...['scale = 1.0', 'name = "007"', 'flag = False', 'bands = [3, 4]'],
    ])
  })

  it('with values of every source, in the order in which they were given', async () => {
    const values = [
      '-p',
      'area_bbox',
      '-4.5,53,-4,54',
      '-r',
      'name',
      'None',
      '-y',
      'big: 123456789012345678901\nscale: 2',
    ]
    expect(await injected('declared.ipynb', ...values)).toEqual([
      ...[
        'big = 123456789012345678901',
        'scale = 2.0',
        'area_bbox = [-4.5, 53.0, -4.0, 54.0]',
        'name = "None"',
      ],
    ])
  })

  it('takes None for an input without a value, and the empty text', async () => {
    const given = ['-p', 'area_bbox', 'None', '-p', 'name', '', '-p', 'big', '-1']
    expect(await injected('declared.ipynb', ...given)).toEqual(['area_bbox = None', 'name = ""', 'big = -1'])
  })

  it('reads a .json file as JSON', async () => {
    await writeFile(join(folder.path, 'values.json'), '{"scale": 1e5}')
    expect(await injected('declared.ipynb', '-f', 'values.json')).toEqual(['scale = 100000.0'])
  })

  it('takes what comes where there are none, with a warning', async () => {
    const { code, stdout, stderr } = await run('plain.ipynb', '-', '-p', 'x', '1')
    expect(code).toBe(0)
    expect(stdout).toContain('"x = 1\\n"')
    expect(stderr).toMatch(/^warning: The notebook has no cell tagged 'parameters'.*\n$/)
  })

  it('takes what comes where the language of the cell is not read, with a warning', async () => {
    const { code, stdout, stderr } = await run('matlab.ipynb', '-', '-p', 'x', '1')
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/^warning: .*matlab.*\n$/) })
    expect(stdout).toContain('"x = 1;\\n"')
  })

  it('takes what is not declared when told so, with a warning', async () => {
    const { code, stdout, stderr } = await run(
      'declared.ipynb',
      '-',
      '-p',
      'other',
      '1',
      '--allow-undeclared',
    )
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: 'warning: "other" is not declared in the notebook\'s parameters cell.\n',
    })
    expect(stdout).toContain('"other = 1\\n"')
  })
})

describe('run --prepare tells every fault at once, and writes nothing:', () => {
  const faults: ReadonlyArray<readonly [readonly string[], 1 | 2, ReadonlyArray<string | RegExp>]> = [
    [
      ['declared.ipynb', 'no.ipynb', '-p', 'yaer', '1', '-p', 'scale', 'x', '-y', 'flag: 2'],
      1,
      [
        'error: 3 parameters do not fit the parameters cell of the notebook:',
        'yaer: the notebook takes no such input; did you mean year?',
        'scale: expected a number; got "x".',
        'flag: expected true or false; got 2.',
        '--allow-undeclared',
      ],
    ],
    [
      ['required.ipynb', 'no.ipynb', '-p', 'year', '1'],
      1,
      ['One parameter does not fit', 'site: missing; expected text.'],
    ],
    [
      ['plain.ipynb', 'no.ipynb', '-p', 'x; import os', '1', '-p', 'class', '1'],
      1,
      [/x; import os/, /"class" cannot be/],
    ],
    [['cobol.ipynb', 'no.ipynb', '-p', 'x', '1'], 1, [/language "cobol"/]],
    [['broken.ipynb', 'no.ipynb'], 1, [/^error: The notebook is not JSON: .* line 1/]],
    [['missing.ipynb', 'no.ipynb'], 1, ['error: The notebook "missing.ipynb" does not exist.']],
    [['.', 'no.ipynb'], 1, ['error: The notebook "." is a folder; name a file.']],
    [
      ['https://example.org/a.ipynb?sig=1', 'no.ipynb'],
      2,
      [/^error: The notebook is read from a file here, not from https:\/\/example\.org\/a\.ipynb\. /],
    ],
    [['plain.ipynb', 'nowhere/no.ipynb'], 1, ['error: The folder "nowhere" for the output does not exist.']],
    [['plain.ipynb', '.'], 2, ['error: The output "." is a folder; name a file in it.']],
    [
      ['plain.ipynb', 'no-{year}.ipynb', '-p', 'x', '1'],
      2,
      ['The path "no-{year}.ipynb" has {year} in it', 'known are {x}'],
    ],
    [['plain.ipynb', 'no-{.ipynb'], 2, ['has { in it', 'no parameters are given']],
    [
      ['plain.ipynb', 'no.ipynb', '-f', 'missing.yaml'],
      1,
      ['The file of parameters "missing.yaml" does not exist.'],
    ],
    [
      ['plain.ipynb', 'no.ipynb', '-f', 'list.yaml'],
      2,
      ['The file of parameters "list.yaml" must hold names with values'],
    ],
    [
      ['plain.ipynb', 'no.ipynb', '-f', 'bad.json'],
      2,
      ['The file of parameters "bad.json" is not JSON: ', 'line 1, column 7'],
    ],
    [
      ['plain.ipynb', 'no.ipynb', '-f', 'latin1.yaml'],
      2,
      ['The file of parameters "latin1.yaml" is not UTF-8 text.'],
    ],
    [['plain.ipynb', 'no.ipynb', '-y', 'a: ['], 2, [/^error: -y is not YAML/]],
    [['plain.ipynb', 'no.ipynb', '-b', '%%%'], 2, ['error: The value of -b is not base64.']],
    [['plain.ipynb', 'no.ipynb', '-p', 'year=2024', '-p'], 2, ['-p year 2024']],
    [['plain.ipynb', 'no.ipynb', '--prepar-only'], 2, [/unknown option '--prepar-only'/, /--prepare-only/]],
    [['plain.ipynb', 'no.ipynb', 'third'], 2, [/too many arguments/]],
  ]
  it.each(faults.map((one) => [one[0].slice(0, 4).join(' '), one] as const))(
    '%s',
    async (_, [args, code, messages]) => {
      const before = await readdir(folder.path)
      const ended = await run(...args)
      for (const message of messages) expect(ended.stderr).toMatch(message)
      expect(ended.stderr).not.toMatch(/^\s+at /m)
      expect({ code: ended.code, stdout: ended.stdout }).toEqual({ code, stdout: '' })
      expect(await readdir(folder.path)).toEqual(before)
    },
  )

  it('flags of papermill that make no sense here, each by name', async () => {
    const flags = [
      ...['--engine', 'x', '--autosave-cell-every', '1', '--log-level', 'INFO', '--start_timeout', '1'],
      ...['--report-mode', '--help-notebook', '--request-save-on-cell-execute', '--prepare-execute'],
    ]
    const { code, stderr } = await run('plain.ipynb', 'no.ipynb', ...flags)
    expect(code).toBe(2)
    for (const flag of flags.filter((one) => one.startsWith('--')))
      expect(stderr).toContain(`${flag} is refused: `)
    const one = await run('plain.ipynb', 'no.ipynb', '--engine', 'x')
    expect(one).toMatchObject({ code: 2, stderr: expect.stringMatching(/^error: --engine is refused: /) })
  })

  it('a time that is none', async () => {
    const { code, stderr } = await run('plain.ipynb', 'no.ipynb', '--execution-timeout', '1.5')
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('whole number of seconds') })
    const bytes = await run('plain.ipynb', 'no.ipynb', '--output-bytes', '999')
    expect(bytes).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('whole number of bytes, from 1000'),
    })
  })
})

describe('run --prepare writes', () => {
  it('over a file whole, with its mode, and over its input', async () => {
    const path = join(folder.path, 'kept.ipynb')
    await writeFile(path, notebookText())
    await chmod(path, 0o640)
    expect(await run('kept.ipynb', 'kept.ipynb', '-p', 'x', '1')).toMatchObject({ code: 0, stdout: '' })
    expect(await readFile(path, 'utf8')).toContain('"x = 1\\n"')
    expect((await stat(path)).mode & 0o777).toBe(0o640)
    expect((await readdir(folder.path)).filter((name) => name.endsWith('.tmp'))).toEqual([])
  })

  it('through a link, which stays', async () => {
    await mkdir(join(folder.path, 'real'))
    await writeFile(join(folder.path, 'real/out.ipynb'), 'old')
    await symlink('real/out.ipynb', join(folder.path, 'link.ipynb'))
    expect(await run('plain.ipynb', 'link.ipynb')).toMatchObject({ code: 0 })
    expect(await readlink(join(folder.path, 'link.ipynb'))).toBe('real/out.ipynb')
    expect(await readFile(join(folder.path, 'real/out.ipynb'), 'utf8')).toContain('"nbformat": 4')
  })

  it('to a device', async () => {
    expect(await run('plain.ipynb', '/dev/null')).toMatchObject({ code: 0, stdout: '' })
    expect((await stat('/dev/null')).isFile()).toBe(false)
  })

  it('to the standard output when no file is named', async () => {
    const { code, stdout } = await run('plain.ipynb')
    expect(code).toBe(0)
    expect(parseJson(stdout)).toBeInstanceOf(Map)
  })

  it('to a reader that has had enough, without a word', async () => {
    await writeFile(
      join(folder.path, 'large.ipynb'),
      notebookText({ parameters: `# ${'x'.repeat(2_000_000)}` }),
    )
    const root = join(import.meta.dirname, '../..')
    const line = '"$0" "$1" run --prepare large.ipynb | head -c 1; echo " ${PIPESTATUS[0]}"'
    const child = spawn(
      'bash',
      ['-c', line, join(root, 'node_modules/.bin/node'), join(root, 'src/main.ts')],
      {
        cwd: folder.path,
      },
    )
    const out = { stdout: '', stderr: '' }
    child.stdout.on('data', (chunk) => {
      out.stdout += chunk
    })
    child.stderr.on('data', (chunk) => {
      out.stderr += chunk
    })
    await new Promise((resolve) => child.once('close', resolve))
    expect(out).toEqual({ stdout: '{ 1\n', stderr: '' })
  })
})
