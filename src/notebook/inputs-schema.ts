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
  /**
   * The source text of a default that the notebook's own cell gives (`date.today()`, a tuple): where the input is not
   * given, nothing is injected for it. `default` may show its value beside it.
   */
  readonly 'x-own-default'?: string
}

export interface InputsSchema {
  readonly $schema: 'https://json-schema.org/draft/2020-12/schema'
  readonly type: 'object'
  /** What is to be known of the inputs as a whole, such as why none could be read. */
  readonly description?: string
  /** In the order in which a form shows them. A null-prototype object: an input may be called `constructor`. */
  readonly properties: Readonly<Record<string, InputSchema>>
  readonly required: readonly string[]
  readonly additionalProperties: false
}
