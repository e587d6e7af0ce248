import { RunnerError } from '../errors.ts'
import { isObject, type JsonObject, type JsonValue, parseJson } from '../notebook/json.ts'
import type { PapermillOptions } from './papermill-options.ts'
import { readInput } from './read-input.ts'

/**
 * A value as it was given: text of the command line, whose type is still to be found, or a value with a
 * type.
 */
export type Given =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'value'; readonly value: JsonValue }

/**
 * All parameters of a command line, later sources over earlier ones, in papermill's order (`papermill()` in
 * its cli.py): paths, base64, files, YAML, `-p`, `-r`. A name keeps its first place. Throws `usage` and
 * `not-found`.
 */
export async function givenParameters(
  options: PapermillOptions,
  paths: { readonly input: string; readonly output: string },
): Promise<Map<string, Given>> {
  const given = new Map<string, Given>()
  const add = (values: JsonObject) => {
    for (const [name, value] of values) given.set(name, { kind: 'value', value })
  }
  add(injectedPaths(options, paths))
  for (const text of options.parameters_base64 ?? []) add(await fromYaml(fromBase64(text), '-b'))
  for (const path of options.parameters_file ?? []) add(await fromFile(path))
  for (const text of options.parameters_yaml ?? []) add(await fromYaml(text, '-y'))
  for (const [name, text] of options.parameters ?? []) given.set(name, { kind: 'text', text })
  for (const [name, value] of options.parameters_raw ?? []) given.set(name, { kind: 'value', value })
  return given
}

/** The names and values of papermill's `--inject-…` flags. */
export function injectedPaths(
  options: PapermillOptions,
  paths: { input: string; output: string },
): JsonObject {
  const values: JsonObject = new Map()
  if (options.injectInputPath || options.injectPaths) values.set('PAPERMILL_INPUT_PATH', paths.input)
  if (options.injectOutputPath || options.injectPaths) values.set('PAPERMILL_OUTPUT_PATH', paths.output)
  return values
}

async function fromFile(path: string): Promise<JsonObject> {
  const source = `The file of parameters "${path}"`
  const text = decode(await readInput(path, 'The file of parameters'), source)
  return path.endsWith('.json') ? fromJson(text, source) : fromYaml(text, source)
}

function fromJson(text: string, source: string): JsonObject {
  try {
    const values = parseJson(text)
    if (isObject(values)) return values
  } catch (error) {
    if (error instanceof SyntaxError)
      throw new RunnerError('usage', `${source} is not JSON: ${error.message}.`)
    throw error
  }
  throw new RunnerError(
    'usage',
    `${source} must hold an object of names with values, such as {"year": 2024}.`,
  )
}

/** YAML takes a while to load, and most command lines have none. */
async function fromYaml(text: string, source: string): Promise<JsonObject> {
  const { parseYamlValues } = await import('./yaml-values.ts')
  return parseYamlValues(text, source)
}

function fromBase64(text: string): string {
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(text.replace(/\s+/g, ''))) {
    throw new RunnerError('usage', 'The value of -b is not base64.')
  }
  return decode(Buffer.from(text, 'base64'), 'The value of -b')
}

function decode(bytes: Uint8Array, source: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new RunnerError('usage', `${source} is not UTF-8 text.`, { cause })
  }
}
