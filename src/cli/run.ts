import { RunnerError } from '../errors.ts'
import type { JsonValue } from '../notebook/json.ts'
import { inputsFromCell } from '../notebook/parameters-cell.ts'
import { prepareNotebook } from '../notebook/prepare.ts'
import { type CompiledTemplate, compileTemplate } from '../notebook/template.ts'
import type { ExecuteOptions } from './execute.ts'
import { newId } from './new-id.ts'
import { type Given, givenParameters, injectedPaths } from './papermill-arguments.ts'
import type { PapermillOptions } from './papermill-options.ts'
import { fillPath } from './path-template.ts'
import { readInput } from './read-input.ts'
import { warn } from './report.ts'
import { typedValues, untypedValues } from './typed-values.ts'
import { refuseUnwritable, writeOutput } from './write-output.ts'

export interface RunOptions extends PapermillOptions, ExecuteOptions {
  readonly prepare?: boolean
  readonly allowUndeclared?: boolean
}

/**
 * `notebook-runner run`: reads a notebook, puts the parameters into it, executes it unless told only to prepare it, and
 * writes it. Nothing is written, and no cell runs, where anything is wrong with what was given.
 */
export async function run(notebook: string, output: string | undefined, options: RunOptions): Promise<void> {
  if (output === undefined && process.stdout.isTTY) {
    throw new RunnerError('usage', 'Name a file to write to, or - to see the notebook here.')
  }
  const paths = { input: notebook, output: output ?? '-' }
  const given = await givenParameters(options, paths)
  const inputPath = fillPath(paths.input, untypedValues(given))
  const template = compileTemplate(await readInput(inputPath, 'The notebook'), {
    ...(options.kernel === undefined ? {} : { kernelName: options.kernel }),
    ...(options.language === undefined ? {} : { language: options.language }),
    newId,
  })
  template.warnings.forEach(warn)
  const parameters = parametersFor(template, given, options)
  const outputPath = fillPath(paths.output, parameters)
  const prepared = prepareNotebook(template, { parameters, inputPath, outputPath, cellId: newId() })
  if (options.prepare) return writeOutput(outputPath, prepared)
  refuseUnwritable(outputPath)
  // Loaded only here: ZeroMQ and all that executes would double the start of a command that prepares.
  const { executeNotebook } = await import('./execute.ts')
  await executeNotebook({ prepared, kernelName: template.kernelName, outputPath, options })
}

/**
 * A notebook with a `parameters` cell declares its inputs by it: they give the types, and other names are
 * refused, which are mistyped ones mostly. Any other notebook takes what comes, as with papermill.
 */
function parametersFor(
  template: CompiledTemplate,
  given: ReadonlyMap<string, Given>,
  options: RunOptions,
): ReadonlyMap<string, JsonValue> {
  if (template.parametersCell === undefined) return untypedValues(given)
  const inputs = inputsFromCell(template.parametersCell, template.language)
  if (inputs.description !== undefined && Object.keys(inputs.properties).length === 0) {
    if (given.size > 0) warn(`${inputs.description} The parameters are injected as they are.`)
    return untypedValues(given)
  }
  const undeclared = [...given.keys()].filter((name) => !Object.hasOwn(inputs.properties, name))
  const paths = injectedPaths(options, { input: '', output: '' })
  const free = new Set(undeclared.filter((name) => options.allowUndeclared || paths.has(name)))
  for (const name of free) {
    if (!paths.has(name)) warn(`"${name}" is not declared in the notebook's parameters cell.`)
  }
  const typed = typedValues(new Map([...given].filter(([name]) => !free.has(name))), inputs)
  // In the order in which they were given.
  return new Map([...untypedValues(given), ...typed])
}
