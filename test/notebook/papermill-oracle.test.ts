import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RunnerError } from '../../src/errors.ts'
import { isObject, type JsonObject, type JsonValue, parseJson } from '../../src/notebook/json.ts'
import { anyValue, notebook, parameters } from '../support/generated-notebooks.ts'
import { goldenParameters, inputs } from '../support/goldens.ts'
import { jsonText } from '../support/json-text.ts'
import { Papermill, type PapermillRequest } from '../support/papermill.ts'
import { asPapermillWould, noParameters, prepare, utf8 } from '../support/prepare.ts'

let papermill: Papermill
beforeAll(() => {
  papermill = new Papermill()
})
afterAll(() => papermill[Symbol.asyncDispose]())

async function expectSame(request: PapermillRequest): Promise<void> {
  const answer = await papermill.prepare(request)
  if ('error' in answer) throw new Error(answer.error)
  expect(asPapermillWould(prepare(request))).toBe(answer.output.toString())
}

describe('a prepared notebook', () => {
  it('is byte for byte what papermill writes', { timeout: 120_000 }, async () => {
    const same = (document: JsonObject, values: JsonObject) =>
      expectSame({ notebook: utf8(jsonText(document)), parameters: values })
    await fc.assert(fc.asyncProperty(notebook, parameters, same), { numRuns: 300 })
  })

  it('is what papermill writes or refused, when any part of it is broken', { timeout: 120_000 }, async () => {
    const nothingWorse = async (
      document: JsonObject,
      values: JsonObject,
      at: number,
      value: JsonValue | undefined,
    ) => {
      const request = { notebook: utf8(jsonText(withOneChange(document, at, value))), parameters: values }
      const answer = await papermill.prepare(request)
      let ours: Buffer
      try {
        ours = prepare(request)
      } catch (error) {
        expect(error).toBeInstanceOf(RunnerError)
        return
      }
      if ('output' in answer) expect(asPapermillWould(ours)).toBe(answer.output.toString())
      else expect(() => parseJson(ours.toString())).not.toThrow()
    }
    const change = fc.oneof(fc.constantFrom(undefined, null, true, [], ['x']), anyValue)
    await fc.assert(fc.asyncProperty(notebook, parameters, fc.nat(), change, nothingWorse), { numRuns: 400 })
  })

  it.each(['python3', 'other'])(
    'is the same with the language and the kernel %s given',
    async (kernelName) => {
      const notebook = utf8(
        '{"cells":[],"metadata":{"kernelspec":{"name":"ir"}},"nbformat":4,"nbformat_minor":4}',
      )
      await expectSame({ notebook, parameters: goldenParameters, kernelName, language: 'python' })
    },
  )

  it('is the same without parameters, whatever the language', async () => {
    const notebook = utf8('{"cells":[],"metadata":{},"nbformat":4,"nbformat_minor":4}')
    await expectSame({ notebook, parameters: noParameters() })
  })
})

describe.each(inputs)('the golden of %s', (name) => {
  it('is what papermill writes', async () => {
    const notebook = await readFile(join(import.meta.dirname, '../input', name))
    const answer = await papermill.prepare({ notebook, parameters: goldenParameters })
    if ('error' in answer) throw new Error(answer.error)
    await expect(answer.output.toString()).toMatchFileSnapshot(join(import.meta.dirname, '../golden', name))
  })
})

/** One value somewhere in the document is another, or away; not one tag, since further tags are passed on by us alone. */
function withOneChange(document: JsonObject, at: number, value: JsonValue | undefined): JsonValue {
  const copy = parseJson(jsonText(document))
  const places = placesIn(copy)
  places[at % places.length]?.(value)
  return copy
}

function placesIn(node: JsonValue): ((value: JsonValue | undefined) => void)[] {
  if (Array.isArray(node)) {
    return node.flatMap((item, index) => [
      (value) => node.splice(index, 1, ...(value === undefined ? [] : [value])),
      ...placesIn(item),
    ])
  }
  if (!isObject(node)) return []
  return [...node].flatMap(([key, member]) => [
    (value) => (value === undefined ? node.delete(key) : node.set(key, value)),
    ...(key === 'tags' ? [] : placesIn(member)),
  ])
}
