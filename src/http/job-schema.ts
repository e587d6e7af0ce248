import { type Static, Type } from 'typebox'
import { LIMITS } from '../run/limits.ts'
import { FAILURE_REASONS, RUN_STATES } from '../run/run.ts'
import { LEFT_BECAUSE } from '../run/run-file.ts'
import { Problem } from './problem-schema.ts'
import { STATUSES } from './status-info.ts'

const Time = Type.String({ format: 'date-time' })
const Links = Type.Array(
  Type.Object({ rel: Type.String(), href: Type.String(), type: Type.Optional(Type.String()) }),
)
const Count = Type.Integer({ minimum: 0 })

const LIMITS_TOLD = { description: 'Numbers by name: seconds and bytes, as their names say.' }

/** A run as OGC API – Processes has a job, in the words of versions 1.0 and 2.0, with what only we know. */
export const StatusInfo = Type.Object({
  id: Type.String({ format: 'uuid' }),
  jobID: Type.String({ format: 'uuid' }),
  processID: Type.String(),
  type: Type.Literal('process'),
  processingEntityType: Type.Literal('process'),
  status: Type.Enum([...STATUSES]),
  state: Type.Enum([...RUN_STATES]),
  reason: Type.Optional(Type.Enum([...FAILURE_REASONS])),
  message: Type.Optional(Type.String()),
  progress: Type.Optional(Type.Integer({ minimum: 0, maximum: 100 })),
  cells: Type.Optional(Type.Object({ done: Count, total: Count })),
  waiting: Type.Optional(
    Type.Object({
      position: Type.Integer({ minimum: 1 }),
      reason: Type.Enum(['workers-busy', 'workspace-limit', 'person-limit', 'no-worker']),
      message: Type.String(),
    }),
  ),
  cancelRequested: Type.Optional(Time),
  created: Time,
  started: Type.Optional(Time),
  finished: Type.Optional(Time),
  updated: Time,
  workspace: Type.String(),
  owner: Type.String(),
  kernel: Type.Optional(Type.String()),
  limits: Type.Optional(Type.Record(Type.String(), Type.Number(), LIMITS_TOLD)),
  parameters: Type.Record(Type.String(), Type.Unknown()),
  batch: Type.Optional(Type.String({ format: 'uuid' })),
  retryOf: Type.Optional(Type.String({ format: 'uuid' })),
  fromCell: Type.Optional(Count),
  failedCell: Type.Optional(Count),
  keptKernel: Type.Optional(Type.Object({ until: Time, openUrl: Type.Optional(Type.String()) })),
  links: Links,
})
export type StatusInfo = Static<typeof StatusInfo>

/** A page of the history. */
export const JobList = Type.Object({ jobs: Type.Array(StatusInfo), links: Links })
export type JobList = Static<typeof JobList>

const Reference = Type.Object({ href: Type.String(), type: Type.String(), title: Type.String() })

/** A file that a run left in its folder; without `href` where it was not copied from there. */
const File = Type.Object({
  href: Type.Optional(Type.String()),
  title: Type.String({ description: 'The path, from the folder of the run on.' }),
  type: Type.String(),
  length: Count,
  digest: Type.Optional(Type.String({ description: 'As in Repr-Digest (RFC 9530).' })),
  onServerOnly: Type.Optional(Type.Literal(true)),
  reason: Type.Optional(Type.Enum([...LEFT_BECAUSE])),
  message: Type.Optional(Type.String()),
})

/** What a run has left. */
export const Results = Type.Object({
  notebook: Reference,
  view: Type.Optional(Reference),
  files: Type.Optional(Type.Array(File)),
  filesComplete: Type.Optional(Type.Literal(false, { description: 'There are more files than are listed.' })),
})
/** Of a run that failed. */
export const FailedRun = Type.Object({
  ...Problem.properties,
  reason: Type.Optional(Type.Enum([...FAILURE_REASONS])),
  results: Results,
})
export type Results = Static<typeof Results>

const { parameters: _, ...withoutParameters } = StatusInfo.properties

/** A sweep with its matrix: the newest run of each combination, with the values that make it this one. */
export const BatchInfo = Type.Object({
  id: Type.String({ format: 'uuid' }),
  processID: Type.String(),
  workspace: Type.String(),
  owner: Type.String(),
  each: Type.Array(Type.String()),
  total: Count,
  states: Type.Record(Type.String(), Count),
  progress: Type.Integer({ minimum: 0, maximum: 100 }),
  created: Time,
  runs: Type.Array(Type.Object({ ...withoutParameters, values: Type.Record(Type.String(), Type.Unknown()) })),
  links: Links,
})
export type BatchInfo = Static<typeof BatchInfo>

/** What is sent to start a run. */
export const Execution = Type.Object({
  inputs: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  each: Type.Optional(
    Type.Record(Type.String(), Type.Array(Type.Unknown()), {
      description: 'A list of values for each input of a sweep, one run for each combination.',
    }),
  ),
  workspace: Type.Optional(Type.String({ description: 'Needed where the caller has several.' })),
  kernel: Type.Optional(Type.String({ description: 'Kernel name instead of the notebook’s own.' })),
  limits: Type.Optional(
    Type.Object(
      Object.fromEntries(
        LIMITS.map(({ name, unit, least }) => [
          name,
          Type.Optional(Type.Integer({ minimum: least, description: `In ${unit}.` })),
        ]),
      ),
      { description: 'Limits of this run, as far as the settings leave a choice (`limits` of `/me`).' },
    ),
  ),
  query: Type.Optional(Type.String({ description: 'The query of a run link, in place of all others.' })),
})
