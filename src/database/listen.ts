import timers from 'node:timers/promises'
import pg from 'pg'
import type { ChildLog } from '../process/shared-child.ts'
import { addressOf, type DatabaseTarget } from './connect.ts'

export interface Hearing {
  notification(channel: string, payload: string): void
  /** From now on everything is heard; what was told before, since the last time, was not. */
  connected(): void
}

const TIMEOUT_MS = 5_000
const CHECK_EVERY_MS = 10_000
const RETRY_MS = { first: 100, most: 3_000 }

/**
 * Listens to `channels` on a connection of its own, which is made again whenever it breaks, until disposed of.
 * Returns at once: `connected` says when it hears. A connection that is silently dead is noticed within 15 s.
 */
export function listen(
  target: DatabaseTarget,
  channels: readonly string[],
  hearing: Hearing,
  log: ChildLog,
): AsyncDisposable {
  const stop = new AbortController()
  const listening = keepListening(target, channels, hearing, log, stop.signal)
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await listening
    },
  }
}

async function keepListening(
  target: DatabaseTarget,
  channels: readonly string[],
  hearing: Hearing,
  log: ChildLog,
  signal: AbortSignal,
): Promise<void> {
  let wait = RETRY_MS.first
  while (!signal.aborted) {
    try {
      await listenOnce(target, channels, signal, {
        notification: hearing.notification,
        connected() {
          wait = RETRY_MS.first
          hearing.connected()
        },
      })
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      log.warn({ error: message }, 'The connection that hears of runs broke, and is made again')
      await timers.setTimeout(wait, undefined, { signal, ref: false }).catch(() => undefined)
      wait = Math.min(wait * 2, RETRY_MS.most)
    }
  }
}

/** Returns when `signal` aborts, throws when the connection breaks. */
async function listenOnce(
  target: DatabaseTarget,
  channels: readonly string[],
  signal: AbortSignal,
  hearing: Hearing,
): Promise<void> {
  const client = new pg.Client({
    ...addressOf(target),
    connectionTimeoutMillis: TIMEOUT_MS,
    query_timeout: TIMEOUT_MS,
    application_name: 'notebook-runner listening',
  })
  const broken = Promise.withResolvers<never>()
  broken.promise.catch(() => undefined)
  client.on('error', broken.reject)
  client.on('end', () => broken.reject(new Error('The connection ended')))
  client.on('notification', ({ channel, payload }) => hearing.notification(channel, payload ?? ''))
  try {
    await client.connect()
    await client.query(channels.map((channel) => `LISTEN ${channel}`).join(';'))
    hearing.connected()
    while (!signal.aborted) {
      const pause = timers.setTimeout(CHECK_EVERY_MS, undefined, { signal, ref: false })
      await Promise.race([pause.catch(() => undefined), broken.promise])
      if (!signal.aborted) await Promise.race([client.query('SELECT 1'), broken.promise])
    }
  } finally {
    await client.end().catch(() => undefined)
  }
}
