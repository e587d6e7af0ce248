import { randomUUID } from 'node:crypto'
import { RunnerError } from '../errors.ts'
import type { JsonObject } from '../notebook/json.ts'
import { EventQueue } from './event-queue.ts'
import type { ExecuteRequest, KernelConnection, KernelEvent, KernelMessage } from './kernel-connection.ts'
import { executeRequest, type Incoming, type Outgoing, outgoing, textOf } from './message.ts'

/** How messages reach a kernel. */
export interface Wire {
  /** True while messages can be sent. */
  readonly open: boolean
  send(message: Outgoing): void
  /** Stops what comes in, so that it waits where it comes from; some of it may still come. */
  pause(): void
  resume(): void
  close(): Promise<void>
}

interface Asked {
  readonly resolve: (content: JsonObject) => void
  readonly reject: (error: RunnerError) => void
  reply?: JsonObject
  idle?: true
}

/**
 * From the reply to an info request on, before it is asked anew: what a kernel publishes in its first moments, before all
 * have subscribed, is lost. Jupyter Server's nudge of a kernel has the same reason.
 */
const NUDGE_MS = 1_000

const GONE_STATES: ReadonlySet<string | undefined> = new Set(['restarting', 'autorestarting', 'dead'])

/** The Jupyter protocol over any wire: the wire calls `receive`, `died` and `broken`. */
export class ProtocolConnection implements KernelConnection {
  readonly kernelId: string
  readonly clientId: string
  readonly #wire: Wire
  readonly #queue: EventQueue
  readonly #asked = new Map<string, Asked>()
  #kernelSession: string | undefined
  #died = false
  #ended = false

  constructor({ kernelId, clientId }: { readonly kernelId: string; readonly clientId: string }, wire: Wire) {
    this.kernelId = kernelId
    this.clientId = clientId
    this.#wire = wire
    this.#queue = new EventQueue(wire)
  }

  get kernelSession(): string | undefined {
    return this.#kernelSession
  }

  /** True while nothing is read from the wire. */
  get paused(): boolean {
    return this.#queue.paused
  }

  execute(request: ExecuteRequest): void {
    this.#send(executeRequest(request, this.clientId))
  }

  async info(signal: AbortSignal): Promise<JsonObject> {
    const { promise, resolve, reject } = Promise.withResolvers<JsonObject>()
    const late = () => reject(failed('The kernel did not answer in time.', signal.reason))
    if (signal.aborted) late()
    signal.addEventListener('abort', late)
    const asked: Asked = { resolve, reject }
    const ids: string[] = []
    const nudge = setInterval(() => {
      if (asked.reply !== undefined && this.#canSend && !this.paused) ids.push(this.#ask(asked))
    }, NUDGE_MS)
    try {
      ids.push(this.#ask(asked))
      return await promise
    } finally {
      clearInterval(nudge)
      for (const id of ids) this.#asked.delete(id)
      signal.removeEventListener('abort', late)
    }
  }

  events(): AsyncIterable<KernelEvent> {
    return { [Symbol.asyncIterator]: () => this.#queue.read() }
  }

  receive(message: Incoming): void {
    const { channel, header, parent, metadata, buffers, bytes, unread } = message
    if (channel !== 'iopub' && channel !== 'shell' && channel !== 'stdin') return
    const type = textOf(header, 'msg_type') ?? ''
    // Kernels say in the metadata too how a request went; where they don't, an answer that can't be read is none.
    const content: JsonObject =
      unread !== undefined && type === 'execute_reply' && !message.content.has('status')
        ? new Map([['status', textOf(metadata, 'status') ?? 'aborted']])
        : message.content
    const state = type === 'status' ? textOf(content, 'execution_state') : undefined
    // The kernel says farewell, or its server speaks for one that cannot.
    if ((channel === 'iopub' && type === 'shutdown_reply') || GONE_STATES.has(state)) {
      this.died()
      return
    }
    const parentId = textOf(parent, 'msg_id')
    const date = textOf(header, 'date')
    const event: KernelMessage = {
      kind: 'message',
      channel,
      type,
      parentId,
      date,
      content,
      metadata,
      buffers,
      ...(unread !== undefined && { unread }),
    }
    this.#queue.push(event, bytes)
    this.#answer(message, type, state)
  }

  died(): void {
    if (this.#died || this.#ended) return
    this.#died = true
    this.#queue.push({ kind: 'died' }, 0)
    this.#refuse(new RunnerError('kernel-gone', 'The kernel died: what was in it is gone.'))
  }

  /** `reason` is a sentence for the person. */
  broken(reason: string): void {
    if (this.#ended) return
    this.#ended = true
    this.#queue.push({ kind: 'disconnected', reason }, 0)
    this.#queue.close()
    this.#refuse(failed(reason))
  }

  async hangUp(): Promise<void> {
    await this.#wire.close()
    this.broken('The connection to the kernel was closed.')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true
    this.#queue.close()
    this.#queue.clear()
    this.#refuse(failed('The connection to the kernel was closed.'))
    await this.#wire.close()
  }

  #ask(asked: Asked): string {
    const messageId = randomUUID()
    this.#send(outgoing('shell', 'kernel_info_request', {}, { messageId, clientId: this.clientId }))
    this.#asked.set(messageId, asked)
    return messageId
  }

  get #canSend(): boolean {
    return !this.#ended && this.#wire.open
  }

  #send(message: Outgoing): void {
    if (!this.#canSend) throw failed('The connection to the kernel is broken.')
    this.#wire.send(message)
  }

  /**
   * An info request is answered once its reply and its idle state have both come: the channels have no order between
   * them, but on each of them everything of the requests before has come by then.
   */
  #answer({ channel, header, parent, content }: Incoming, type: string, state: string | undefined): void {
    const asked = this.#asked.get(textOf(parent, 'msg_id') ?? '')
    if (asked === undefined) return
    if (channel === 'shell' && type === 'kernel_info_reply') {
      asked.reply = content
      this.#kernelSession = textOf(header, 'session')
    }
    if (state === 'idle') asked.idle = true
    const { reply } = asked
    if (reply !== undefined && asked.idle) this.#queue.whenReached(() => asked.resolve(reply))
  }

  #refuse(error: RunnerError): void {
    for (const { reject } of this.#asked.values()) reject(error)
  }
}

function failed(message: string, cause?: unknown): RunnerError {
  return new RunnerError('kernel-host-failed', message, { cause })
}
