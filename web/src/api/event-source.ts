import { type EventSourceMessage, EventSourceParserStream } from 'eventsource-parser/stream'
import { addressOf } from './client.ts'

export interface Following {
  /** From the service's root, such as `/jobs/1/events`. */
  readonly path: string
  /** Number of the last event that is known already. */
  readonly after?: number
  /** Each event, once, in order. */
  readonly onEvent: (event: EventSourceMessage) => void
  /** False while the connection is lost and made again. */
  readonly onConnected?: (connected: boolean) => void
  readonly signal: AbortSignal
}

const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 10_000
/** The server sends a heartbeat every 15 s; a connection that is silent for longer is dead (a laptop that slept). */
const SILENCE_MS = 40_000

/**
 * Follows server-sent events to their end (204) or until `signal`, across lost connections, restarted servers and sleep:
 * each connection resumes after the last event that came, by `Last-Event-ID`. Unlike the browser's own EventSource it
 * comes back after an error status, too, and gives up only where the server refuses for good (4xx).
 */
export async function followEvents(following: Following): Promise<void> {
  const { onConnected, signal } = following
  let after = String(following.after ?? 0)
  let wait = FIRST_WAIT_MS
  const onEvent = (event: EventSourceMessage) => {
    wait = FIRST_WAIT_MS
    if (event.id !== undefined) after = event.id
    following.onEvent(event)
  }
  while (!signal.aborted) {
    const ended = await readOnce(following, after, onEvent).catch(() => false)
    if (ended || signal.aborted) return
    onConnected?.(false)
    await pause(wait, signal)
    wait = Math.min(wait * 2, LONGEST_WAIT_MS)
  }
}

/** True where no more will come. */
async function readOnce(
  { path, onConnected, signal }: Following,
  after: string,
  onEvent: (event: EventSourceMessage) => void,
): Promise<boolean> {
  const silence = new AbortController()
  const headers = { accept: 'text/event-stream', 'last-event-id': after }
  const response = await fetch(addressOf(path), {
    headers,
    signal: AbortSignal.any([signal, silence.signal]),
  })
  if (response.status === 204) return true
  if (!response.ok || response.body === null)
    return response.status >= 400 && response.status < 500 && response.status !== 429
  onConnected?.(true)
  // Nothing more will come over it, and nobody should have to wait for the silence to hear so.
  window.addEventListener('offline', () => silence.abort(), { signal: silence.signal })
  let timer = setTimeout(() => silence.abort(), SILENCE_MS)
  const heard = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(chunk, controller) {
      clearTimeout(timer)
      timer = setTimeout(() => silence.abort(), SILENCE_MS)
      controller.enqueue(chunk)
    },
  })
  const events = response.body
    .pipeThrough(heard)
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream())
    .getReader()
  try {
    for (;;) {
      const { value, done } = await events.read()
      if (done) return false
      onEvent(value)
    }
  } finally {
    clearTimeout(timer)
    silence.abort()
  }
}

/** Ends early when the network is back, when the page is looked at again, and with `signal`. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const over = new AbortController()
    const done = () => {
      over.abort()
      clearTimeout(timer)
      resolve()
    }
    const timer = setTimeout(done, ms)
    const options = { signal: over.signal }
    signal.addEventListener('abort', done, options)
    window.addEventListener('online', done, options)
    document.addEventListener('visibilitychange', () => document.hidden || done(), options)
  })
}
