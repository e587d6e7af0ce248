import { RunnerError } from '../errors.ts'
import { isObject, type JsonObject, type JsonValue } from './json.ts'

/** A cell whose parts have the types that everything here counts on. `node` is the whole cell, unknown keys included. */
export interface Cell {
  readonly node: JsonObject
  readonly metadata: JsonObject
}

/** Checks one cell, counted from 1. Throws 'invalid-notebook' that names the cell and what is wrong with it. */
export function cellFrom(node: JsonValue, number: number): Cell {
  const invalid = (what: string) =>
    new RunnerError('invalid-notebook', `Cell ${number} of the notebook ${what}.`)
  if (!isObject(node)) throw invalid('is not a JSON object')
  const type = node.get('cell_type')
  if (!isName(type)) throw invalid('has no text as its "cell_type"')
  const metadata = node.get('metadata')
  if (!isObject(metadata)) throw invalid('has no object as its "metadata"')
  if (node.has('source') && !isMultiline(node.get('source'))) {
    throw invalid('has a "source" that is neither text nor a list of lines')
  }
  if (node.has('attachments') && !isAttachments(node.get('attachments'))) {
    throw invalid('has "attachments" that are not an object of objects')
  }
  if (type !== 'code') return { node, metadata }
  const outputs = node.get('outputs')
  if (!Array.isArray(outputs)) throw invalid('is a code cell without a list of "outputs"')
  for (const [index, output] of outputs.entries()) {
    const fault = outputFault(output)
    if (fault !== undefined) throw invalid(`has an output (number ${index + 1}) that ${fault}`)
  }
  return { node, metadata }
}

/** The tags of a cell; none where they are not a list. */
export function tagsOf(cell: Cell): string[] {
  const tags = cell.metadata.get('tags')
  return Array.isArray(tags) ? tags.filter((tag) => typeof tag === 'string') : []
}

function outputFault(output: JsonValue): string | undefined {
  if (!isObject(output)) return 'is not a JSON object'
  switch (output.get('output_type')) {
    case 'stream':
      return isMultiline(output.get('text')) ? undefined : 'has no text'
    case 'execute_result':
    case 'display_data':
      return output.has('data') && !isObject(output.get('data')) ? 'has no object as its "data"' : undefined
    default:
      return isName(output.get('output_type')) ? undefined : 'has no text as its "output_type"'
  }
}

function isName(value: JsonValue | undefined): boolean {
  return typeof value === 'string' && value !== ''
}

function isAttachments(value: JsonValue | undefined): boolean {
  return isObject(value) && [...value.values()].every(isObject)
}

function isMultiline(value: JsonValue | undefined): boolean {
  return (
    typeof value === 'string' || (Array.isArray(value) && value.every((line) => typeof line === 'string'))
  )
}
