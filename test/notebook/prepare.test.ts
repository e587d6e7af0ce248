import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { prepareNotebook } from '../../src/notebook/prepare.ts'
import { compileTemplate } from '../../src/notebook/template.ts'
import { goldenParameters, inputs } from '../support/goldens.ts'
import { asPapermillWould, countedIds, noParameters, prepare, utf8 } from '../support/prepare.ts'

const here = import.meta.dirname
const paths = { inputPath: 'in.ipynb', outputPath: 'out.ipynb', cellId: 'cell' }

function templateOf(metadata: unknown, cells: readonly unknown[] = []) {
  const notebook = utf8(JSON.stringify({ cells, metadata, nbformat: 4, nbformat_minor: 5 }))
  return compileTemplate(notebook, { newId: countedIds() })
}

describe.each(inputs)('%s', (name) => {
  it('is prepared as papermill prepared it', async () => {
    const notebook = await readFile(join(here, '../input', name))
    const golden = await readFile(join(here, '../golden', name), 'utf8')
    expect(asPapermillWould(prepare({ notebook, parameters: goldenParameters }))).toBe(golden)
  })
})

describe('prepareNotebook', () => {
  it('shares what is the same in all notebooks of a template', () => {
    const image = { output_type: 'display_data', data: { 'image/png': 'A'.repeat(20_000_000) }, metadata: {} }
    const cell = {
      cell_type: 'code',
      id: 'a',
      metadata: {},
      source: '',
      outputs: [image],
      execution_count: null,
    }
    const template = templateOf({ language_info: { name: 'python' } }, [cell])
    const chunks = prepareNotebook(template, { parameters: goldenParameters, ...paths })
    const big = chunks.filter((chunk) => chunk.length > 100_000)
    expect(big).toHaveLength(1)
    expect(template.parts.some((part) => part === big[0])).toBe(true)
  })

  it('writes the paths as they are given', () => {
    const given = {
      ...paths,
      inputPath: 's3://b/"{x}"\n\ud800',
      outputPath: '\u00e9',
      parameters: noParameters(),
    }
    const text = Buffer.concat(prepareNotebook(templateOf({}), given)).toString()
    expect(JSON.parse(text).metadata.papermill).toMatchObject({
      input_path: 's3://b/"{x}"\n\ud800',
      output_path: '\u00e9',
    })
  })

  it('gives the injected cell its id', () => {
    const template = templateOf({ language_info: { name: 'python' } })
    const text = Buffer.concat(
      prepareNotebook(template, { parameters: goldenParameters, ...paths }),
    ).toString()
    expect(JSON.parse(text).cells).toMatchObject([{ id: 'cell' }])
  })

  it('refuses parameters where it is not known in which language to write them', () => {
    expect(() => prepareNotebook(templateOf({}), { parameters: goldenParameters, ...paths })).toThrow(
      expect.objectContaining({
        code: 'invalid-notebook',
        message:
          'The notebook does not say which language it is in, so no parameters can be put into it. Open it in Jupyter, choose a kernel, and save it.',
      }),
    )
  })

  it('refuses a language that parameters cannot be written in', () => {
    const template = templateOf({ language_info: { name: 'brainfuck' } })
    expect(() => prepareNotebook(template, { parameters: goldenParameters, ...paths })).toThrow(
      expect.objectContaining({ code: 'unsupported-language' }),
    )
  })

  it('refuses a name that is none', () => {
    const template = templateOf({ language_info: { name: 'python' } })
    const parameters = new Map([['x = 1; import os', 'y']])
    expect(() => prepareNotebook(template, { parameters, ...paths })).toThrow(
      expect.objectContaining({ code: 'invalid-parameters' }),
    )
  })
})
