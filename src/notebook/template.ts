import manifest from '../../package.json' with { type: 'json' }
import { RunnerError } from '../errors.ts'
import type { Cell } from './cell.ts'
import { type Notebook, readNotebook } from './document.ts'
import { hole, injectedCell, type Placement, placeInjectedCell } from './injected-cell.ts'
import { isObject, type JsonObject, type JsonValue, pythonJson } from './json.ts'
import { splitCell } from './lines.ts'

/** A text that each prepared notebook has of its own, between parts that all of them share. */
export interface Slot {
  readonly name: 'cell' | 'input_path' | 'output_path' | 'parameters'
  /** The JSON around the values: for `cell` before the id, before the source, and after it; else before the value. */
  readonly around: readonly string[]
  /** What stands here when there are no parameters. */
  readonly unchanged: string
}

/** A notebook made ready once, so that to prepare it is to write a few short texts. Plain data: it may be cloned. */
export interface CompiledTemplate {
  /** Empty where the notebook names none; it can then take no parameters. */
  readonly language: string
  readonly kernelName: string | undefined
  /** The source of the first code cell tagged `parameters`. */
  readonly parametersCell: string | undefined
  readonly warnings: readonly string[]
  /** The file in order: UTF-8 bytes that never change, and slots. */
  readonly parts: readonly (Uint8Array | Slot)[]
}

export interface TemplateOptions {
  readonly kernelName?: string
  readonly language?: string
  /**
   * Written into the notebook where it names another kernel or none, so that JupyterLab opens it with this one.
   * `language` is undefined where it is not known; the notebook's own is then kept.
   */
  readonly kernelspec?: { readonly name: string; readonly language: string | undefined }
  /** Ids for the cells that need one: 8 hexadecimal digits. */
  readonly newId: () => string
}

/**
 * Does for one notebook everything that does not depend on the parameters, as papermill's
 * `execute_notebook(prepare_only=True)` would; docs/papermill.md has the differences. Takes about as long as Python
 * takes for the same file: big ones are best compiled in a worker. Throws 'invalid-notebook'.
 */
export function compileTemplate(bytes: Uint8Array, options: TemplateOptions): CompiledTemplate {
  const notebook = readNotebook(bytes, options.newId)
  if (options.kernelspec !== undefined) setKernelspec(notebook.metadata, options.kernelspec)
  const kernel = kernelOf(notebook.metadata, options)
  const papermill = addPapermillMetadata(notebook)
  const placement = placeInjectedCell(notebook.cells)
  const parametersCell = placement.parameters?.node
  const source = parametersCell?.get('cell_type') === 'code' ? parametersCell.get('source') : undefined
  for (const { node } of notebook.cells) splitCell(node)
  return {
    ...kernel,
    parametersCell: typeof source === 'string' ? source : undefined,
    warnings: [...notebook.warnings, ...placementWarnings(placement)],
    parts: partsOf(notebook, papermill, placement),
  }
}

function kernelOf(
  metadata: JsonObject,
  options: TemplateOptions,
): { kernelName: string | undefined; language: string } {
  const spec = metadata.get('kernelspec')
  const info = metadata.get('language_info')
  return {
    kernelName: options.kernelName || textIn(spec, 'name') || undefined,
    language: options.language || textIn(info, 'name') || textIn(spec, 'language') || '',
  }
}

function setKernelspec(
  metadata: JsonObject,
  { name, language }: NonNullable<TemplateOptions['kernelspec']>,
): void {
  const spec = metadata.get('kernelspec')
  if (textIn(spec, 'name') === name) return
  const known = language ?? (textIn(metadata.get('language_info'), 'name') || textIn(spec, 'language'))
  metadata.set('kernelspec', kernelspecOf(name, known))
}

function kernelspecOf(name: string, language: string | undefined): JsonObject {
  const spec: JsonObject = new Map<string, JsonValue>([
    ['display_name', name],
    ['name', name],
  ])
  if (language !== undefined) spec.set('language', language)
  return spec
}

function textIn(object: JsonValue | undefined, key: string): string | undefined {
  const value = isObject(object) ? object.get(key) : undefined
  return typeof value === 'string' ? value : undefined
}

function placementWarnings({ replaced, parameters }: Placement): string[] {
  if (replaced !== undefined || parameters !== undefined) return []
  return ["The notebook has no cell tagged 'parameters': parameters are put before its first cell."]
}

/** Fills in what papermill puts on every notebook and cell, and returns the notebook's own `metadata.papermill`. */
function addPapermillMetadata({ metadata, cells }: Notebook): JsonObject {
  for (const cell of cells) {
    if (!cell.metadata.has('tags')) cell.metadata.set('tags', [])
    if (!cell.metadata.has('papermill')) cell.metadata.set('papermill', new Map())
  }
  const found = metadata.get('papermill')
  if (isObject(found)) return found
  if (found !== undefined) {
    throw new RunnerError('invalid-notebook', 'The notebook has no object as its "metadata.papermill".')
  }
  const fresh: JsonObject = new Map<string, JsonValue>([
    ['default_parameters', new Map()],
    ['environment_variables', new Map()],
    ['parameters', new Map()],
    ['version', `${manifest.name} ${manifest.version}`],
  ])
  metadata.set('papermill', fresh)
  return fresh
}

/** `metadata.papermill` is an object in the root's object; its members are three levels deep. */
const MEMBER_DEPTH = 3
/** It is never the first member: `input_path` and `output_path` sort before it. */
const BEFORE_PARAMETERS = ',\n   "parameters": '

/** The kernelspec is a part of its own, so that `withKernel` can put another in its place. */
const KERNEL_PART = 3
const KERNEL_DEPTH = 2
const BEFORE_KERNEL = '\n  "kernelspec": '

/** It is never the last member of `metadata`: `papermill` sorts after it. */
function kernelText(spec: JsonValue): string {
  return `${BEFORE_KERNEL}${pythonJson(spec, KERNEL_DEPTH)},`
}

/**
 * The same notebook for another kernel of its language, of which everything but the kernelspec is shared: links name
 * kernels as they like, and must not have the notebook compiled for each name.
 */
export function withKernel(template: CompiledTemplate, name: string): CompiledTemplate {
  if (name === template.kernelName) return template
  const kernel = bytes(kernelText(kernelspecOf(name, template.language || undefined)))
  return { ...template, kernelName: name, parts: template.parts.with(KERNEL_PART, kernel) }
}

function partsOf(notebook: Notebook, papermill: JsonObject, placement: Placement): (Uint8Array | Slot)[] {
  const old = papermill.get('parameters')
  const parameters = old === undefined ? '' : BEFORE_PARAMETERS + pythonJson(old, MEMBER_DEPTH)
  papermill.set('input_path', hole('input_path')).set('output_path', hole('output_path'))
  papermill.set('parameters', hole('parameters'))
  const kernelspec = notebook.metadata.get('kernelspec')
  notebook.metadata.set('kernelspec', hole('kernelspec'))
  notebook.root.set('cells', hole('cells'))
  const texts = pythonJson(notebook.root).split(/\0\w+\0/)
  const [start = '', toKernel = '', toInput = '', toOutput = '', toParameters = '', end = ''] = texts
  return [
    ...cellParts(start, placement, toKernel.slice(0, -BEFORE_KERNEL.length)),
    bytes(kernelspec === undefined ? '' : kernelText(kernelspec)),
    // Without the comma, which goes with the kernel.
    bytes(toInput.slice(1)),
    { name: 'input_path', around: [''], unchanged: '' },
    bytes(toOutput),
    { name: 'output_path', around: [''], unchanged: '' },
    bytes(toParameters.slice(0, -BEFORE_PARAMETERS.length)),
    { name: 'parameters', around: [BEFORE_PARAMETERS], unchanged: parameters },
    bytes(end),
  ]
}

function cellParts(start: string, placement: Placement, end: string): (Uint8Array | Slot)[] {
  const head = cellsText(placement.before)
  const tail = cellsText(placement.after)
  const model = placement.replaced ?? placement.parameters
  const cell = pythonJson(injectedCell(model, hole('id'), hole('source')), 2)
  const [beforeId = '', beforeSource = '', afterSource = ''] = cell.split(/\0\w+\0/)
  // The comma goes with the cell, so that the list is right with and without it.
  const before = head === '' ? '\n  ' : ',\n  '
  const after = head !== '' ? '' : tail === '' ? '\n ' : ','
  const replaced =
    placement.replaced === undefined ? '' : before + pythonJson(placement.replaced.node, 2) + after
  const close = head === '' && tail === '' ? ']' : '\n ]'
  return [
    bytes(`${start}[${head}`),
    { name: 'cell', around: [before + beforeId, beforeSource, afterSource + after], unchanged: replaced },
    bytes(`${head !== '' && tail !== '' ? ',' : ''}${tail}${close}${end}`),
  ]
}

function cellsText(cells: readonly Cell[]): string {
  return cells.map(({ node }) => `\n  ${pythonJson(node, 2)}`).join(',')
}

const encoder = new TextEncoder()

function bytes(text: string): Uint8Array {
  return encoder.encode(text)
}
