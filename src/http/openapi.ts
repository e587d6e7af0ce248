import { type Static, Type } from 'typebox'
import type { CatalogEntry } from '../catalog/entry.ts'
import type { InputSchema, InputsSchema } from '../notebook/inputs-schema.ts'
import { LIMITS, type LimitChoice } from '../run/limits.ts'
import { CellList, CellOutputs, RunLog, WidgetStates } from './cell-schema.ts'
import { Comparison } from './comparison-schema.ts'
import { BatchInfo, Execution, FailedRun, JobList, Results, StatusInfo } from './job-schema.ts'
import { jobPaths } from './openapi-jobs.ts'
import { Problem } from './problem-schema.ts'

const JSON_TYPE = 'application/json'

/** What the run link answers to a program. */
export const PreparedRun = Type.Object({
  id: Type.String({ format: 'uuid' }),
  jobID: Type.String({ format: 'uuid' }),
  processID: Type.String(),
  type: Type.Literal('process'),
  status: Type.Literal('successful'),
  state: Type.Literal('prepared'),
  workspace: Type.String(),
  links: Type.Array(
    Type.Object({ rel: Type.String(), href: Type.String(), type: Type.Optional(Type.String()) }),
  ),
})
export type PreparedRun = Static<typeof PreparedRun>

const Health = Type.Object({
  status: Type.Union([Type.Literal('healthy'), Type.Literal('unhealthy')]),
  version: Type.String(),
  checks: Type.Record(Type.String(), Type.Union([Type.Literal('up'), Type.Literal('down')])),
})

const controls = [
  {
    name: '_workspace',
    in: 'query',
    schema: { type: 'string' },
    description: 'Workspace; needed where the caller has several.',
  },
  {
    name: '_mode',
    in: 'query',
    schema: { enum: ['prepare', 'execute'] },
    description: 'Prepare opens the notebook in JupyterLab, execute runs it.',
  },
  {
    name: '_each',
    in: 'query',
    schema: { type: 'array', items: { type: 'string' } },
    style: 'form',
    explode: false,
    description: 'Inputs of a sweep: each has several values, and there is a run for each combination.',
  },
  {
    name: '_kernel',
    in: 'query',
    schema: { type: 'string' },
    description: 'Kernel name instead of the notebook’s own.',
  },
  {
    name: '_f',
    in: 'query',
    schema: { enum: ['json', 'html'] },
    description: 'JSON or page, whatever Accept says.',
  },
]

/** Those that the settings leave to choose. */
const limitControls = ({ most }: LimitChoice) =>
  LIMITS.filter(({ name }) => most[name] !== undefined).map(({ name, control, unit, least }) => ({
    name: control,
    in: 'query',
    schema: { type: 'integer', minimum: least, maximum: most[name] },
    description: `Of a run that is executed: ${LIMIT_WORDS[name]}, in ${unit}.`,
  }))

const LIMIT_WORDS: Readonly<Record<(typeof LIMITS)[number]['name'], string>> = {
  runSeconds: 'how long it may take',
  cellSeconds: 'how long each cell may take',
  silentSeconds: 'how long a cell may give no sign',
  outputBytes: 'what its outputs may take',
}

/**
 * The OpenAPI 3.1 document: one path per notebook, its query parameters being the properties of that notebook's schema.
 * @param base public URL of the service
 * @param limits undefined where nothing is executed
 */
export function openApi(
  base: string,
  version: string,
  notebooks: ReadonlyArray<{ readonly entry: CatalogEntry; readonly inputs: InputsSchema }>,
  limits: LimitChoice | undefined,
): Record<string, unknown> {
  const all = [...controls, ...(limits === undefined ? [] : limitControls(limits))]
  const runs = notebooks.map(({ entry, inputs }) => [
    `/run/notebook/${entry.id}`,
    { get: runOperation(entry, inputs, all) },
  ])
  return {
    openapi: '3.1.0',
    info: {
      title: 'Notebook Runner',
      version,
      description: 'A link runs a notebook with its parameters in your workspace.',
      license: { name: 'BSD-3-Clause', identifier: 'BSD-3-Clause' },
    },
    servers: [{ url: base }],
    security: [{ bearer: [] }],
    paths: {
      '/': { get: read('getLandingPage', 'What is here', []) },
      '/conformance': { get: read('getConformance', 'Classes of OGC API – Processes', []) },
      '/processes': {
        get: read('listProcesses', 'The notebooks of the catalogue', [
          { name: 'limit', in: 'query', schema: { type: 'integer', minimum: 1, maximum: 10_000 } },
          { name: 'offset', in: 'query', schema: { type: 'integer', minimum: 0 } },
        ]),
      },
      '/processes/{id}': { get: read('describeProcess', 'What one notebook takes', [pathParameter('id')]) },
      ...Object.fromEntries(runs),
      ...jobPaths,
      '/view-notebook/{id}/{outputId}': { get: viewOperation() },
      '/health': { get: healthOperation() },
    },
    components: {
      schemas: {
        Problem,
        PreparedRun,
        Health,
        StatusInfo,
        JobList,
        Results,
        FailedRun,
        BatchInfo,
        Comparison,
        Execution,
        CellList,
        CellOutputs,
        WidgetStates,
        RunLog,
      },
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
    },
  }
}

const reference = (name: string) => ({ $ref: `#/components/schemas/${name}` })
const problems = {
  default: {
    description: 'A problem (RFC 9457)',
    content: { 'application/problem+json': { schema: reference('Problem') } },
  },
}
const pathParameter = (name: string) => ({ name, in: 'path', required: true, schema: { type: 'string' } })

const read = (operationId: string, summary: string, parameters: readonly unknown[]) => ({
  operationId,
  summary,
  parameters,
  responses: {
    200: { description: 'OK', content: { [JSON_TYPE]: { schema: { type: 'object' } } } },
    ...problems,
  },
})

function runOperation(entry: CatalogEntry, inputs: InputsSchema, all: readonly unknown[]) {
  const parameters = Object.entries(inputs.properties).map(([name, schema]) =>
    inputParameter(name, schema, inputs.required.includes(name)),
  )
  return {
    operationId: `run_${entry.id.replace(/[^A-Za-z0-9]/g, '_')}`,
    summary: entry.title,
    description: entry.description,
    parameters: [...parameters, ...all],
    responses: {
      303: {
        description:
          'Prepared: Location leads to the notebook in JupyterLab. To be executed: to the run, or the sweep',
        headers: { Location: { schema: { type: 'string', format: 'uri-reference' } } },
        content: {
          [JSON_TYPE]: {
            schema: { anyOf: [reference('PreparedRun'), reference('StatusInfo'), reference('BatchInfo')] },
          },
        },
      },
      ...problems,
    },
  }
}

/** Lists are one comma-separated value (`explode: false`), as the run link has them. */
const inputParameter = (name: string, schema: InputSchema, required: boolean) => ({
  name,
  in: 'query',
  required,
  ...(schema.description !== undefined && { description: schema.description }),
  ...(schema.type === 'array' && { style: 'form', explode: false }),
  schema,
})

const viewOperation = () => ({
  operationId: 'viewNotebook',
  summary: 'To a notebook in JupyterLab',
  parameters: [
    pathParameter('id'),
    pathParameter('outputId'),
    { name: 'workspace', in: 'query', schema: { type: 'string' } },
  ],
  responses: { 302: { description: 'Location is the notebook in JupyterLab' }, ...problems },
})

const healthOperation = () => {
  const content = { [JSON_TYPE]: { schema: reference('Health') } }
  return {
    operationId: 'health',
    summary: 'Is every part there',
    security: [],
    responses: { 200: { description: 'Healthy', content }, 503: { description: 'Unhealthy', content } },
  }
}
