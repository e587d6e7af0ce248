import { RunnerError } from '../errors.ts'
import { JsonNumber, type JsonValue, pythonNumber } from '../notebook/json.ts'

/**
 * Fills parameters into a path, as papermill does (`parameterize_path`): `out/{year}.ipynb`. `{{` and `}}`
 * stand for the braces themselves. Throws `usage`.
 */
export function fillPath(path: string, parameters: ReadonlyMap<string, JsonValue>): string {
  return path.replace(/\{\{|\}\}|\{([^{}]*)\}|[{}]/g, (found, name: string | undefined) => {
    if (found === '{{' || found === '}}') return found.slice(1)
    const text = name === undefined ? undefined : textOf(parameters.get(name))
    if (text !== undefined) return text
    const known = [...parameters]
      .filter(([, value]) => textOf(value) !== undefined)
      .map(([one]) => `{${one}}`)
    const choices = known.length === 0 ? 'no parameters are given' : `known are ${known.join(', ')}`
    throw new RunnerError(
      'usage',
      `The path "${path}" has ${found} in it, which is filled in from the parameters, but ${choices}. Write {{ and }} for braces.`,
    )
  })
}

/** As Python's `str()`; lists and objects make no path. */
function textOf(value: JsonValue | undefined): string | undefined {
  if (value === null) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (value instanceof JsonNumber) return pythonNumber(value.raw)
  return typeof value === 'string' ? value : undefined
}
