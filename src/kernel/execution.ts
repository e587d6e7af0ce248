import type { CellEnd, ExecutedNotebook, Moment } from '../notebook/executed.ts'
import type { OutputLimits } from '../notebook/output-reader.ts'
import type { OutputChange } from '../notebook/outputs.ts'
import type { KernelConnection } from './kernel-connection.ts'
import type { KernelHost } from './kernel-host.ts'

/** A cell, by its index in the notebook, and the id of the message that asks the kernel to execute it. */
export interface SentCell {
  readonly cell: number
  readonly messageId: string
}

/** Who is told what happens, in the order in which it does. What it throws ends the execution and is passed on. */
export interface ExecutionSink {
  /** The kernel answers for the first time, under this session of its own: `Execution.kernelSession` from then on. */
  joined(kernelSession: string): Promise<void>
  /** Before cells are sent; they are, once this is done. Who joins the kernel again needs to know them. */
  sending(cells: readonly SentCell[]): Promise<void>
  started(cell: number, at: Date): void
  /** It has been made in the notebook already. What is returned is waited for, so that a slow listener slows the kernel. */
  change(cell: number, change: OutputChange): Promise<void> | undefined
  /** `seconds` since it started. */
  finished(cell: number, end: CellEnd & { readonly at: Date; readonly seconds: number }): void
  /**
   * How the execution ends is settled; what was sent may still have to end. Before the cell that is the reason is
   * `finished`, and not where it succeeds with its last cell.
   */
  ending(result: ExecutionResult): void
  /** Something that a person should know. */
  note(text: string): void
}

export interface ExecutionLimits {
  readonly cellSeconds?: number
  readonly runSeconds?: number
  /** When the run began, for one that is joined again; unset: now. */
  readonly runSince?: Moment
  /** Without any message of the kernel while a cell runs. */
  readonly silentSeconds?: number
  readonly outputs: OutputLimits
}

export interface Execution {
  readonly connection: KernelConnection
  readonly host: Pick<KernelHost, 'interrupt' | 'shutdown' | 'causeOfDeath'>
  /** Its `started` has been called, and what happened before it was joined again has been reported to it. */
  readonly notebook: ExecutedNotebook
  readonly sink: ExecutionSink
  readonly limits: ExecutionLimits
  /** Go on after an error in any cell, as if all were tagged `raises-exception`. */
  readonly allowErrors: boolean
  /** How many cells are sent ahead at most, where the kernel refuses them after an error. */
  readonly window: number
  /** Aborted to cancel. */
  readonly signal: AbortSignal
  /** All that `sending` was given before, in its order, when the kernel is joined again. */
  readonly sent?: readonly SentCell[]
  /** What `joined` was given before. A kernel with another one was started in the place of that one, which died. */
  readonly kernelSession?: string
}

/** Why the execution of a notebook fails. */
export const EXECUTION_FAILURES = [
  'cell-error',
  'kernel-died',
  'out-of-memory',
  'timeout',
  'outcome-unknown',
] as const

export type ExecutionResult =
  | { readonly state: 'succeeded' }
  | { readonly state: 'cancelled'; readonly message: string }
  | {
      readonly state: 'failed'
      readonly reason: (typeof EXECUTION_FAILURES)[number]
      /** A sentence for the person. */
      readonly message: string
      readonly failedCell?: number
    }
