import type { CatalogEntry } from '../catalog/entry.ts'
import type { InputSchema, InputsSchema } from '../notebook/inputs-schema.ts'

interface Link {
  readonly rel: string
  readonly href: string
  readonly type?: string
  readonly title?: string
}

/** A notebook as a process of OGC API – Processes, Part 1 (processSummary.yaml). */
export interface ProcessSummary {
  readonly id: string
  readonly title: string
  readonly description: string
  readonly version: string
  readonly jobControlOptions: readonly string[]
  readonly outputTransmission: readonly string[]
  readonly links: readonly Link[]
}

export interface ProcessDescription extends ProcessSummary {
  readonly inputs: Readonly<Record<string, InputDescription>>
  readonly outputs: Readonly<Record<string, unknown>>
  /** The one JSON Schema that links are checked against. */
  readonly schema: InputsSchema
}

interface InputDescription {
  readonly title: string
  readonly description?: string
  readonly minOccurs: 0 | 1
  readonly schema: InputSchema
}

const EXECUTE = 'http://www.opengis.net/def/rel/ogc/1.0/execute'

/** @param executes whether the service does, or only prepares */
export function processSummary(entry: CatalogEntry, base: string, executes: boolean): ProcessSummary {
  const href = `${base}/processes/${encodeURIComponent(entry.id)}`
  const run = `${base}/run/notebook/${encodeURIComponent(entry.id)}`
  return {
    id: entry.id,
    title: entry.title,
    description: entry.description,
    version: '1.0.0',
    jobControlOptions: executes ? ['async-execute', 'dismiss'] : [],
    outputTransmission: ['reference'],
    links: [
      { rel: 'self', type: 'application/json', href },
      { rel: 'alternate', type: 'text/html', href: `${href}?f=html` },
      ...(executes ? [{ rel: EXECUTE, type: 'application/json', href: `${href}/execution` }] : []),
      { rel: 'related', href: run, title: 'Run link: add the inputs as query parameters' },
    ],
  }
}

export function processDescription(
  entry: CatalogEntry,
  inputs: InputsSchema,
  base: string,
  executes: boolean,
): ProcessDescription {
  const described = Object.entries(inputs.properties).map(([name, schema]): [string, InputDescription] => {
    const { title, description, ...rest } = schema
    const minOccurs = inputs.required.includes(name) ? 1 : 0
    return [
      name,
      { title: title ?? name, ...(description !== undefined && { description }), minOccurs, schema: rest },
    ]
  })
  return {
    ...processSummary(entry, base, executes),
    inputs: Object.fromEntries(described),
    outputs: {
      notebook: {
        title: 'The notebook',
        schema: { type: 'string', contentMediaType: 'application/x-ipynb+json' },
      },
    },
    schema: inputs,
  }
}
