import { isObject, type JsonObject, parseJson } from '../notebook/json.ts'
import type { ExecuteRequest } from './kernel-connection.ts'

/** A request to a kernel, ready to be packed for its way: the texts are JSON. */
export interface Outgoing {
  readonly channel: 'shell' | 'control'
  readonly header: string
  readonly content: string
}

/** A message as it came, whatever the way; numbers as they were written. */
export interface Incoming {
  readonly channel: string
  readonly header: JsonObject
  readonly parent: JsonObject
  readonly metadata: JsonObject
  readonly content: JsonObject
  readonly buffers: readonly Uint8Array[]
  /** Why a part of it could not be read, such as nesting too deep; that part is empty then. */
  readonly unread?: string
  /** About what it takes in memory. */
  readonly bytes: number
}

/** The parts as JSON texts. One that can't be read costs that part alone: the message still says whose it is. */
export function readParts(texts: {
  readonly header: string
  readonly parent: string
  readonly metadata: string
  readonly content: string
}): Pick<Incoming, 'header' | 'parent' | 'metadata' | 'content' | 'unread'> {
  let unread: string | undefined
  const read = (text: string): JsonObject => {
    try {
      const value = parseJson(text)
      // A parent header may be null; whatever else is no object says nothing either.
      return isObject(value) ? value : new Map()
    } catch (error) {
      unread = error instanceof Error ? error.message : String(error)
      return new Map()
    }
  }
  const parts = {
    header: read(texts.header),
    parent: read(texts.parent),
    metadata: read(texts.metadata),
    content: read(texts.content),
  }
  return unread === undefined ? parts : { ...parts, unread }
}

/** https://jupyter-client.readthedocs.io/en/stable/messaging.html */
export function outgoing(
  channel: Outgoing['channel'],
  type: string,
  content: object,
  { messageId, clientId }: { readonly messageId: string; readonly clientId: string },
): Outgoing {
  const header = {
    msg_id: messageId,
    msg_type: type,
    username: '',
    session: clientId,
    date: new Date().toISOString(),
    version: '5.3',
  }
  return { channel, header: JSON.stringify(header), content: JSON.stringify(content) }
}

export function executeRequest(request: ExecuteRequest, clientId: string): Outgoing {
  const { messageId, code, silent, storeHistory, stopOnError } = request
  const content = {
    code,
    silent,
    store_history: storeHistory,
    user_expressions: {},
    allow_stdin: false,
    stop_on_error: stopOnError,
  }
  return outgoing('shell', 'execute_request', content, { messageId, clientId })
}

/** A member of a message that is a text, or undefined. */
export function textOf(object: JsonObject, name: string): string | undefined {
  const value = object.get(name)
  return typeof value === 'string' ? value : undefined
}
