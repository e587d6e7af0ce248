import { isObject, type JsonObject, parseJson } from '../notebook/json.ts'
import type { Incoming, Outgoing } from './message.ts'

/** https://jupyter-server.readthedocs.io/en/latest/developers/websocket-protocols.html */
export const V1_SUBPROTOCOL = 'v1.kernel.websocket.jupyter.org'

/** How messages are put into frames. Both throw SyntaxError or RangeError for a frame that is none of theirs. */
export interface Framing {
  encode(message: Outgoing): string | Uint8Array
  decode(frame: Buffer, isBinary: boolean): Incoming
}

/** Little-endian 64-bit numbers: how many offsets, the offsets, then the parts, each of them JSON or a buffer. */
export const v1Framing: Framing = {
  encode({ channel, header, content }) {
    const parts = [channel, header, '{}', '{}', content].map((part) => Buffer.from(part))
    const head = Buffer.alloc(8 * (parts.length + 2))
    head.writeBigUInt64LE(BigInt(parts.length + 1), 0)
    let offset = head.length
    for (const [index, part] of [...parts, Buffer.alloc(0)].entries()) {
      head.writeBigUInt64LE(BigInt(offset), 8 * (index + 1))
      offset += part.length
    }
    return Buffer.concat([head, ...parts])
  },
  decode(frame) {
    const count = Number(frame.readBigUInt64LE(0))
    const offsets = Array.from({ length: count }, (_, index) =>
      Number(frame.readBigUInt64LE(8 * (index + 1))),
    )
    const part = (index: number) => frame.subarray(offsets[index] ?? frame.length, offsets[index + 1])
    const text = (index: number) => part(index).toString('utf8')
    return {
      channel: text(0),
      header: objectOf(parseJson(text(1))),
      parent: objectOf(parseJson(text(2))),
      metadata: objectOf(parseJson(text(3))),
      content: objectOf(parseJson(text(4))),
      buffers: Array.from({ length: Math.max(0, count - 6) }, (_, index) => part(index + 5)),
      bytes: frame.length,
    }
  },
}

/** What servers spoke before: one JSON text, or, with buffers, big-endian 32-bit offsets, that JSON, the buffers. */
export const jsonFraming: Framing = {
  encode({ channel, header, content }) {
    return `{"channel":"${channel}","header":${header},"parent_header":{},"metadata":{},"content":${content},"buffers":[]}`
  },
  decode(frame, isBinary) {
    if (!isBinary) return fromJson(frame.toString('utf8'), [], frame.length)
    const count = frame.readUInt32BE(0)
    const offsets = Array.from({ length: count }, (_, index) => frame.readUInt32BE(4 * (index + 1)))
    const [json = Buffer.alloc(0), ...buffers] = offsets.map((offset, index) =>
      frame.subarray(offset, offsets[index + 1]),
    )
    return fromJson(json.toString('utf8'), buffers, frame.length)
  },
}

function fromJson(text: string, buffers: readonly Uint8Array[], bytes: number): Incoming {
  const message = objectOf(parseJson(text))
  const part = (name: string) => objectOf(message.get(name) ?? null)
  const channel = message.get('channel')
  return {
    channel: typeof channel === 'string' ? channel : '',
    header: part('header'),
    parent: part('parent_header'),
    metadata: part('metadata'),
    content: part('content'),
    buffers,
    bytes,
  }
}

/** A parent header may be null; whatever else is no object says nothing either. */
function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : new Map()
}
