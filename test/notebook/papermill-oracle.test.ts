import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/notebook/json.ts'
import { notebook, parameters } from '../support/generated-notebooks.ts'
import { jsonText } from '../support/json-text.ts'
import { Papermill } from '../support/papermill.ts'
import { asPapermillWould, prepare, utf8 } from '../support/prepare.ts'

let papermill: Papermill
beforeAll(() => {
  papermill = new Papermill()
})
afterAll(() => papermill[Symbol.asyncDispose]())

describe('a prepared notebook', () => {
  it('is byte for byte what papermill writes', { timeout: 120_000 }, async () => {
    const same = async (document: JsonObject, values: JsonObject) => {
      const request = { notebook: utf8(jsonText(document)), parameters: values }
      const answer = await papermill.prepare(request)
      if ('error' in answer) throw new Error(answer.error)
      expect(asPapermillWould(prepare(request))).toBe(answer.output.toString())
    }
    await fc.assert(fc.asyncProperty(notebook, parameters, same), { numRuns: 300 })
  })
})
