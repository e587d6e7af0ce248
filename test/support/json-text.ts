import { isObject, JsonNumber, type JsonValue } from '../../src/notebook/json.ts'

/** JSON with its members in their order and its numbers as they are, which is how a notebook comes from a stranger. */
export function jsonText(value: JsonValue): string {
  if (value instanceof JsonNumber) return value.raw
  if (Array.isArray(value)) return `[${value.map(jsonText).join(', ')}]`
  if (!isObject(value)) return JSON.stringify(value)
  return `{${[...value].map(([key, member]) => `${JSON.stringify(key)}:\n${jsonText(member)}`).join(',')}}`
}
