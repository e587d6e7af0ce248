import { createHmac, timingSafeEqual } from 'node:crypto'
import { type Incoming, type Outgoing, readParts } from './message.ts'

/** https://jupyter-client.readthedocs.io/en/stable/messaging.html#the-wire-protocol */
const DELIMITER = Buffer.from('<IDS|MSG>')

export function encodeFrames({ header, content }: Outgoing, key: string): Array<Buffer | string> {
  const parts = [header, '{}', '{}', content]
  return [DELIMITER, sign(parts, key), ...parts]
}

/** Undefined for what was not signed with the key. */
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
  const [header = '', parent = '', metadata = '', content = ''] = parts.map((part) => part.toString('utf8'))
  return {
    channel,
    ...readParts({ header, parent, metadata, content }),
    buffers: rest.slice(4),
    bytes: frames.reduce((sum, frame) => sum + frame.length, 0),
  }
}

function sign(parts: ReadonlyArray<Buffer | string>, key: string): string {
  const hmac = createHmac('sha256', key)
  for (const part of parts) hmac.update(part)
  return hmac.digest('hex')
}
