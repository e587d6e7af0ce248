/** Everything but printable ASCII, and the quote and the backslash: what a double-quoted string can't hold as it is. */
const UNSAFE = /[^\x20-\x7e]|["\\]/gu

const SHORT: ReadonlyMap<string, string> = new Map([
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
])

/**
 * A string between double quotes with C's short escapes, as Python's `unicode_escape` and papermill write it; `other`
 * writes the rest by code point. A lone surrogate comes as its own code.
 */
export function doubleQuoted(text: string, other: (code: number) => string): string {
  return `"${text.replace(UNSAFE, (char) => SHORT.get(char) ?? other(codeOf(char)))}"`
}

/** Python's own escapes: `\xe9`, `\u65e5`, `\U0001f600`. */
export function pythonEscape(code: number): string {
  return code < 0x100 ? `\\x${hex(code, 2)}` : unicodeEscape(code)
}

/** `\u00e9`, `\u65e5`, `\U0001f600`: for languages in which `\x` is a byte, takes more digits, or is unknown. */
export function unicodeEscape(code: number): string {
  return code < 0x10000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`
}

export function codeOf(char: string): number {
  return char.codePointAt(0) ?? 0
}

export function hex(code: number | bigint, width: number): string {
  return code.toString(16).padStart(width, '0')
}
