/** Who asks. Access is decided by `issuer` + `subject` and `workspaces`; `user` only names things. */
export interface Caller {
  readonly issuer: string
  readonly subject: string
  /** `preferred_username`. */
  readonly user: string
  readonly workspaces: readonly string[]
}

/** What every row of the database is read and written under. */
export interface Scope {
  readonly issuer: string
  readonly subject: string
  readonly user: string
  readonly workspace: string
}
