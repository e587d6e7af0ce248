import { RunnerError } from '../errors.ts'
import { type Cell, cellFrom } from './cell.ts'
import { isObject, JsonNumber, type JsonObject, type JsonValue, parseJson } from './json.ts'
import { joinCell } from './lines.ts'

/** A notebook of format 4.5, with the texts of its cells joined. Unknown keys are kept. */
export interface Notebook {
  readonly root: JsonObject
  readonly metadata: JsonObject
  readonly cells: readonly Cell[]
  readonly warnings: readonly string[]
}

/**
 * Reads the bytes of an .ipynb file of format 4.0 and later and upgrades it to 4.5 as nbformat does: below 4.5 every
 * cell gets a new id from `newId`, from 4.5 on those without one and the later ones of those that share one. Throws
 * 'invalid-notebook' with what is wrong.
 */
export function readNotebook(bytes: Uint8Array, newId: () => string): Notebook {
  const root = parse(decode(bytes))
  if (!isObject(root)) throw invalid('The file is JSON but not a notebook: it is not an object.')
  const minor = minorOf(root)
  const metadata = root.get('metadata')
  if (!isObject(metadata)) throw invalid('The notebook has no object as its "metadata".')
  const nodes = root.get('cells')
  if (!Array.isArray(nodes)) throw invalid('The notebook has no list of "cells".')
  const cells = nodes.map((node, index) => cellFrom(node, index + 1))
  for (const { node } of cells) joinCell(node)
  for (const key of ['orig_nbformat', 'orig_nbformat_minor', 'signature']) metadata.delete(key)
  for (const cell of cells) cell.metadata.delete('trusted')
  if (minor < 5n) for (const { node } of cells) node.set('id', newId())
  else repairIds(cells, newId)
  root.set('nbformat_minor', new JsonNumber('5'))
  const warnings = minor > 5n ? [`The notebook has format 4.${minor}; it is written as 4.5.`] : []
  return { root, metadata, cells, warnings }
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw invalid('The notebook is not UTF-8 text. Save it in Jupyter, which writes UTF-8.')
  }
}

function parse(text: string): JsonValue {
  if (text.trim() === '') throw invalid('The notebook is empty.')
  if (text.startsWith('\ufeff')) {
    throw invalid(
      'The notebook starts with a byte order mark, which JSON does not allow. Save it without one.',
    )
  }
  try {
    return parseJson(text)
  } catch (error) {
    if (error instanceof SyntaxError) throw invalid(`The notebook is not JSON: ${error.message}.`)
    throw error
  }
}

/** The minor version of a notebook of format 4. Any other format is refused. */
function minorOf(root: JsonObject): bigint {
  const major = root.get('nbformat')
  if (major === undefined) throw invalid('The file is JSON but not a notebook: it has no "nbformat".')
  const version = integer(major)
  if (version === undefined) throw invalid('The notebook\'s "nbformat" is not a whole number.')
  if (version < 4n) {
    throw invalid(
      `The notebook has format ${version}, from before 2015. Open it in Jupyter and save it, which makes it format 4.`,
    )
  }
  if (version > 4n) throw invalid(`The notebook has format ${version}; only format 4 is known here.`)
  const minor = integer(root.get('nbformat_minor'))
  if (minor === undefined) throw invalid('The notebook\'s "nbformat_minor" is missing or not a whole number.')
  return minor
}

function integer(value: JsonValue | undefined): bigint | undefined {
  return value instanceof JsonNumber && /^-?\d+$/.test(value.raw) ? BigInt(value.raw) : undefined
}

/** In two passes, as nbformat does: first the missing ones, then the shared ones. */
function repairIds(cells: readonly Cell[], newId: () => string): void {
  for (const { node } of cells) if (!node.has('id')) node.set('id', newId())
  const seen = new Set<string>()
  for (const [index, { node }] of cells.entries()) {
    const id = node.get('id')
    if (typeof id !== 'string')
      throw invalid(`Cell ${index + 1} of the notebook has an "id" that is not text.`)
    if (seen.has(id)) node.set('id', newId())
    seen.add(id)
  }
}

function invalid(message: string): RunnerError {
  return new RunnerError('invalid-notebook', message)
}
