import { isObject, type JsonObject, parseJson } from '../notebook/json.ts'

/** What a server answers, as the object that it has to be; undefined where it is none. */
export function jsonObject(text: string): JsonObject | undefined {
  try {
    const value = parseJson(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
