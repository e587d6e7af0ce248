/**
 * The one description of what a notebook takes: JSON Schema 2020-12, in the subset below. It alone drives parsing of
 * links, validation, types, the form, OpenAPI and OGC.
 */
export type InputFormat = 'bbox' | 'uri' | 'date' | 'date-time' | 'interval' | 'geojson' | 'stac-item'

export interface InputSchema {
  readonly type?: 'string' | 'number' | 'integer' | 'boolean' | 'array' | 'object'
  readonly format?: InputFormat
  readonly title?: string
  readonly description?: string
  /** JSON text would lose `1.0`; defaults and enums are plain JSON here, and typed again by the schema. */
  readonly default?: unknown
  readonly examples?: readonly unknown[]
  readonly enum?: readonly unknown[]
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: string
  readonly minItems?: number
  readonly maxItems?: number
  readonly items?: InputSchema
}

export interface InputsSchema {
  readonly $schema: 'https://json-schema.org/draft/2020-12/schema'
  readonly type: 'object'
  /** In the order in which a form shows them. A null-prototype object: an input may be called `constructor`. */
  readonly properties: Readonly<Record<string, InputSchema>>
  readonly required: readonly string[]
  readonly additionalProperties: false
}
