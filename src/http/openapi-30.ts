type Json = Readonly<Record<string, unknown>>

/** Of JSON Schema, and not of OpenAPI 3.0. */
const UNKNOWN = new Set(['$schema', '$id', 'propertyNames', 'contentMediaType', 'unevaluatedProperties'])
/** Members that hold names, and not keywords. */
const NAMED = new Set([
  'properties',
  'schemas',
  'paths',
  'responses',
  'headers',
  'content',
  'securitySchemes',
])
/** What is written as it is. */
const VALUES = new Set(['default', 'example', 'enum'])

/**
 * The same document as OpenAPI 3.0, which OGC's class `oas30` asks for: what 3.1 says by JSON Schema is said in the
 * older words, or left out where there are none, so that nothing valid is refused by it.
 */
export function openApi30(document: Json): Json {
  const converted = convert(document)
  const info = isJson(converted['info']) ? converted['info'] : {}
  const license = isJson(info['license']) ? info['license'] : {}
  const { identifier: _, ...rest } = license
  return { ...converted, openapi: '3.0.3', info: { ...info, license: rest } }
}

function convert(node: Json): Json {
  const entries = Object.entries(node).flatMap(([name, value]) =>
    UNKNOWN.has(name) ? [] : keyword(name, value),
  )
  const converted = Object.fromEntries(entries)
  // Lists in 3.0 always say of what.
  return converted['type'] === 'array' && converted['items'] === undefined
    ? { ...converted, items: {} }
    : converted
}

function keyword(name: string, value: unknown): ReadonlyArray<readonly [string, unknown]> {
  switch (name) {
    case 'const':
      return [['enum', [value]]]
    case 'examples':
      return Array.isArray(value) && value.length > 0 ? [['example', value[0]]] : []
    case 'contentEncoding':
      return [['format', 'byte']]
    case 'prefixItems':
      return [['items', Array.isArray(value) && value.length > 0 ? { anyOf: value.map(inner) } : {}]]
    case 'patternProperties':
      return [['additionalProperties', isJson(value) ? inner(Object.values(value)[0] ?? {}) : true]]
    case 'exclusiveMinimum':
    case 'exclusiveMaximum':
      return typeof value === 'number'
        ? [
            [name === 'exclusiveMinimum' ? 'minimum' : 'maximum', value],
            [name, true],
          ]
        : [[name, value]]
    case 'type':
      return types(value)
    default:
      if (VALUES.has(name)) return [[name, value]]
      if (NAMED.has(name) && isJson(value))
        return [[name, Object.fromEntries(Object.entries(value).map(([key, one]) => [key, inner(one)]))]]
      return [[name, inner(value)]]
  }
}

/** One type, or null: all that 3.0 can say. */
function types(value: unknown): ReadonlyArray<readonly [string, unknown]> {
  if (!Array.isArray(value)) return [['type', value]]
  const others = value.filter((type) => type !== 'null')
  const nullable = others.length < value.length ? [['nullable', true] as const] : []
  if (others.length === 1) return [['type', others[0]], ...nullable]
  return [['anyOf', others.map((type) => convert({ type }))], ...nullable]
}

const inner = (value: unknown): unknown =>
  Array.isArray(value) ? value.map(inner) : isJson(value) ? convert(value) : value

const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
