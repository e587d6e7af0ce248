import { randomUUID } from 'node:crypto'
import type { KernelConnection, KernelEvent, KernelMessage } from '../../src/kernel/kernel-connection.ts'
import { isObject, type JsonValue } from '../../src/notebook/json.ts'

/** What came of one request, in the order in which it came. */
export interface CellResult {
  readonly messages: readonly KernelMessage[]
  readonly text: string
  readonly status: JsonValue | undefined
}

/** Runs code over a connection, the way a test needs it. */
export class Cells {
  readonly connection: KernelConnection
  readonly #events: AsyncIterator<KernelEvent>
  readonly #early = new Map<string, KernelMessage[]>()

  constructor(connection: KernelConnection) {
    this.connection = connection
    this.#events = connection.events()[Symbol.asyncIterator]()
  }

  send(code: string): string {
    const messageId = randomUUID()
    this.connection.execute({ messageId, code, silent: false, storeHistory: true, stopOnError: true })
    return messageId
  }

  /** Undefined at the end. */
  async next(): Promise<KernelEvent | undefined> {
    const { value, done } = await this.#events.next()
    return done === true ? undefined : value
  }

  /** The next event that is no message. */
  async incident(): Promise<KernelEvent | undefined> {
    for (;;) {
      const event = await this.next()
      if (event?.kind !== 'message') return event
    }
  }

  /** All messages of the request, until both its reply and its idle state are there. */
  async finish(messageId: string): Promise<CellResult> {
    const messages = this.#early.get(messageId) ?? []
    const has = (type: string, member: string, value?: string) =>
      messages.some((one) => one.type === type && (value === undefined || one.content.get(member) === value))
    while (!has('execute_reply', 'status') || !has('status', 'execution_state', 'idle')) {
      const event = await this.next()
      if (event?.kind !== 'message') throw new Error(`${JSON.stringify(event)} instead of a message`)
      const { parentId = '' } = event
      if (parentId === messageId) messages.push(event)
      // The channels have no order between them: the reply to the next one may come first.
      else this.#early.set(parentId, [...(this.#early.get(parentId) ?? []), event])
    }
    return { messages, text: textOf(messages), status: statusOf(messages) }
  }

  run(code: string): Promise<CellResult> {
    return this.finish(this.send(code))
  }
}

export function textOf(messages: readonly KernelMessage[]): string {
  return messages
    .filter(({ type }) => type === 'stream')
    .map(({ content }) => content.get('text'))
    .join('')
}

/** What one message of that type holds in that member. */
export function found(
  messages: readonly KernelMessage[],
  type: string,
  member: string,
): JsonValue | undefined {
  return messages.find((one) => one.type === type)?.content.get(member)
}

/** A member of the data of a result or display. */
export function dataOf(
  messages: readonly KernelMessage[],
  type: string,
  mime: string,
): JsonValue | undefined {
  const data = found(messages, type, 'data')
  return isObject(data) ? data.get(mime) : undefined
}

function statusOf(messages: readonly KernelMessage[]): JsonValue | undefined {
  return found(messages, 'execute_reply', 'status')
}
