import { Type } from 'typebox'
import { RUN_STATES } from '../run/run.ts'
import { CELL_STATUSES } from '../run/run-cell.ts'

const Index = Type.Integer({ minimum: 0 })
const Event = Type.Integer({ minimum: 0, description: 'Number of the newest event that is in it.' })

/** Some cells of a run, without their outputs. */
export const CellList = Type.Object({
  event: Event,
  total: Index,
  running: Type.Optional(Index),
  failed: Type.Optional(Index),
  secondsLeft: Type.Optional(Type.Number()),
  cells: Type.Array(
    Type.Object({
      index: Index,
      type: Type.String(),
      source: Type.String(),
      leftOut: Type.Optional(Type.Integer({ description: 'Bytes of the source that are left out.' })),
      attachments: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
      runs: Type.Boolean(),
      status: Type.Enum([...CELL_STATUSES]),
      executionCount: Type.Optional(Type.Integer()),
      started: Type.Optional(Type.String()),
      seconds: Type.Optional(Type.Number()),
      outputs: Index,
    }),
  ),
})

/** What a cell has printed and shown, as nbformat has it. */
export const CellOutputs = Type.Object({
  event: Event,
  outputs: Type.Array(Type.Record(Type.String(), Type.Unknown())),
})

/** State of the widgets of a run. */
export const WidgetStates = Type.Object({
  event: Event,
  widgets: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
})

/** What a run has gone through. */
export const RunLog = Type.Object({
  entries: Type.Array(
    Type.Object({
      number: Type.Integer(),
      at: Type.String({ format: 'date-time' }),
      state: Type.Optional(Type.Enum([...RUN_STATES])),
      reason: Type.Optional(Type.String()),
      message: Type.Optional(Type.String()),
      text: Type.Optional(Type.String()),
    }),
  ),
})
