import type { FaultCode } from './faults.ts'

/** What one check found. `check` is its name, `what` a sentence without a secret. */
export type Finding =
  | { readonly check: string; readonly result: 'ok' | 'not-concerned'; readonly what: string }
  | { readonly check: string; readonly result: 'fault'; readonly code: FaultCode; readonly what: string }

export const ok = (check: string, what: string): Finding => ({ check, result: 'ok', what })

/** The settings have no such part, or it could not be reached, which is a finding of its own. */
export const notConcerned = (check: string, what: string): Finding => ({
  check,
  result: 'not-concerned',
  what,
})

export const fault = (check: string, code: FaultCode, what: string): Finding => ({
  check,
  result: 'fault',
  code,
  what,
})

/** The innermost message: what the system or the driver said. */
export function reasonOf(error: unknown): string {
  const inner = error instanceof AggregateError ? error.errors[0] : error
  if (!(inner instanceof Error)) return String(inner)
  return inner.cause === undefined ? inner.message : reasonOf(inner.cause)
}
