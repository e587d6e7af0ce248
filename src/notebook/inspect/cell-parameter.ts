import type { InputSchema } from '../inputs-schema.ts'
import type { JsonValue } from '../json.ts'

/** A variable that a parameters cell sets, as far as it can be read without running it. */
export interface CellParameter {
  readonly name: string
  /** What its annotation says; undefined without one, or with one that says nothing to us. */
  readonly annotated?: InputSchema | undefined
  /** The text of its value; undefined where it is declared only, and so has to be given. */
  readonly source: string | undefined
  /** The value, where the text is a literal. */
  readonly value?: JsonValue | undefined
  /** Whether an injected `value` is the same in the notebook's language: a tuple would come back as a list. */
  readonly exact: boolean
  /** Whether something else in the cell may have changed it since: `value` then tells its type only. */
  readonly changed?: boolean
  readonly description?: string | undefined
}
