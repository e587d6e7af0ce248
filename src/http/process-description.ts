import type { CatalogEntry } from '../catalog/entry.ts'
import { schemaTypeText } from '../notebook/input-text.ts'
import type { InputSchema, InputsSchema } from '../notebook/inputs-schema.ts'
import { linkInputs } from '../run/reserved-inputs.ts'

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
  /** The collections that it belongs to. */
  readonly keywords: readonly string[]
  /** Names of its inputs for people, where the catalogue tells them. */
  readonly takes?: readonly string[]
  /** Query of a link that shows what it does. */
  readonly example?: string
  readonly jobControlOptions: readonly string[]
  readonly outputTransmission: readonly string[]
  readonly links: readonly Link[]
}

export interface ProcessDescription extends ProcessSummary {
  readonly inputs: Readonly<Record<string, InputDescription>>
  readonly outputs: Readonly<Record<string, unknown>>
  /** What links to it do that don't say so; absent: they prepare. */
  readonly mode?: 'prepare' | 'execute'
  /** The one JSON Schema that links are checked against. */
  readonly schema: InputsSchema
}

interface InputDescription {
  readonly title: string
  readonly description?: string
  readonly minOccurs: 0 | 1
  /** What it takes, in words. */
  readonly expected: string
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
    keywords: entry.collections,
    ...(entry.example !== undefined && { example: entry.example.replaceAll('{PUBLIC_URL}', base) }),
    ...(entry.inputs !== undefined && { takes: titlesOf(linkInputs(entry.inputs)) }),
    jobControlOptions: executes ? ['async-execute', 'dismiss'] : [],
    outputTransmission: ['reference'],
    links: [
      { rel: 'self', type: 'application/json', href },
      { rel: 'alternate', type: 'text/html', href: `${href}?_f=html` },
      ...(executes ? [{ rel: EXECUTE, type: 'application/json', href: `${href}/execution` }] : []),
      { rel: 'related', href: run, title: 'Run link: add the inputs as query parameters' },
    ],
  }
}

const titlesOf = ({ properties }: InputsSchema): readonly string[] =>
  Object.entries(properties).map(([name, { title }]) => title ?? name)

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
      {
        title: title ?? name,
        ...(description !== undefined && { description }),
        minOccurs,
        expected: schemaTypeText(schema),
        schema: rest,
      },
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
    ...(entry.mode !== undefined && { mode: entry.mode }),
    schema: inputs,
  }
}
