import { describe, expect, it } from 'vitest'
import { prepareNotebook } from '../../src/notebook/prepare.ts'
import { compileTemplate } from '../../src/notebook/template.ts'
import { goldenParameters } from '../support/goldens.ts'
import { countedIds, utf8 } from '../support/prepare.ts'

const kernelspec = { name: 'python3', display_name: 'Python 3', language: 'python' }
const code = {
  cell_type: 'code',
  id: 'a',
  metadata: {},
  source: ['a = 1\n', 'b'],
  outputs: [],
  execution_count: null,
}
const tagged = (...tags: readonly string[]) => ({ ...code, metadata: { tags } })

function compile(metadata: unknown, cells: readonly unknown[], options = {}) {
  const notebook = utf8(JSON.stringify({ cells, metadata, nbformat: 4, nbformat_minor: 5 }))
  return compileTemplate(notebook, { newId: countedIds(), ...options })
}

describe('the kernel and the language of a template', () => {
  it.each([
    [{ kernelspec }, {}, 'python3', 'python'],
    [{ kernelspec, language_info: { name: 'r' } }, {}, 'python3', 'r'],
    [{ kernelspec: { ...kernelspec, language: undefined } }, {}, 'python3', ''],
    [{}, {}, undefined, ''],
    [{ kernelspec: 'python3', language_info: [] }, {}, undefined, ''],
    [{ kernelspec: { name: '' }, language_info: { name: 1 } }, {}, undefined, ''],
    [{ kernelspec }, { kernelName: 'ir', language: 'R' }, 'ir', 'R'],
    [{ kernelspec }, { kernelName: '', language: '' }, 'python3', 'python'],
  ])('are those of %j with %j: %s, %s', (metadata, options, kernelName, language) => {
    expect(compile(metadata, [], options)).toMatchObject({ kernelName, language })
  })
})

describe('the parameters cell of a template', () => {
  it('is the source of the first cell with the tag', () => {
    const second = { ...tagged('parameters'), source: 'other' }
    expect(compile({}, [code, tagged('x', 'parameters'), second]).parametersCell).toBe('a = 1\nb')
  })

  it.each([
    ['there is none', [code]],
    ['it is no code', [{ ...tagged('parameters'), cell_type: 'markdown' }]],
    ['it has no source', [{ ...tagged('parameters'), source: undefined }]],
  ])('is undefined where %s', (_, cells) => {
    expect(compile({}, cells).parametersCell).toBeUndefined()
  })
})

describe('the warnings of a template', () => {
  it('say where parameters go when no cell is tagged', () => {
    expect(compile({}, [code]).warnings).toEqual([
      "The notebook has no cell tagged 'parameters': parameters are put before its first cell.",
    ])
  })

  it.each(['parameters', 'injected-parameters'])('are none when a cell is tagged %s', (tag) => {
    expect(compile({}, [tagged(tag)]).warnings).toEqual([])
  })
})

describe('a template', () => {
  it('can be cloned into another thread and back', () => {
    const template = compile({ kernelspec }, [tagged('parameters'), code])
    const given = { parameters: goldenParameters, inputPath: 'in', outputPath: 'out', cellId: 'c' }
    expect(prepareNotebook(structuredClone(template), given)).toEqual(prepareNotebook(template, given))
  })
})
