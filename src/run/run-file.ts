import type { StoredObject } from '../storage/storage.ts'

/** Why a file of a run is in the run's folder only, and was not copied into the workspace's storage. */
export const LEFT_BECAUSE = ['too-large', 'changed', 'unreadable', 'not-stored', 'name'] as const
export type LeftBecause = (typeof LEFT_BECAUSE)[number]

/** A file that a run left in its folder. */
export interface RunFile {
  /** From the folder on, with `/` between its names. */
  readonly path: string
  /** Bytes. */
  readonly size: number
  readonly mediaType: string
  readonly copy:
    | {
        readonly object: StoredObject
        /** SHA-256, in hexadecimal digits. */
        readonly digest: string
      }
    | { readonly leftBecause: LeftBecause }
}

export interface RunFiles {
  /** By path. */
  readonly files: readonly RunFile[]
  /** False where there are more than are listed. */
  readonly complete: boolean
}

/** For people. */
export const LEFT_WORDS: Readonly<Record<LeftBecause, string>> = {
  'too-large': 'it is larger than what may be copied of a run’s files',
  changed: 'it changed while it was copied',
  unreadable: 'it could not be read',
  'not-stored': 'the workspace’s storage did not take it',
  name: 'its name is too long to be stored',
}
