import { JOB_FILTERS } from './job-query.ts'

const path = (name: string) => ({ name, in: 'path', required: true, schema: { type: 'string' } })
const header = (name: string, description: string) => ({
  name,
  in: 'header',
  schema: { type: 'string' },
  description,
})
const schema = (name: string) => ({
  'application/json': { schema: { $ref: `#/components/schemas/${name}` } },
})
const answer = (description: string, name: string) => ({ description, content: schema(name) })
const problem = {
  description: 'A problem (RFC 9457)',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
}

const stopServer = {
  name: 'Stop-Server',
  in: 'header',
  schema: { type: 'string', enum: ['yes'] },
  description: 'agrees that another Jupyter server of yours is stopped for it, where the platform does that',
}

const preferences = [
  header(
    'Prefer',
    'respond-async, or wait=N (or respond-sync) to wait up to N seconds (60 at most) for the results',
  ),
  header('Idempotency-Key', 'the same key of the same person is the same run'),
  stopServer,
]

const accepted = {
  200: answer('The results, where they were waited for', 'Results'),
  201: {
    description: 'The run is accepted, or the sweep',
    content: {
      'application/json': {
        schema: {
          anyOf: [{ $ref: '#/components/schemas/StatusInfo' }, { $ref: '#/components/schemas/BatchInfo' }],
        },
      },
    },
    headers: { Location: { schema: { type: 'string', format: 'uri' } } },
  },
  default: problem,
}

function operation(
  operationId: string,
  summary: string,
  parameters: readonly unknown[],
  ok: Readonly<Record<string, unknown>>,
) {
  return { operationId, summary, parameters, responses: { ...ok, default: problem } }
}

/** The paths of runs in the OpenAPI document. */
export const jobPaths = {
  '/processes/{id}/execution': {
    post: {
      ...operation('execute', 'Run a notebook', [path('id'), ...preferences], accepted),
      requestBody: { required: true, content: schema('Execution') },
    },
    get: operation(
      'executeByQuery',
      'Run a notebook, its inputs in the query as in a run link; for programs only',
      [path('id'), ...preferences],
      accepted,
    ),
  },
  '/jobs': {
    get: operation(
      'listJobs',
      'The runs of your workspaces, newest first',
      Object.entries(JOB_FILTERS).map(([name, description]) => ({
        name,
        in: 'query',
        schema: { type: 'string' },
        description,
      })),
      { 200: answer('A page, with a link to the next', 'JobList') },
    ),
  },
  '/jobs/{id}': {
    get: operation('getJob', 'How a run stands', [path('id')], { 200: answer('The run', 'StatusInfo') }),
    delete: operation(
      'dismissJob',
      'Cancel a run; take one that has ended out of the history, or remove all that there is of it',
      [
        path('id'),
        {
          name: 'purge',
          in: 'query',
          schema: { type: 'boolean' },
          allowEmptyValue: true,
          description: 'remove the notebook and the files too; for the owner of a run that has ended',
        },
        {
          name: 'only',
          in: 'query',
          schema: { type: 'string', enum: ['live', 'ended'] },
          description: 'refused where the run is not, so that it is only cancelled, or only taken out',
        },
      ],
      {
        200: answer('The run as it is now', 'StatusInfo'),
      },
    ),
  },
  '/jobs/{id}/rerun': {
    post: operation(
      'rerunJob',
      'The same again: the notebook as it was accepted, in a run of its own',
      [
        path('id'),
        {
          name: 'from',
          in: 'query',
          schema: { type: 'string', enum: ['failed'] },
          description:
            'only from the cell on that failed, where the kernel of the run is kept; else all again',
        },
        header('Idempotency-Key', 'the same key of the same person is the same run'),
        stopServer,
      ],
      {
        201: {
          ...answer('The new run is accepted', 'StatusInfo'),
          headers: { Location: { schema: { type: 'string', format: 'uri' } } },
        },
      },
    ),
  },
  '/jobs/{id}/kernel': {
    get: operation(
      'openKernel',
      'To JupyterLab, on the kernel that is kept of your failed run',
      [path('id')],
      {
        302: { description: 'The notebook in JupyterLab' },
      },
    ),
  },
  '/jobs/{id}/results': {
    get: operation('getResults', 'What a run that has ended has left', [path('id')], {
      200: answer('Files by reference, and the values that the notebook has named', 'Results'),
      422: answer('The run failed: a problem, whose `results` are what there is', 'FailedRun'),
    }),
  },
  '/jobs/{id}/notebook': {
    get: operation('getNotebook', 'The notebook as far as it has run', [path('id')], {
      200: {
        description: 'The .ipynb',
        content: { 'application/x-ipynb+json': { schema: { type: 'object' } } },
      },
    }),
  },
  '/jobs/{id}/files/{path}': {
    get: operation(
      'getFile',
      'A file that the run left in its folder, as its results name it',
      [path('id'), path('path'), header('Range', 'one part of it')],
      {
        200: {
          description: 'The file',
          content: { '*/*': { schema: { type: 'string', format: 'binary' } } },
        },
        206: {
          description: 'The part',
          content: { '*/*': { schema: { type: 'string', format: 'binary' } } },
        },
      },
    ),
  },
  '/jobs/{id}/thumbnail': {
    get: operation('getThumbnail', 'The last picture of a run that has ended, made small', [path('id')], {
      200: {
        description: 'The picture',
        content: {
          'image/webp': { schema: { type: 'string' } },
          'image/jpeg': { schema: { type: 'string' } },
        },
      },
    }),
  },
  '/jobs/{id}/cells': {
    get: operation(
      'getCells',
      'Some cells of a run, without their outputs',
      [
        path('id'),
        { name: 'from', in: 'query', schema: { type: 'integer' }, description: 'the first, counted from 0' },
        {
          name: 'to',
          in: 'query',
          schema: { type: 'integer' },
          description: 'the one after the last; at most 200 more than from',
        },
      ],
      { 200: answer('The cells, and after which event they are so', 'CellList') },
    ),
  },
  '/jobs/{id}/cells/{cell}/outputs': {
    get: operation('getOutputs', 'What a cell has printed and shown so far', [path('id'), path('cell')], {
      200: answer('The outputs; what is too large for a page is left out and named', 'CellOutputs'),
    }),
  },
  '/jobs/{id}/widgets': {
    get: operation('getWidgets', 'The state of the widgets of a run', [path('id')], {
      200: answer('The state, as notebooks keep it', 'WidgetStates'),
    }),
  },
  '/jobs/{id}/log': {
    get: operation('getLog', 'The states that a run went through, and what was noted', [path('id')], {
      200: answer('Oldest first', 'RunLog'),
    }),
  },
  '/jobs/{id}/events': {
    get: operation(
      'watchJob',
      'The events of a run as they come, to its end',
      [
        path('id'),
        header('Last-Event-ID', 'only those after this one'),
        { name: 'after', in: 'query', schema: { type: 'integer' }, description: 'the same, in the address' },
      ],
      {
        200: {
          description: 'Server-sent events; the data is JSON',
          content: { 'text/event-stream': { schema: { type: 'string' } } },
        },
        204: { description: 'The run has ended, and there is nothing more' },
      },
    ),
  },
  '/compare': {
    get: operation(
      'compareJobs',
      'Two runs side by side: parameters, and cells in pairs',
      ['left', 'right'].map((name) => ({
        name,
        in: 'query',
        required: true,
        schema: { type: 'string', format: 'uuid' },
      })),
      { 200: answer('What they are, and where they differ', 'Comparison') },
    ),
  },
  '/batches/{id}': {
    get: operation('getBatch', 'How a sweep stands', [path('id')], { 200: answer('The sweep', 'BatchInfo') }),
    delete: operation('cancelBatch', 'Cancel what has not ended of a sweep', [path('id')], {
      200: answer('The sweep as it is now', 'BatchInfo'),
    }),
  },
  '/batches/{id}/archive': {
    get: operation('downloadBatch', 'The notebooks and files of a sweep', [path('id')], {
      200: {
        description: 'A zip with a folder for each run that has ended',
        content: { 'application/zip': { schema: { type: 'string' } } },
      },
    }),
  },
  '/batches/{id}/retry': {
    post: operation('retryBatch', 'Run again what failed of a sweep', [path('id'), stopServer], {
      200: answer('The sweep as it is now', 'BatchInfo'),
    }),
  },
}
