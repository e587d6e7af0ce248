import { isObject, type JsonObject, type JsonValue } from './json.ts'

/** One line with its end, where Python's `str.splitlines` sees ends. */
const line =
  /[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]*(?:\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029])|[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+/g

/** Where a line ends, or a part of it. */
export const lineEnd = /[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/

/** As Python's `splitlines(True)`: every line keeps its end; no lines where there is no text. */
export function splitLines(text: string): string[] {
  return text.match(line) ?? []
}

/**
 * Texts that a file keeps as lists of lines become one string, in place, as `rejoin_lines` of nbformat does: the
 * source, mime bundles but for their JSON, and the text of outputs.
 */
export function joinCell(cell: JsonObject): void {
  join(cell, 'source')
  for (const bundle of attachmentsOf(cell)) joinBundle(bundle)
  for (const output of outputsOf(cell)) {
    if (hasBundle(output)) joinBundle(output.get('data'))
    else join(output, 'text')
  }
}

/** What `joinCell` joined is split again, in place, as `split_lines` of nbformat does: fewer texts than were joined. */
export function splitCell(cell: JsonObject): void {
  split(cell, 'source')
  for (const bundle of attachmentsOf(cell)) splitBundle(bundle)
  for (const output of outputsOf(cell)) {
    if (hasBundle(output)) splitBundle(output.get('data'))
    else if (output.get('output_type') === 'stream') split(output, 'text')
  }
}

function attachmentsOf(cell: JsonObject): JsonValue[] {
  const attachments = cell.get('attachments')
  return isObject(attachments) ? [...attachments.values()] : []
}

function outputsOf(cell: JsonObject): JsonObject[] {
  const outputs = cell.get('cell_type') === 'code' ? cell.get('outputs') : undefined
  return Array.isArray(outputs) ? outputs.filter(isObject) : []
}

function hasBundle(output: JsonObject): boolean {
  const type = output.get('output_type')
  return type === 'execute_result' || type === 'display_data'
}

function joinBundle(bundle: JsonValue | undefined): void {
  if (!isObject(bundle)) return
  for (const mime of bundle.keys()) if (!isJson(mime)) join(bundle, mime)
}

function splitBundle(bundle: JsonValue | undefined): void {
  if (!isObject(bundle)) return
  for (const mime of bundle.keys()) if (isText(mime)) split(bundle, mime)
}

function isJson(mime: string): boolean {
  return mime === 'application/json' || (mime.startsWith('application/') && mime.endsWith('+json'))
}

function isText(mime: string): boolean {
  return mime.startsWith('text/') || mime === 'application/javascript' || mime === 'image/svg+xml'
}

function join(node: JsonObject, key: string): void {
  const lines = node.get(key)
  if (Array.isArray(lines) && lines.every((item) => typeof item === 'string')) node.set(key, lines.join(''))
}

function split(node: JsonObject, key: string): void {
  const text = node.get(key)
  if (typeof text === 'string') node.set(key, splitLines(text))
}
