import type { Caller } from './caller.ts'

/** Checks a bearer token. Throws `invalid-token` (why, never the token) or `identity-unavailable`. */
export interface TokenVerifier {
  verify(token: string): Promise<Caller>
  /** True once the issuer's keys have been had. */
  healthy(): Promise<boolean>
  [Symbol.asyncDispose](): Promise<void>
}
