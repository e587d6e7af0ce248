import { Type } from 'typebox'
import { CELL_STATUSES } from '../run/run-cell.ts'
import { StatusInfo } from './job-schema.ts'

const ComparedCell = Type.Object({
  index: Type.Integer({ minimum: 0 }),
  status: Type.Enum([...CELL_STATUSES]),
  seconds: Type.Optional(Type.Number()),
  outputs: Type.Integer({ minimum: 0 }),
})

const OutputSide = Type.Object({
  bytes: Type.Integer({ minimum: 0 }),
  sha256: Type.String(),
  text: Type.Optional(Type.String({ description: 'Of text its beginning.' })),
})

/** An output in each of its types: MIME types, `stdout`, `stderr` or `error`. */
const ComparedOutput = Type.Array(
  Type.Object({
    type: Type.String(),
    is: Type.Enum(['same', 'different', 'left-only', 'right-only']),
    left: Type.Optional(OutputSide),
    right: Type.Optional(OutputSide),
  }),
)

/** Two runs side by side. A value or a cell that one of them has not is left out. */
export const Comparison = Type.Object({
  left: StatusInfo,
  right: StatusInfo,
  parameters: Type.Array(
    Type.Object({
      name: Type.String(),
      left: Type.Optional(Type.Unknown()),
      right: Type.Optional(Type.Unknown()),
      differs: Type.Boolean(),
    }),
  ),
  cells: Type.Array(
    Type.Object({
      left: Type.Optional(ComparedCell),
      right: Type.Optional(ComparedCell),
      differs: Type.Boolean({ description: 'Their types or sources.' }),
      outputsDiffer: Type.Optional(Type.Boolean()),
      outputs: Type.Optional(
        Type.Array(ComparedOutput, { description: 'Left out where there is too much to compare.' }),
      ),
    }),
  ),
})
