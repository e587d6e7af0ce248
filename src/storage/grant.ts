/** Keys to one workspace, for some time. */
export interface WorkspaceKeys {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
  readonly expiration: Date
}

/**
 * What opens a workspace where the service has no right of its own: the access token of a person who is there, or keys
 * that were had for it before they went.
 */
export type StorageGrant =
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'keys'; readonly keys: WorkspaceKeys }
