import { isObject, JsonNumber, type JsonValue } from './json.ts'

/** JSON on one line without blanks, members in their order, numbers as they were written. */
export function compactJson(value: JsonValue): string {
  if (value instanceof JsonNumber) return value.raw
  if (Array.isArray(value)) return `[${value.map(compactJson).join(',')}]`
  if (!isObject(value)) return JSON.stringify(value)
  const members = [...value].map(([key, member]) => `${JSON.stringify(key)}:${compactJson(member)}`)
  return `{${members.join(',')}}`
}
