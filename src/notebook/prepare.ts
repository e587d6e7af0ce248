import { RunnerError } from '../errors.ts'
import { parametersSource } from './inject/parameters-source.ts'
import { translatorFor } from './inject/translator.ts'
import { isObject, JsonNumber, type JsonValue, pythonJson } from './json.ts'
import { splitLines } from './lines.ts'
import type { CompiledTemplate, Slot } from './template.ts'

export interface Given {
  /** None: nothing is injected, and what an earlier injection left stays. */
  readonly parameters: ReadonlyMap<string, JsonValue>
  readonly inputPath: string
  readonly outputPath: string
  /** The id of the injected cell: 8 hexadecimal digits that no other cell has. */
  readonly cellId: string
}

const encoder = new TextEncoder()

/**
 * The prepared notebook as chunks of UTF-8, to be written one after the other. Chunks that are the same for every
 * notebook made from the template are shared, so they must not be written to. Throws 'invalid-parameters',
 * 'unsupported-language', or 'invalid-notebook' where there are parameters and the notebook names no language.
 */
export function prepareNotebook(template: CompiledTemplate, given: Given): Uint8Array[] {
  const fill = given.parameters.size === 0 ? unchanged : filler(template, given)
  return template.parts.map((part) => {
    if (part instanceof Uint8Array) return part
    if (part.name === 'input_path') return encoder.encode(JSON.stringify(given.inputPath))
    if (part.name === 'output_path') return encoder.encode(JSON.stringify(given.outputPath))
    return encoder.encode(fill(part))
  })
}

function unchanged(slot: Slot): string {
  return slot.unchanged
}

function filler({ language, kernelName }: CompiledTemplate, given: Given): (slot: Slot) => string {
  if (language === '') {
    const missing = 'The notebook does not say which language it is in, so no parameters can be put into it.'
    throw new RunnerError('invalid-notebook', `${missing} Open it in Jupyter, choose a kernel, and save it.`)
  }
  const source = parametersSource(translatorFor({ kernelName, language }), given.parameters)
  const values = {
    cell: [JSON.stringify(given.cellId), pythonJson(splitLines(source), 3), ''],
    parameters: [pythonJson(finite(new Map(given.parameters)), 3)],
  }
  return ({ name, around }) => {
    const texts = name === 'cell' ? values.cell : values.parameters
    return around.map((text, index) => text + texts[index]).join('')
  }
}

/** JSON has no word for what is not finite; Python's own are read by few, and not by a browser. */
function finite(value: JsonValue): JsonValue {
  if (value instanceof JsonNumber) return /^-?[NI]/.test(value.raw) ? value.raw : value
  if (Array.isArray(value)) return value.map(finite)
  if (isObject(value)) return new Map([...value].map(([key, member]) => [key, finite(member)]))
  return value
}
