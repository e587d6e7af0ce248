import type { JsonValue } from '../notebook/json.ts'
import type { StoredObject } from '../storage/storage.ts'

/** `prepared` is terminal: stored and opened in JupyterLab, never executed here. */
export type RunState =
  | 'prepared'
  | 'queued'
  | 'starting'
  | 'running'
  | 'saving'
  | 'succeeded'
  | 'failed'
  | 'cancelled'

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

export interface Run extends NewRun {
  readonly state: RunState
  readonly workspace: string
  readonly ownerIssuer: string
  readonly ownerSubject: string
  /** Only shown; who owns it is decided by issuer and subject. */
  readonly ownerName: string
  /** By the clock of the database. */
  readonly createdAt: Date
}
