import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { linkText } from '../../src/cli/link.ts'
import { runner } from './command-line.ts'
import { folderOf } from './folder.ts'
import { notebookText } from './notebooks.ts'

const CELL =
  'area_bbox: list[float] = None\nyear: int = 2020\nnames: list[str] = []\ntitle = "a"\nworkspace = ""\n'

let folder: Awaited<ReturnType<typeof folderOf>>
beforeAll(async () => {
  folder = await folderOf({ 'ndvi.ipynb': notebookText({ parameters: CELL }) })
})
afterAll(() => folder[Symbol.asyncDispose]())

const link = (...args: string[]) => runner(['link', ...args], { cwd: folder.path })
const BASE = ['--url', 'https://runner.example/base/']
const START = 'https://runner.example/base/run/notebook/ndvi'

describe('link', () => {
  it.each([
    [[], START],
    [
      ['-p', 'year', '2024', '--workspace', 'w', '--mode', 'prepare'],
      `${START}?year=2024&_workspace=w&_mode=prepare`,
    ],
    [['-p', 'area_bbox', '[-4.5, 53.1, -4.4, 53.2]'], `${START}?area_bbox=-4.5,53.1,-4.4,53.2`],
    [['-p', 'area_bbox', '-4.5,53.1,-4.4,53.2'], `${START}?area_bbox=-4.5,53.1,-4.4,53.2`],
    [['-p', 'names', 'a', '-p', 'year', '1', '-p', 'names', 'b'], `${START}?names=a,b&year=1`],
    [['-p', 'names', 'a,b', '-p', 'names', 'c'], `${START}?names=a,b&names=c`],
    [['-p', 'names', '["a,b"]'], `${START}?names=%5B%22a,b%22%5D`],
    [['-p', '_each', 'year', '-p', 'year', '2019..2021'], `${START}?year=2019..2021&_each=year`],
    [['-p', '_kernel', 'python3', '-p', '_run_timeout', '60'], `${START}?_kernel=python3&_run_timeout=60`],
    [['-p', 'title', 'a b+c&d=é?#%'], `${START}?title=a%20b%2Bc%26d%3D%C3%A9%3F%23%25`],
    [['-p', 'title', 'https://a.example/x@1'], `${START}?title=https://a.example/x@1`],
  ])('writes %j', async (args, expected) => {
    const { code, stdout, stderr } = await link('ndvi', '--catalogue', '.', ...BASE, ...args)
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: `${expected}\n`, stderr: '' })
  })

  it('takes parameters as they are without a catalogue, and the address from the settings', async () => {
    const args = ['link', 'a', '-p', 'list', '[1, 2]', '-p', 'list', 'x']
    const env = { PUBLIC_URL: 'https://runner.example', HOST: '127.0.0.1' }
    const { stdout } = await runner(args, { env })
    expect(stdout).toBe('https://runner.example/run/notebook/a?list=%5B1,%202%5D&list=x\n')
    const local = await runner(['link', 'a'], { env: { PORT: '8123', BASE_PATH: '/nr' } })
    expect(local.stdout).toBe('http://127.0.0.1:8123/nr/run/notebook/a\n')
  })

  it('tells every fault at once', async () => {
    const given = [
      '-p',
      'yaer',
      '1',
      '-p',
      'year',
      'x',
      '-p',
      'year',
      '2',
      '-p',
      'workspace',
      'w',
      '-p',
      '_mode',
      'go',
      '-p',
      '_fresh',
      '1',
    ]
    const { code, stdout, stderr } = await link('ndvi', '--catalogue', '.', ...BASE, ...given)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr.split('\n').filter((line) => line.startsWith('  - '))).toHaveLength(5)
    for (const part of [
      'did you mean year?',
      'year: expected a whole number',
      'workspace: set by',
      '_mode must be',
      '_fresh is refused',
    ]) {
      expect(stderr).toContain(part)
    }
  })

  it.each([
    [['other', '--catalogue', '.'], 1, 'There is no notebook "other" in the catalogue.'],
    [['ndvi', '--catalogue', 'nowhere'], 1, 'nowhere" does not exist.'],
    [['ndvi', '--url', 'runner.example'], 2, '--url must be the http(s) address'],
    [['ndvi', '--url', 'https://runner.example/?a=1'], 2, '--url must be the http(s) address'],
    [['ndvi', '--mode', 'go'], 2, 'Allowed choices are prepare, execute.'],
    [['ndvi', '-p', 'year=1', 'x'], 2, '-p year 1'],
    [['..'], 2, '".." cannot be the id of a notebook.'],
    [[], 2, "missing required argument 'id'"],
  ])('explains what is wrong with %j', async (args, code, message) => {
    expect(await link(...args)).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(message) })
  })

  it('is read back as it was written', () => {
    const text = fc.string({ unit: 'grapheme' })
    fc.assert(
      fc.property(text, fc.array(fc.tuple(text, text)), (id, pairs) => {
        const url = new URL(linkText('https://runner.example', id === '.' || id === '..' ? 'a' : id, pairs))
        expect([...url.searchParams]).toEqual(pairs)
        expect(url.hash).toBe('')
      }),
    )
  })
})
