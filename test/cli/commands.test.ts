import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { runner } from './command-line.ts'
import { folderOf } from './folder.ts'
import { notebookText } from './notebooks.ts'

const CELL =
  'site: str  # Where \\u001b[31mto look\nyear: int = 2020  # The year\nwhen = now()\narea_bbox: list[float] = None\n'

let folder: Awaited<ReturnType<typeof folderOf>>
beforeAll(async () => {
  const cell = CELL.replace('\\u001b', '\u001b')
  folder = await folderOf({
    'ndvi.ipynb': notebookText({ parameters: cell }),
    'plain.ipynb': notebookText(),
    'cobol.ipynb': notebookText({ kernelName: 'cobol', language: 'cobol' }),
    'matlab.ipynb': notebookText({ parameters: 'x = 1;', kernelName: 'imatlab', language: 'matlab' }),
    'broken.ipynb': '{}',
    'good.json': JSON.stringify([{ id: 'ndvi', file: 'ndvi.ipynb', type: 'notebook', title: 'NDVI' }]),
  })
})
afterAll(() => folder[Symbol.asyncDispose]())

const command = (...args: string[]) => runner(args, { cwd: folder.path })

describe('inspect', () => {
  it('shows a table', async () => {
    const { code, stdout, stderr } = await command('inspect', 'ndvi.ipynb')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toBe(
      [
        'Kernel    python3',
        'Language  python',
        '',
        'Input      Takes                             Default   Description',
        'site       text                              required  Where  [31mto look',
        'year       a whole number                    2020      The year',
        'when       a value                           now()',
        'area_bbox  four numbers minx,miny,maxx,maxy  null',
        '',
      ].join('\n'),
    )
  })

  it('writes a JSON Schema, also of the standard input', async () => {
    const { stdout } = await runner(['inspect', '--json', '-'], {
      input: notebookText({ parameters: 'b = 1\na: str' }),
    })
    expect(JSON.parse(stdout)).toEqual({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      properties: { b: { type: 'integer', default: 1 }, a: { type: 'string' } },
      required: ['a'],
      additionalProperties: false,
    })
    expect(stdout.indexOf('"b"')).toBeLessThan(stdout.indexOf('"a"'))
  })

  it('says why there is no input', async () => {
    const plain = await command('inspect', 'plain.ipynb')
    expect(plain.stdout).toContain('\nIt takes no inputs.\n')
    expect(plain.stderr).toMatch(/^warning: The notebook has no cell tagged 'parameters'/)
    expect((await command('inspect', 'cobol.ipynb')).stdout).toContain('cobol: it can take no parameters')
    expect((await command('inspect', 'matlab.ipynb')).stdout).toContain(
      'in matlab cannot be read for its inputs.',
    )
  })

  it.each([
    [['missing.ipynb'], 1, 'error: The notebook "missing.ipynb" does not exist.\n'],
    [['broken.ipynb'], 1, 'error: The file is JSON but not a notebook: it has no "nbformat".\n'],
    [[], 2, "error: missing required argument 'notebook'\n"],
  ])('explains what is wrong with %j', async (args, code, stderr) => {
    expect(await command('inspect', ...args)).toEqual({ code, stdout: '', stderr })
  })
})

describe('validate', () => {
  it('is content with a good catalogue', async () => {
    const { code, stdout, stderr } = await command('validate', 'good.json', '--notebooks')
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: 'Result  Notebook  Why\nok      ndvi\n',
      stderr: '',
    })
  })

  it('tells every fault by entry', async () => {
    const entry = (id: string, file: string, inputs: object = {}) => {
      return { id, file, type: 'notebook', title: id, inputSpec: inputs }
    }
    const number = { type: 'number', label: 'x', required: false }
    await writeFile(
      join(folder.path, 'bad.json'),
      JSON.stringify([
        entry('fine', 'ndvi.ipynb', { year: number }),
        entry('twice', 'ndvi.ipynb'),
        entry('twice', 'ndvi.ipynb'),
        entry('undeclared', 'ndvi.ipynb', { yaer: number }),
        entry('keyword', 'ndvi.ipynb', { lambda: number }),
        entry('gone', 'gone.ipynb'),
        entry('torn', 'broken.ipynb'),
        entry('old', 'cobol.ipynb', { x: number }),
        entry('bare', 'plain.ipynb'),
      ]),
    )
    const listed = await command('validate', 'bad.json')
    expect(listed.code).toBe(1)
    expect(listed.stdout).toMatch(/^broken +twice +An entry before it has the same id\.$/m)
    expect(listed.stdout).toMatch(/^ok +gone$/m)
    const { code, stdout, stderr } = await command('validate', '--notebooks', 'bad.json')
    expect(code).toBe(1)
    for (const line of [
      /^ok +fine$/m,
      /^broken +twice +An entry before it has the same id\.$/m,
      /^warning +undeclared +"yaer" is not in the parameters cell of its notebook\.$/m,
      /^broken +keyword +"lambda" cannot be the name of a variable in python\.$/m,
      /^broken +gone +.*gone\.ipynb/m,
      /^broken +torn +.*not a notebook/m,
      /^broken +old +.*cobol/m,
      /^warning +bare +.*no cell tagged 'parameters'/m,
    ]) {
      expect.soft(stdout).toMatch(line)
    }
    expect(stderr).toMatch(/^error: 5 of 9 entries cannot be used: .*keyword/)
  })

  it('reads a folder of notebooks', async () => {
    await mkdir(join(folder.path, 'notebooks'))
    await symlink('../ndvi.ipynb', join(folder.path, 'notebooks/link.ipynb'))
    await writeFile(join(folder.path, 'notebooks/a.ipynb'), notebookText({ parameters: 'x = 1' }))
    const { code, stdout } = await command('validate', '--notebooks', 'notebooks')
    expect({ code, stdout }).toEqual({
      code: 1,
      stdout: expect.stringMatching(/^broken +link +.*out of the folder/m),
    })
    expect(stdout).toMatch(/^ok +a$/m)
  })

  it.each([
    [['nowhere'], 1, /^error: The catalogue ".*nowhere" does not exist\.\n$/],
    [['http://127.0.0.1:1/c.json'], 1, /^error: Nothing can be fetched from 127\.0\.0\.1:1: /],
    [[], 2, /^error: missing required argument 'catalogue'\n$/],
  ])('explains what is wrong with %j', async (args, code, stderr) => {
    expect(await command('validate', ...args)).toEqual({
      code,
      stdout: '',
      stderr: expect.stringMatching(stderr),
    })
  })
})

describe('config', () => {
  it('shows what is in force and where from, secrets masked', async () => {
    const token = crypto.randomUUID()
    const env = { RUNNER_TOKEN: token, PORT: '8123', DATABASE_URL: `postgres://a:${token}@127.0.0.1/x` }
    const { code, stdout, stderr } = await runner(['config'], { env })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^PORT +8123 +environment$/m)
    expect(stdout).toMatch(/^IDENTITY +local +preset local$/m)
    expect(stdout).toMatch(/^RUNNER_TOKEN +\*+ +environment$/m)
    const json = await runner(['config', '--json'], { env })
    expect(JSON.parse(json.stdout)).toContainEqual({ name: 'PORT', value: '8123', from: 'environment' })
    expect(stdout + json.stdout).not.toContain(token)
  })

  it('tells every fault', async () => {
    const { code, stdout, stderr } = await runner(['config'], { env: { PORT: 'x', LOG_LEVEL: 'loud' } })
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^error: 2 settings are wrong:\n {2}- PORT .*\n {2}- LOG_LEVEL .*\n$/)
  })
})

describe('the command line', () => {
  it('tells its version', async () => {
    expect(await command('--version')).toEqual({ code: 0, stdout: `${manifest.version}\n`, stderr: '' })
  })

  it.each(['serve', 'migrate', 'config', 'inspect', 'validate', 'link', 'run'])(
    'has help with an example: %s',
    async (name) => {
      expect((await command('--help')).stdout).toContain(`\n  ${name} `)
      const { code, stdout } = await command(name, '--help')
      expect({ code, stdout }).toEqual({
        code: 0,
        stdout: expect.stringMatching(`Example:\n  .*notebook-runner ${name}`),
      })
    },
  )

  it('explains what it does not understand', async () => {
    expect(await command('inspcet', 'x')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Did you mean inspect?'),
    })
    expect(await command('config', '--jsn')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Did you mean --json?'),
    })
    expect(await command()).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Usage: notebook-runner'),
    })
  })
})
