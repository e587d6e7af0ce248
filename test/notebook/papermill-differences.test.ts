import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { JsonNumber, type JsonValue } from '../../src/notebook/json.ts'
import { prepareNotebook } from '../../src/notebook/prepare.ts'
import { compileTemplate } from '../../src/notebook/template.ts'
import { refusedByUs } from '../support/broken-notebooks.ts'
import { Papermill } from '../support/papermill.ts'
import { countedIds, noParameters, prepare, utf8 } from '../support/prepare.ts'

let papermill: Papermill
beforeAll(() => {
  papermill = new Papermill()
})
afterAll(() => papermill[Symbol.asyncDispose]())

interface Request {
  readonly notebook: string
  readonly parameters?: ReadonlyMap<string, JsonValue>
  readonly outputPath?: string
}

/** What papermill wrote and what we wrote; for papermill the error that it raised. */
async function both({ notebook, parameters = noParameters(), ...rest }: Request): Promise<[string, string]> {
  const request = { notebook: utf8(notebook), parameters, ...rest }
  const answer = await papermill.prepare(request)
  return ['error' in answer ? answer.error : answer.output.toString(), prepare(request).toString()]
}

const kernelspec = { name: 'python3', display_name: 'Python 3', language: 'python' }
const cell = { cell_type: 'code', id: 'a', metadata: {}, source: '', outputs: [], execution_count: null }
const parameters = new Map([['x', 'y']])

function notebook(members: object): string {
  return JSON.stringify({ cells: [], metadata: { kernelspec }, nbformat: 4, nbformat_minor: 5, ...members })
}
function withMember(name: string, raw: string): string {
  return notebook({}).replace('"nbformat"', `${JSON.stringify(name)}:${raw},"nbformat"`)
}
function sources(text: string): string[] {
  const { cells } = JSON.parse(text)
  return cells.map((node: { source: string[] }) => node.source.join(''))
}

const differences: Readonly<Record<string, () => Promise<void>>> = {
  'names the program that prepared it': async () => {
    const [theirs, ours] = await both({ notebook: notebook({}) })
    expect(JSON.parse(theirs).metadata.papermill.version).toBe('2.7.0')
    expect(JSON.parse(ours).metadata.papermill.version).toBe(`${manifest.name} ${manifest.version}`)
  },
  'keeps numbers that a double does not hold': async () => {
    const raw = '[1e400,0.1000000000000000055]'
    const [theirs, ours] = await both({ notebook: withMember('a', raw) })
    expect(theirs).toContain('"a": [\n  Infinity,\n  0.1\n ]')
    expect(ours).toContain('"a": [\n  1e400,\n  0.1000000000000000055\n ]')
  },
  'keeps integers of any size': async () => {
    const raw = '1'.repeat(5000)
    const [theirs, ours] = await both({ notebook: withMember('a', raw) })
    expect(theirs).toMatch(/^NotJSONError/)
    expect(ours).toContain(raw)
  },
  'keeps lone surrogates': async () => {
    const [theirs, ours] = await both({ notebook: withMember('a', '"\\ud800"') })
    expect(theirs).toMatch(/^UnicodeEncodeError/)
    expect(ours).toContain('"a": "\\ud800"')
  },
  'records values that are not finite as text': async () => {
    const values = new Map([['x', [new JsonNumber('NaN'), new JsonNumber('-Infinity')]]])
    const [theirs, ours] = await both({ notebook: notebook({}), parameters: values })
    expect(theirs).toContain('"x": [\n     NaN,\n     -Infinity\n    ]')
    expect(JSON.parse(ours).metadata.papermill.parameters).toEqual({ x: ['NaN', '-Infinity'] })
    expect(sources(ours)).toEqual(["# Parameters\nx = [float('nan'), float('-inf')]\n"])
  },
  'gives the injected cell the look of the parameters cell': async () => {
    const look = { slideshow: { slide_type: 'skip' }, jupyter: { source_hidden: true } }
    const run = { name: 'n', execution: {}, papermill: { status: 'completed' } }
    const tags = ['hide-input', 'parameters', 'skip-execution']
    const cells = [{ ...cell, metadata: { ...look, ...run, tags } }]
    const [theirs, ours] = await both({ notebook: notebook({ cells }), parameters })
    expect(JSON.parse(theirs).cells[1].metadata).toEqual({ tags: ['injected-parameters'] })
    expect(JSON.parse(ours).cells[1].metadata).toEqual({
      ...look,
      tags: ['injected-parameters', 'hide-input'],
    })
  },
  'gives the injected cell the look of the one it replaces': async () => {
    const cells = [
      { ...cell, metadata: { collapsed: true, tags: ['parameters'] } },
      { ...cell, id: 'b', metadata: { scrolled: true, tags: ['injected-parameters', 'mine'] } },
    ]
    const [theirs, ours] = await both({ notebook: notebook({ cells }), parameters })
    expect(JSON.parse(theirs).cells[1].metadata).toEqual({ tags: ['injected-parameters'] })
    expect(JSON.parse(ours).cells[1].metadata).toEqual({
      scrolled: true,
      tags: ['injected-parameters', 'mine'],
    })
  },
  'needs the language but not the name of the kernel': async () => {
    const metadata = { language_info: { name: 'python' } }
    const [theirs, ours] = await both({ notebook: notebook({ metadata }), parameters })
    expect(theirs).toBe('ValueError: No kernel name found in notebook and no override provided.')
    expect(sources(ours)).toEqual(['# Parameters\nx = "y"\n'])
  },
  'takes only a list as tags': async () => {
    const cells = [cell, { ...cell, id: 'b', metadata: { tags: 'no-parameters-here' } }]
    const [theirs, ours] = await both({ notebook: notebook({ cells }), parameters })
    expect(sources(theirs)).toEqual(['', '', '# Parameters\nx = "y"\n'])
    expect(sources(ours)).toEqual(['# Parameters\nx = "y"\n', '', ''])
    const [crash, kept] = await both({
      notebook: notebook({ cells: [{ ...cell, metadata: { tags: null } }] }),
    })
    expect(crash).toMatch(/^TypeError/)
    expect(JSON.parse(kept).cells[0].metadata.tags).toBe(null)
  },
  'writes the paths as they are given': async () => {
    const outputPath = '{x}.ipynb'
    const answer = await papermill.prepare({ notebook: utf8(notebook({})), parameters, outputPath })
    expect(answer).toMatchObject({ path: 'y.ipynb' })
    const [theirs, ours] = await both({ notebook: notebook({}), parameters, outputPath })
    expect(JSON.parse(theirs).metadata.papermill.output_path).toBe('y.ipynb')
    expect(JSON.parse(ours).metadata.papermill.output_path).toBe('{x}.ipynb')
  },
  'refuses formats before 4': async () => {
    const code = { cell_type: 'code', language: 'python', input: 'x', outputs: [], metadata: {} }
    const old = JSON.stringify({
      worksheets: [{ cells: [code] }],
      metadata: {},
      nbformat: 3,
      nbformat_minor: 0,
    })
    expect(await papermill.prepare({ notebook: utf8(old), parameters: noParameters() })).toHaveProperty(
      'output',
    )
    await expect(both({ notebook: old })).rejects.toThrow('The notebook has format 3, from before 2015.')
  },
  'writes the kernel that was asked for': async () => {
    const bare = { notebook: utf8(notebook({ metadata: {} })), parameters: noParameters() }
    expect(await papermill.prepare({ ...bare, kernelName: 'ir', language: 'R' })).toHaveProperty('output')
    const template = compileTemplate(bare.notebook, {
      kernelspec: { name: 'ir', language: 'R' },
      newId: countedIds(),
    })
    const chunks = prepareNotebook(template, { ...bare, inputPath: 'a', outputPath: 'b', cellId: '0' })
    const { metadata } = JSON.parse(Buffer.concat(chunks).toString())
    expect(metadata.kernelspec).toEqual({ display_name: 'ir', language: 'R', name: 'ir' })
    expect(template).toMatchObject({ kernelName: 'ir', language: 'R' })
  },
  'refuses cells with parts of a wrong type': async () => {
    for (const { notebook: broken, message } of refusedByUs) {
      expect(await papermill.prepare({ notebook: broken, parameters: noParameters() })).toHaveProperty(
        'output',
      )
      expect(() => prepare({ notebook: broken, parameters: noParameters() })).toThrow(message)
    }
  },
}

describe('unlike papermill, a prepared notebook', () => {
  for (const [name, check] of Object.entries(differences)) it(name, check)
})

describe('the table of differences in docs/papermill.md', () => {
  it('has a row for each of these tests, and no other', () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/papermill.md'), 'utf8')
    const rows = [...page.matchAll(/^\|.*\| papermill-differences: (.*) \|$/gm)].map((row) => row[1])
    expect(rows.sort()).toEqual(Object.keys(differences).sort())
  })
})
