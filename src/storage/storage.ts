import type { Readable } from 'node:stream'
import type { StorageGrant, WorkspaceKeys } from './grant.ts'

/** Whose files: every operation names the workspace, and no implementation reaches outside of it. */
export interface StorageScope {
  readonly workspace: string
  /** `preferred_username`: names a path segment, decides nothing. */
  readonly user: string
  /** Needed where the service has no right of its own (`Storage.keys`). */
  readonly grant?: StorageGrant
}

/** Exactly where an object is. The run row keeps it; views look it up and never rebuild it. */
export interface StoredObject {
  /** S3 bucket; on disk the workspace's folder name under the storage root. */
  readonly bucket: string
  readonly key: string
}

/** Bytes `start` to `end`, both included. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

export interface Storage {
  readonly kind: 'disk' | 's3'
  /**
   * Where the notebook of a run goes, by the layout of the preset. Pure. Throws `invalid-request` where a name
   * cannot be a path segment (it is encoded where it can be made safe).
   */
  locate(scope: StorageScope, notebookId: string, outputId: string): StoredObject
  /**
   * Keys to the workspace for a person's token, for work that goes on when they have gone. Undefined where the service
   * needs none. The function throws `storage-failed`.
   */
  readonly keys: ((scope: StorageScope, token: string) => Promise<WorkspaceKeys>) | undefined
  /**
   * Stores whole or not at all. Throws `storage-failed`, naming bucket and action (and role).
   * @param still is asked in the last moment before anybody sees the new body; false: nothing is stored, as if it had failed
   */
  put(
    scope: StorageScope,
    object: StoredObject,
    body: Iterable<Uint8Array>,
    signal?: AbortSignal,
    still?: () => boolean,
  ): Promise<void>
  /** Undefined where there is no cheaper way than to make each body safe by itself. To be asked once. */
  together(): Promise<FlushedTogether | undefined>
  /** Throws `not-found` where there is none, `storage-failed` where storage does not answer. */
  get(scope: StorageScope, object: StoredObject, signal?: AbortSignal): Promise<Uint8Array>
  /**
   * Stores a file as it comes, whole or not at all, in little memory. Throws as `put`, and what `content` throws: then
   * nothing is stored.
   */
  putFile(
    scope: StorageScope,
    object: StoredObject,
    content: AsyncIterable<Uint8Array>,
    mediaType: string,
    signal?: AbortSignal,
  ): Promise<void>
  /** The bytes as they are read, or some of them. Throws as `get`; the stream fails with what happens later. */
  read(
    scope: StorageScope,
    object: StoredObject,
    range: ByteRange | undefined,
    signal?: AbortSignal,
  ): Promise<Readable>
  /** What is gone already is fine. Throws `storage-failed`. */
  remove(scope: StorageScope, object: StoredObject, signal?: AbortSignal): Promise<void>
  /** True once storage answers for the service (not for one workspace). Used by readiness. */
  healthy(signal?: AbortSignal): Promise<boolean>
  [Symbol.asyncDispose](): Promise<void>
}

/** Many small bodies, made safe in one go. Until then a loss of power may take them, or leave a part of them. */
export interface FlushedTogether {
  /** A UUID for the place where the bodies are, the same for every process that uses it. */
  readonly place: string
  /** As `put` of the storage, and there at once for everybody who reads; but not safe before `flush`. */
  put(scope: StorageScope, object: StoredObject, body: readonly Uint8Array[]): Promise<void>
  /** Returns once all that was put before is safe. Throws `storage-failed`. */
  flush(): Promise<void>
}
