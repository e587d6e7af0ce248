import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parametersSource, translatorFor } from '../../../src/notebook/inject/translator.ts'
import { parseJson } from '../../../src/notebook/json.ts'
import { make } from '../../interpreters/round-trip.ts'
import { DIFFERENCES } from './differences.ts'
import { PapermillTranslators } from './papermill-translators.ts'

let papermill: PapermillTranslators
beforeAll(() => {
  papermill = new PapermillTranslators()
})
afterAll(() => papermill[Symbol.asyncDispose]())

/** Without the comment above and the line end below. */
const assignment = (cell: string) => cell.slice(cell.indexOf('\n') + 1, cell.endsWith('\n') ? -1 : undefined)

describe('a difference from papermill', () => {
  it.each(Object.entries(DIFFERENCES))('%s', async (_, differences) => {
    for (const { language, value, papermill: theirs, ours } of differences) {
      const given = parseJson(value)
      expect(assignment(await papermill.source(language, new Map([['x', given]])))).toBe(theirs)
      const made = make(language, given)
      if ('refused' in made) expect(made.refused.slice(0, ours.length)).toBe(ours)
      else expect(assignment(made.cell)).toBe(ours)
    }
  })

  it('names', async () => {
    const python = translatorFor({ kernelName: undefined, language: 'python' })
    const hostile = new Map([['x = 1; import os', null]])
    expect(await papermill.source('python', hostile)).toBe('# Parameters\nx = 1; import os = None\n')
    expect(() => parametersSource(python, hostile)).toThrow(
      'These parameters cannot be put into the notebook',
    )
  })

  it('names of languages', async () => {
    const known = ['C#', 'F#', 'PowerShell', 'pwsh', 'Python', 'Scala', 'Julia', 'MATLAB', 'BASH']
    for (const language of known) {
      expect(await papermill.source(language, new Map())).toBe('PapermillException')
      expect(() => translatorFor({ kernelName: undefined, language })).not.toThrow()
    }
  })

  it('is a row of the table in the docs', async () => {
    const page = await readFile(join(import.meta.dirname, '../../../docs/papermill-injection.md'), 'utf8')
    const tests = [...page.matchAll(/^\|.*\| ([^|]+) \|$/gm)].map(([, last]) => last)
    const names = [...Object.keys(DIFFERENCES), 'names', 'names of languages']
    expect(tests.slice(1).sort()).toEqual(names.sort())
  })
})
