import { isObject, JsonNumber, type JsonValue } from './json.ts'

/** Bytes of the text as UTF-8, counted without making them. */
export function utf8Length(text: string): number {
  let bytes = text.length
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at)
    if (unit < 0x80) continue
    // The halves of a pair take two bytes each.
    bytes += unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 1 : 2
  }
  return bytes
}

/** About what the value takes in a file: its texts and numbers, and two bytes for each mark between them. */
export function jsonBytes(value: JsonValue): number {
  if (typeof value === 'string') return utf8Length(value) + 2
  if (value instanceof JsonNumber) return value.raw.length
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + jsonBytes(item) + 2, 2)
  if (!isObject(value)) return 4
  let bytes = 2
  for (const [key, member] of value) bytes += utf8Length(key) + jsonBytes(member) + 6
  return bytes
}

/** As much of the start of the text as fits into so many bytes; no character is cut in two. */
export function startWithin(text: string, bytes: number): string {
  let at = 0
  let left = bytes
  while (at < text.length) {
    const point = text.codePointAt(at) ?? 0
    const size = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4
    if (size > left) break
    left -= size
    at += point > 0xffff ? 2 : 1
  }
  return text.slice(0, at)
}

/** As a person reads it: `12.3 MB`. */
export function sizeText(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`
  if (bytes < 1_000_000) return `${(bytes / 1000).toFixed(1)} kB`
  return `${(bytes / 1_000_000).toFixed(1)} MB`
}
