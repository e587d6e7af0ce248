/** Whose files: every operation names the workspace, and no implementation reaches outside of it. */
export interface StorageScope {
  readonly workspace: string
  /** `preferred_username`: names a path segment, decides nothing. */
  readonly user: string
}

/** Exactly where an object is. The run row keeps it; views look it up and never rebuild it. */
export interface StoredObject {
  /** S3 bucket; on disk the workspace's folder name under the storage root. */
  readonly bucket: string
  readonly key: string
}

export interface Storage {
  readonly kind: 'disk' | 's3'
  /**
   * Where the notebook of a run goes, by the layout of the preset. Pure. Throws `invalid-request` where a name
   * cannot be a path segment (it is encoded where it can be made safe).
   */
  locate(scope: StorageScope, notebookId: string, outputId: string): StoredObject
  /** Stores whole or not at all. Throws `storage-failed`, naming bucket and action (and role). */
  put(
    scope: StorageScope,
    object: StoredObject,
    body: readonly Uint8Array[],
    signal?: AbortSignal,
  ): Promise<void>
  /** Throws `not-found` where there is none, `storage-failed` where storage does not answer. */
  get(scope: StorageScope, object: StoredObject, signal?: AbortSignal): Promise<Uint8Array>
  /** True once storage answers for the service (not for one workspace). Used by readiness. */
  healthy(signal?: AbortSignal): Promise<boolean>
  [Symbol.asyncDispose](): Promise<void>
}
