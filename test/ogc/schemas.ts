import { Ajv } from 'ajv'

// Transcribed from the OpenAPI schemas of OGC 18-062r2 (landingPage.yaml, confClasses.yaml, processSummary.yaml, process.yaml,
// statusInfo.yaml, jobList.yaml, results.yaml, exception.yaml), as far as they say what must be there.

const text = { type: 'string' } as const
const link = {
  type: 'object',
  required: ['href'],
  properties: { href: text, rel: text, type: text, hreflang: text, title: text },
} as const
const links = { type: 'array', items: link } as const

const summary = {
  type: 'object',
  required: ['id', 'version'],
  properties: {
    id: text,
    version: text,
    title: text,
    description: text,
    jobControlOptions: {
      type: 'array',
      items: { enum: ['sync-execute', 'async-execute', 'dismiss'] },
    },
    outputTransmission: { type: 'array', items: { enum: ['value', 'reference'] } },
    links,
  },
} as const

const described = {
  type: 'object',
  additionalProperties: {
    type: 'object',
    required: ['schema'],
    properties: {
      title: text,
      description: text,
      schema: { type: 'object' },
      minOccurs: { type: 'integer' },
      maxOccurs: { anyOf: [{ type: 'integer' }, { const: 'unbounded' }] },
    },
  },
} as const

const status = {
  type: 'object',
  required: ['jobID', 'status', 'type'],
  properties: {
    processID: text,
    type: { const: 'process' },
    jobID: text,
    status: { enum: ['accepted', 'running', 'successful', 'failed', 'dismissed'] },
    message: text,
    created: { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\dT.*Z$' },
    started: { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\dT.*Z$' },
    finished: { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\dT.*Z$' },
    updated: { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\dT.*Z$' },
    progress: { type: 'integer', minimum: 0, maximum: 100 },
    links,
  },
} as const

const SCHEMAS = {
  landingPage: { type: 'object', required: ['links'], properties: { title: text, description: text, links } },
  confClasses: {
    type: 'object',
    required: ['conformsTo'],
    properties: { conformsTo: { type: 'array', items: text } },
  },
  processList: {
    type: 'object',
    required: ['processes', 'links'],
    properties: { processes: { type: 'array', items: summary }, links },
  },
  process: { ...summary, properties: { ...summary.properties, inputs: described, outputs: described } },
  statusInfo: status,
  jobList: {
    type: 'object',
    required: ['jobs', 'links'],
    properties: { jobs: { type: 'array', items: status }, links },
  },
  // inlineOrRefData.yaml: a link, a qualified value, or any value but null.
  results: {
    type: 'object',
    additionalProperties: {
      anyOf: [
        link,
        { type: 'object', required: ['value'] },
        { type: ['string', 'number', 'boolean', 'array', 'object'] },
      ],
    },
  },
  exception: {
    type: 'object',
    required: ['type'],
    properties: { type: text, title: text, status: { type: 'integer' }, detail: text, instance: text },
  },
} as const

const ajv = new Ajv({ strict: false, allErrors: true })

/** What does not fit OGC's schema of that name; nothing where all does. */
export function misfits(name: keyof typeof SCHEMAS, value: unknown): string {
  return ajv.validate(SCHEMAS[name], value) ? '' : ajv.errorsText()
}
