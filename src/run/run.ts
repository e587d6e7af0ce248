import type { JsonValue } from '../notebook/json.ts'
import type { StoredObject } from '../storage/storage.ts'

/** `prepared` is terminal: stored and opened in JupyterLab, never executed here. */
export const RUN_STATES = [
  'prepared',
  'queued',
  'starting',
  'running',
  'saving',
  'succeeded',
  'failed',
  'cancelled',
] as const
export type RunState = (typeof RUN_STATES)[number]

export const isRunState = (text: string): text is RunState => RUN_STATES.some((state) => state === text)

/** Nothing happens to a run any more. */
export const isTerminal = (state: RunState): boolean =>
  state === 'prepared' || state === 'succeeded' || state === 'failed' || state === 'cancelled'

/** Why a run failed, in a closed list that a person can act on. */
export const FAILURE_REASONS = [
  'cell-error',
  'kernel-died',
  'out-of-memory',
  'timeout',
  'start-failed',
  'storage-failed',
  'outcome-unknown',
] as const
export type FailureReason = (typeof FAILURE_REASONS)[number]

/** What is known of a run before it has a row. */
export interface NewRun {
  /** UUIDv7; the `outputId` of the view links. */
  readonly id: string
  readonly notebookId: string
  /** Of the template that was filled in; undefined where its source has none. */
  readonly notebookVersion: string | undefined
  /** As injected, in the order of the schema. */
  readonly parameters: ReadonlyMap<string, JsonValue>
  readonly kernelName: string | undefined
  readonly object: StoredObject
}

/** Numbers by name, such as `cellSeconds`: fixed when the run is accepted. */
export type RunLimits = Readonly<Record<string, number>>

/** A run to be executed. */
export interface NewExecution extends NewRun {
  /** The chunks of the notebook that runs, whatever becomes of its template meanwhile. */
  readonly notebook: readonly Uint8Array[]
  readonly limits: RunLimits
  /** The run that this one repeats; with `fromCell`, it goes on in that one's kernel from that cell (index in the notebook). */
  readonly retryOf?: { readonly id: string; readonly fromCell?: number }
}

/** All times are by the clock of the database. */
export interface Run extends NewRun {
  readonly state: RunState
  readonly workspace: string
  readonly ownerIssuer: string
  readonly ownerSubject: string
  /** Only shown; who owns it is decided by issuer and subject. */
  readonly ownerName: string
  readonly createdAt: Date
  readonly updatedAt: Date
  readonly queuedAt: Date | undefined
  /** When a worker first took it up. */
  readonly startedAt: Date | undefined
  readonly finishedAt: Date | undefined
  readonly cancelRequestedAt: Date | undefined
  /** Out of the history; the notebook is still in the workspace. */
  readonly hiddenAt: Date | undefined
  /** Why it failed. */
  readonly reason: FailureReason | undefined
  readonly message: string | undefined
  readonly batchId: string | undefined
  readonly limits: RunLimits
  readonly retryOf: string | undefined
  readonly fromCell: number | undefined
  /** The cell at which it failed (index in the notebook). */
  readonly failedCell: number | undefined
  /** Code cells. */
  readonly progress: { readonly done: number; readonly total: number } | undefined
  /** Number of its newest event, 0 where there is none. */
  readonly lastEvent: number
  /** How often a worker took it up, adoptions included. */
  readonly attempts: number
  /** Where its kernel is or was. */
  readonly kernel: RunKernel | undefined
  /** There is a small picture of what it has shown. */
  readonly hasThumbnail: boolean
}

/** What decides in which folder a run works. */
export type RunPlace = Pick<Run, 'id' | 'workspace' | 'ownerName' | 'kernel'>

export interface RunKernel {
  /** Which kernel host it runs on. */
  readonly host: string
  readonly kernelId: string
  /** The client id under which its messages are kept. */
  readonly clientId: string
  /** The kernel's own, once it has been joined: where it has another one, it was started anew and what was in it is gone. */
  readonly session?: string
  /** The run before, whose kernel it was: it works in the folder of that one. */
  readonly folderOf?: string
}

export type RunEnd =
  | { readonly state: 'succeeded' | 'cancelled'; readonly message?: string }
  | {
      readonly state: 'failed'
      readonly reason: FailureReason
      readonly message: string
      /** Index in the notebook. */
      readonly failedCell?: number
    }
