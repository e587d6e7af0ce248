/** Who looks; who also runs, and cancels what is theirs; who also ends what is others'. */
export type Role = 'viewer' | 'runner' | 'manager'

/** Who asks. Access is decided by `issuer` + `subject` and `workspaces`; `user` only names things. */
export interface Caller {
  readonly issuer: string
  readonly subject: string
  /** `preferred_username`. */
  readonly user: string
  /** Those in which they may do what they are about to do: `narrowed` takes the others away. */
  readonly workspaces: readonly string[]
  /** What they showed: never written down, and never shown. A function, so that no log or answer has it by accident. */
  readonly accessToken?: () => string
  /** Theirs too, but without the role that is needed: there they may look. */
  readonly onlyLooks?: readonly string[]
  /** Undefined: roles are not told apart. */
  readonly roles?: ReadonlyMap<string, Role>
}

/** What every row of the database is read and written under. */
export interface Scope {
  readonly issuer: string
  readonly subject: string
  readonly user: string
  readonly workspace: string
  /** What opens their workspace where the service has no right of its own. */
  readonly grant?: TokenGrant
}

interface TokenGrant {
  readonly kind: 'token'
  readonly token: string
}

/** What a caller can open their workspaces with, as a member of a scope. */
export function grantOf({ accessToken }: Caller): { readonly grant?: TokenGrant } {
  return accessToken === undefined ? {} : { grant: { kind: 'token', token: accessToken() } }
}
