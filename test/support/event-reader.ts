import { request } from 'undici'

export interface SentEvent {
  readonly id: number
  readonly type: string
  readonly data: Readonly<Record<string, unknown>>
}

/** The events that an address sends, as they come; ends with the answer. */
export interface EventReader extends AsyncDisposable, AsyncIterable<SentEvent> {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  /** All that came so far, as it came. */
  readonly text: () => string
  /** The next event; undefined at the end. */
  next(): Promise<SentEvent | undefined>
}

export async function readEvents(url: string, headers: Record<string, string>): Promise<EventReader> {
  const stop = new AbortController()
  const response = await request(url, { headers, signal: stop.signal, bodyTimeout: 0 })
  let text = ''
  async function* events(): AsyncGenerator<SentEvent> {
    let rest = ''
    for await (const chunk of response.body) {
      text += String(chunk)
      const blocks = `${rest}${chunk}`.split('\n\n')
      rest = blocks.pop() ?? ''
      for (const block of blocks) {
        const [, id, type, data] = /^id: (\d+)\nevent: (\S+)\ndata: ([^\n]*)$/.exec(block) ?? []
        if (data !== undefined) yield { id: Number(id), type: type ?? '', data: JSON.parse(data) }
      }
    }
  }
  const iterator = events()
  return {
    status: response.statusCode,
    headers: response.headers,
    text: () => text,
    async next() {
      const { value, done } = await iterator.next()
      return done === true ? undefined : value
    },
    [Symbol.asyncIterator]: () => iterator,
    async [Symbol.asyncDispose]() {
      response.body.on('error', () => undefined)
      stop.abort()
    },
  }
}
