/** What was given for a sign-in or a renewal. Times are seconds since 1970. */
export interface Tokens {
  readonly accessToken: string
  readonly refreshToken: string | undefined
  /** '' where there are none. */
  readonly idToken: string
  readonly expires: number
  /** From when on they are better renewed. */
  readonly renewAt: number
}

export interface SignedIn {
  readonly tokens: Tokens
  readonly subject: string
  /** The issuer's own name of the session, where it has one. */
  readonly sid: string | undefined
}

/** What one sign-in is told by: none of them is ever used twice. */
export interface Proofs {
  readonly state: string
  readonly nonce: string
  /** PKCE (RFC 7636). */
  readonly verifier: string
}

/**
 * Who is asked at a sign-in: an issuer, or JupyterHub. All throw `identity-unavailable` where it does not answer, and
 * `sign-in-failed` where it refuses or its answer proves nothing.
 */
export interface SignInClient {
  authorizationUrl(redirectUri: string, proofs: Proofs): Promise<string>
  /** @param callback the address that the browser came back to, with what was added there */
  signedIn(callback: URL, proofs: Proofs): Promise<SignedIn>
  /** New tokens for old; undefined where the session is over. */
  renewed(tokens: Tokens): Promise<Tokens | undefined>
  /** Where a browser signs out there too; undefined where it can't. */
  endSessionUrl(idToken: string, afterwards: string): Promise<string | undefined>
}
