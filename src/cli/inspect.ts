import { compactJson } from '../notebook/compact-json.ts'
import { translatorFor } from '../notebook/inject/translator.ts'
import { schemaTypeText } from '../notebook/input-text.ts'
import type { InputSchema, InputsSchema } from '../notebook/inputs-schema.ts'
import { fromPlain } from '../notebook/json.ts'
import { inputsFromCell } from '../notebook/parameters-cell.ts'
import { type CompiledTemplate, compileTemplate } from '../notebook/template.ts'
import { newId } from './new-id.ts'
import { print } from './print.ts'
import { readInput } from './read-input.ts'
import { warn } from './report.ts'
import { textTable } from './text-table.ts'

/**
 * `notebook-runner inspect`: what a notebook takes, as a table, or as a JSON Schema alone. Warnings go to
 * the standard error.
 */
export async function inspect(path: string, options: { readonly json?: boolean }): Promise<void> {
  const template = compileTemplate(await readInput(path, 'The notebook'), { newId })
  const inputs = inputsFromCell(template.parametersCell ?? '', template.language)
  template.warnings.forEach(warn)
  if (options.json) {
    await print(`${JSON.stringify(inputs, undefined, 2)}\n`)
    return
  }
  await print(`Kernel    ${template.kernelName ?? 'none named'}\nLanguage  ${languageOf(template)}\n\n`)
  await print(inputsTable(inputs))
}

function languageOf({ kernelName, language }: CompiledTemplate): string {
  if (language === '') return 'none named: it can take no parameters'
  try {
    translatorFor({ kernelName, language })
    return language
  } catch {
    return `${language}: it can take no parameters, as this language is not supported`
  }
}

function inputsTable({ properties, required, description }: InputsSchema): string {
  const rows = Object.entries(properties).map(([name, input]) => [
    name,
    schemaTypeText(input),
    required.includes(name) ? 'required' : defaultText(input),
    [input.title, input.description].filter((text) => text !== undefined).join(': '),
  ])
  return rows.length === 0
    ? `${description ?? 'It takes no inputs.'}\n`
    : textTable(['Input', 'Takes', 'Default', 'Description'], rows)
}

function defaultText(input: InputSchema): string {
  if (input['x-own-default'] !== undefined) return input['x-own-default']
  return compactJson(fromPlain(input.default ?? null))
}
