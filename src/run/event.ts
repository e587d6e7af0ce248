import type { ExecutionResult } from '../kernel/execution.ts'
import type { OutputChange } from '../notebook/outputs.ts'
import type { FailureReason, RunState } from './run.ts'

/** What is told of a run while it goes: numbered from 1, append-only. Everything that watches reads this list. */
export type RunEvent =
  | {
      readonly type: 'state'
      readonly state: RunState
      readonly reason?: FailureReason
      readonly message?: string
      /** With `saving`: how the run will end once its notebook is stored, whoever stores it. */
      readonly result?: ExecutionResult
    }
  /** `cell` is the index in the notebook. */
  | { readonly type: 'cell-started'; readonly cell: number; readonly ranAt?: string }
  | {
      readonly type: 'cell-finished'
      readonly cell: number
      readonly status: 'completed' | 'failed'
      readonly executionCount: number | undefined
      readonly seconds: number
      /** It ran in the run before, in whose kernel this one goes on: when that was told, in UTC. */
      readonly ranAt?: string
    }
  | { readonly type: 'output'; readonly cell: number; readonly change: OutputChange }
  /** Code cells done and to be done; `secondsLeft` is learned from earlier runs of the notebook. */
  | {
      readonly type: 'progress'
      readonly done: number
      readonly total: number
      readonly secondsLeft?: number
    }
  /** Something that a person should know, such as messages that were lost. */
  | { readonly type: 'note'; readonly text: string }

export interface NumberedEvent {
  readonly number: number
  /** By the clock of the database. */
  readonly at: Date
  readonly event: RunEvent
  /** The event as it is kept, JSON on one line: for those who send it on. */
  readonly json: string
}
