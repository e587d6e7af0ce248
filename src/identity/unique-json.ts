/**
 * The object that the text holds. Throws SyntaxError where it is no JSON object, or where any object in it names a key
 * twice: two readers could each see another value, one checking it and the other using it.
 */
export function parseUniqueJson(text: string): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(text)
  if (!isRecord(value)) throw new SyntaxError('Not a JSON object')
  if (keysWritten(text) !== keysOf(value)) throw new SyntaxError('A key is there twice')
  return value
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The text is known to be JSON: so each match is one whole string, and one followed by a colon is a key. */
function keysWritten(json: string): number {
  let count = 0
  for (const match of json.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"(\s*:)?/g)) if (match[1] !== undefined) count++
  return count
}

function keysOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  const own = Array.isArray(value) ? 0 : Object.keys(value).length
  return Object.values(value).reduce((sum: number, one: unknown) => sum + keysOf(one), own)
}
