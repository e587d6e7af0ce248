/**
 * JSON without loss: numbers keep their text (`1.0`, `1e-07`, integers of any size), objects keep their order, and
 * names such as `__proto__` or `1` are names like any other, because objects are Maps.
 */
export class JsonNumber {
  /** The number as it was written; Python's `NaN`, `Infinity` and `-Infinity` are admitted too. */
  readonly raw: string

  constructor(raw: string) {
    this.raw = raw
  }
}

export type JsonObject = Map<string, JsonValue>
export type JsonValue = null | boolean | string | JsonNumber | JsonValue[] | JsonObject

export function isObject(value: unknown): value is JsonObject {
  return value instanceof Map
}

/**
 * A plain JavaScript value as lossless JSON. Whole numbers become integers, bigints integers of any size; members
 * that are undefined are left out, as `JSON.stringify` does. Throws TypeError for what JSON has no word for.
 */
export function fromPlain(value: unknown): JsonValue {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'bigint') {
    return new JsonNumber(Object.is(value, -0) ? '-0.0' : String(value))
  }
  if (value instanceof JsonNumber) return value
  if (Array.isArray(value)) return value.map(fromPlain)
  if (value instanceof Map) return objectFrom(value)
  if (typeof value === 'object') return objectFrom(Object.entries(value))
  throw new TypeError(`JSON has no value for a ${typeof value}`)
}

function objectFrom(entries: Iterable<[unknown, unknown]>): JsonObject {
  const object: JsonObject = new Map()
  for (const [key, member] of entries) {
    if (member !== undefined) object.set(String(key), fromPlain(member))
  }
  return object
}

/**
 * As plain JavaScript: numbers become doubles (so this may lose digits), objects have no prototype, so that a key
 * called `__proto__` is a key like any other.
 */
export function toPlain(value: JsonValue): unknown {
  if (value instanceof JsonNumber) return Number(value.raw)
  if (Array.isArray(value)) return value.map(toPlain)
  if (!isObject(value)) return value
  const plain: Record<string, unknown> = Object.create(null)
  for (const [key, member] of value) plain[key] = toPlain(member)
  return plain
}
