import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RunnerError } from '../../src/errors.ts'
import { readNotebook } from '../../src/notebook/document.ts'
import { compileTemplate } from '../../src/notebook/template.ts'
import { type BrokenNotebook, refusedByBoth, refusedByUs } from '../support/broken-notebooks.ts'
import { Papermill } from '../support/papermill.ts'
import { countedIds, noParameters, utf8 } from '../support/prepare.ts'

let papermill: Papermill
beforeAll(() => {
  papermill = new Papermill()
})
afterAll(() => papermill[Symbol.asyncDispose]())

function refusal(notebook: Uint8Array): RunnerError {
  try {
    compileTemplate(notebook, { newId: countedIds() })
  } catch (error) {
    if (error instanceof RunnerError) return error
    throw error
  }
  throw new Error('It was not refused.')
}

describe.each<BrokenNotebook>([...refusedByBoth, ...refusedByUs])(
  'a notebook $name',
  ({ notebook, message }) => {
    it('is refused with a sentence that says what is wrong', () => {
      expect(refusal(notebook)).toMatchObject({ code: 'invalid-notebook', message })
    })
  },
)

describe.each<BrokenNotebook>(refusedByBoth)('a notebook $name', ({ notebook }) => {
  it('is refused by papermill, too', async () => {
    expect(await papermill.prepare({ notebook, parameters: noParameters() })).toHaveProperty('error')
  })
})

describe('the format of a notebook', () => {
  const formatted = (minor: number) =>
    utf8(JSON.stringify({ cells: [], metadata: {}, nbformat: 4, nbformat_minor: minor }))

  it.each([1, 2, 3])('before 4 is refused with the way out (%i)', (major) => {
    const old = utf8(JSON.stringify({ worksheets: [], metadata: {}, nbformat: major, nbformat_minor: 0 }))
    expect(refusal(old).message).toBe(
      `The notebook has format ${major}, from before 2015. Open it in Jupyter and save it, which makes it format 4.`,
    )
  })

  it('that is missing is said to be missing', () => {
    expect(refusal(utf8('{"notebooks": []}')).message).toBe(
      'The file is JSON but not a notebook: it has no "nbformat".',
    )
  })

  it.each([-1, 0, 1, 2, 3, 4, 5])('4.%i is read without a warning', (minor) => {
    expect(readNotebook(formatted(minor), countedIds()).warnings).toEqual([])
  })

  it('later than 4.5 is read with a warning', () => {
    const warning = 'The notebook has format 4.6; it is written as 4.5.'
    expect(readNotebook(formatted(6), countedIds()).warnings).toEqual([warning])
  })
})
