import { Type } from 'typebox'
import { CELL_STATUSES } from '../run/run-cell.ts'
import { StatusInfo } from './job-schema.ts'

const ComparedCell = Type.Object({
  index: Type.Integer({ minimum: 0 }),
  status: Type.Enum([...CELL_STATUSES]),
  seconds: Type.Optional(Type.Number()),
  outputs: Type.Integer({ minimum: 0 }),
})

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
      differs: Type.Boolean({ description: 'Their types or sources; nothing is said of what came out.' }),
    }),
  ),
})
