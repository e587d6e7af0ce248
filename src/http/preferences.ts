import type { FastifyRequest } from 'fastify'

/** Longer waits are cut to this. */
const MAX_WAIT_SECONDS = 60

/** What `Prefer` (RFC 7240) asks for; what is not understood is ignored, as it says. */
export interface Preferences {
  readonly respondAsync: boolean
  /** How long to wait for the end of the run. */
  readonly waitSeconds: number | undefined
}

export function preferencesOf(request: FastifyRequest): Preferences {
  const header = request.headers['prefer'] ?? ''
  const tokens = String(header)
    .split(',')
    .map((one) => one.split(';')[0]?.trim().toLowerCase() ?? '')
  const [, seconds] = tokens.map((token) => /^wait\s*=\s*"?(\d{1,9})"?$/.exec(token)).find(Boolean) ?? []
  // Some clients of OGC's ask to wait without saying how long.
  const waits = seconds === undefined && tokens.includes('respond-sync') ? MAX_WAIT_SECONDS : undefined
  return {
    respondAsync: tokens.includes('respond-async'),
    waitSeconds: seconds === undefined ? waits : Math.min(Number(seconds), MAX_WAIT_SECONDS),
  }
}
