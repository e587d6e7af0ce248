import manifest from '../../package.json' with { type: 'json' }
import type { JsonValue } from '../../src/notebook/json.ts'
import { prepareNotebook } from '../../src/notebook/prepare.ts'
import { compileTemplate } from '../../src/notebook/template.ts'
import type { PapermillRequest } from './papermill.ts'

/** Ids as the papermill driver counts them. */
export function countedIds(): () => string {
  let count = 0
  return () => (count++).toString(16).padStart(8, '0')
}

/** Our answer to what the papermill driver is asked: the same paths, the same ids. */
export function prepare(request: PapermillRequest): Buffer {
  const { notebook, parameters, outputPath = 'output.ipynb', ...kernel } = request
  const newId = countedIds()
  const template = compileTemplate(notebook, { ...kernel, newId })
  const cellId = newId()
  return Buffer.concat(
    prepareNotebook(template, { parameters, inputPath: 'input.ipynb', outputPath, cellId }),
  )
}

/** The version that we write is ours: the one intended difference that is in every notebook. */
export function asPapermillWould(output: Buffer): string {
  return output.toString().replace(`"version": "${manifest.name} ${manifest.version}"`, '"version": "2.7.0"')
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

export function noParameters(): ReadonlyMap<string, JsonValue> {
  return new Map()
}
