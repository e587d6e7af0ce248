import { createHmac, timingSafeEqual } from 'node:crypto'
import { isObject, type JsonObject, parseJson } from '../notebook/json.ts'
import type { Incoming, Outgoing } from './message.ts'

/** https://jupyter-client.readthedocs.io/en/stable/messaging.html#the-wire-protocol */
const DELIMITER = Buffer.from('<IDS|MSG>')

export function encodeFrames({ header, content }: Outgoing, key: string): Array<Buffer | string> {
  const parts = [header, '{}', '{}', content]
  return [DELIMITER, sign(parts, key), ...parts]
}

/** Undefined for what was not signed with the key. Throws SyntaxError for what is no JSON. */
export function decodeFrames(
  channel: 'iopub' | 'shell' | 'control',
  frames: readonly Buffer[],
  key: string,
): Incoming | undefined {
  const start = frames.findIndex((frame) => frame.equals(DELIMITER)) + 1
  const [signature, ...rest] = frames.slice(start)
  const parts = rest.slice(0, 4)
  if (start === 0 || signature === undefined || parts.length < 4) return undefined
  const expected = Buffer.from(sign(parts, key))
  if (signature.length !== expected.length || !timingSafeEqual(signature, expected)) return undefined
  const [header, parent, metadata, content] = parts.map(objectFrom)
  const nothing: JsonObject = new Map()
  return {
    channel,
    header: header ?? nothing,
    parent: parent ?? nothing,
    metadata: metadata ?? nothing,
    content: content ?? nothing,
    buffers: rest.slice(4),
    bytes: frames.reduce((sum, frame) => sum + frame.length, 0),
  }
}

function objectFrom(part: Buffer): JsonObject {
  const value = parseJson(part.toString('utf8'))
  return isObject(value) ? value : new Map()
}

function sign(parts: ReadonlyArray<Buffer | string>, key: string): string {
  const hmac = createHmac('sha256', key)
  for (const part of parts) hmac.update(part)
  return hmac.digest('hex')
}
