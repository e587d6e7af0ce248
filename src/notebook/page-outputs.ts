import { fromPlain, isObject, JsonNumber, type JsonObject, type JsonValue } from './json.ts'
import { jsonBytes, utf8Length } from './text-bytes.ts'

/** Of one type of one output: a browser that shows more of them at once is slow. */
const MAX_TYPE_BYTES = 8_000_000
/** UTF-16 units of a printed text; of more its end is what tells most. */
const MAX_TEXT = 200_000

/**
 * Outputs of a cell as pages take them: with `leftOut`, a list of what is too large (`type`, `bytes`), and with null for
 * numbers that JSON does not have. The notebook has everything.
 */
export function pageOutputs(outputs: readonly JsonValue[]): readonly JsonValue[] {
  return outputs.filter(isObject).map((output) => {
    const [text, data] = [output.get('text'), output.get('data')]
    if (typeof text === 'string') return withText(output, text)
    return isObject(data) ? withData(output, data) : output
  })
}

function withText(output: JsonObject, text: string): JsonObject {
  if (text.length <= MAX_TEXT) return output
  const kept = text.slice(-MAX_TEXT)
  const leftOut = [{ type: 'text', bytes: utf8Length(text) - utf8Length(kept) }]
  return new Map([...output, ['text', kept], ['leftOut', fromPlain(leftOut)]])
}

function withData(output: JsonObject, data: JsonObject): JsonObject {
  const kept: JsonObject = new Map()
  const leftOut: { type: string; bytes: number }[] = []
  for (const [type, value] of data) {
    const bytes = jsonBytes(value)
    if (bytes > MAX_TYPE_BYTES) leftOut.push({ type, bytes })
    else kept.set(type, finite(value))
  }
  const shown: JsonObject = new Map([...output, ['data', kept]])
  const metadata = output.get('metadata')
  if (metadata !== undefined) shown.set('metadata', finite(metadata))
  if (leftOut.length > 0) shown.set('leftOut', fromPlain(leftOut))
  return shown
}

/** Python writes NaN and Infinity, which browsers can't read. */
export function finite(value: JsonValue): JsonValue {
  if (value instanceof JsonNumber) return /\d$/.test(value.raw) ? value : null
  if (Array.isArray(value)) return value.map(finite)
  if (!isObject(value)) return value
  return new Map([...value].map(([name, member]) => [name, finite(member)]))
}
