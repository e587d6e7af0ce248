import type { InputSchema } from './inputs-schema.ts'
import { JsonNumber, type JsonValue, parseJson } from './json.ts'
import { cut, Misfit } from './misfit.ts'
import { NUMBER_TEXT } from './number-text.ts'

/** The texts given under one name, at least one, as a value. What can't be typed stays text: the check names it. */
export type ReadTexts = (texts: readonly string[]) => JsonValue | Misfit

/** What link makers and forms write for a boolean, in any case; `on` is what a checkbox submits. */
const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['false', false],
  ['1', true],
  ['0', false],
  ['yes', true],
  ['no', false],
  ['on', true],
  ['off', false],
])

/**
 * How a link writes an input's values.
 *
 * A list: JSON (`["a","b,c"]`); one name repeated, each time one value, whole; or, given once, a comma list with blanks
 * around its values ignored. So a value with a comma in it is written as JSON or with the name repeated.
 */
export function textReader(schema: InputSchema): ReadTexts {
  const single = singleReader(schema)
  if (schema.type !== 'array') {
    return (texts) => {
      const [text = ''] = texts
      return texts.length > 1 ? new Misfit(`it is given ${texts.length} times`, true) : single(text)
    }
  }
  const readItem = singleReader(schema.items ?? {})
  const item = (text: string) => {
    const value = readItem(text)
    return value instanceof Misfit ? text : value
  }
  const splits = schema.items?.type !== 'object' && schema.items?.format !== 'geojson'
  return (texts) => {
    // A form with a field to spare submits it empty.
    const given = texts.filter((text) => text !== '')
    const [text = ''] = given
    if (given.length !== 1) return given.map(item)
    if (/^\s*\[/.test(text)) return json(text)
    return splits ? text.split(',').map((part) => item(part.trim())) : [item(text)]
  }
}

function singleReader({ type, format }: InputSchema): (text: string) => JsonValue | Misfit {
  switch (type) {
    case 'number':
    case 'integer':
      return (text) => (NUMBER_TEXT.test(text) ? new JsonNumber(text) : text)
    case 'boolean':
      return (text) => BOOLEANS.get(text.toLowerCase()) ?? text
    case 'object':
      return format === undefined ? json : (text) => text
    case 'array':
      return json
    case 'string':
      return (text) => text
    default:
      return format === undefined ? jsonOrText : (text) => text
  }
}

function json(text: string): JsonValue | Misfit {
  try {
    return parseJson(text)
  } catch (error) {
    return new Misfit(`it is not JSON: ${cut(error instanceof Error ? error.message : '', 120)}`)
  }
}

/** For an input of no declared type: JSON where it is JSON (`NaN` is not), otherwise the text itself. */
function jsonOrText(text: string): JsonValue {
  const value = json(text)
  const word = value instanceof JsonNumber && !NUMBER_TEXT.test(value.raw)
  return value instanceof Misfit || word ? text : value
}
