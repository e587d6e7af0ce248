import { type Incoming, type Outgoing, readParts } from './message.ts'

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
      ...readParts({ header: text(1), parent: text(2), metadata: text(3), content: text(4) }),
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
  const members = membersOf(text)
  const part = (name: string) => members.get(name) ?? 'null'
  const channel: unknown = JSON.parse(part('channel'))
  return {
    channel: typeof channel === 'string' ? channel : '',
    ...readParts({
      header: part('header'),
      parent: part('parent_header'),
      metadata: part('metadata'),
      content: part('content'),
    }),
    buffers,
    bytes,
  }
}

const TOKENS = /"|[[\]{},:]/g

/** The members of an object as texts, whatever is in them: one that can't be read does not take the others along. */
function membersOf(text: string): ReadonlyMap<string, string> {
  const members = new Map<string, string>()
  let depth = 0
  let name: string | undefined
  let start = 0
  TOKENS.lastIndex = 0
  for (let found = TOKENS.exec(text); found !== null; found = TOKENS.exec(text)) {
    const [token] = found
    if (token === '"') {
      const end = endOfString(text, found.index)
      if (depth === 1 && name === undefined) name = text.slice(found.index + 1, end - 1)
      TOKENS.lastIndex = end
    } else if (token === '{' || token === '[') depth += 1
    else if (token === '}' || token === ']') depth -= 1
    else if (token === ':' && depth === 1) start = found.index + 1
    const ends = (token === ',' && depth === 1) || (token === '}' && depth === 0)
    if (!ends || name === undefined) continue
    members.set(name, text.slice(start, found.index))
    name = undefined
  }
  if (depth !== 0 || members.size === 0) throw new SyntaxError('It is no message of a kernel')
  return members
}

/** After the closing quote. */
function endOfString(text: string, start: number): number {
  for (let close = text.indexOf('"', start + 1); close !== -1; close = text.indexOf('"', close + 1)) {
    let first = close
    while (text[first - 1] === '\\') first -= 1
    if ((close - first) % 2 === 0) return close + 1
  }
  throw new SyntaxError('A string has no end')
}
