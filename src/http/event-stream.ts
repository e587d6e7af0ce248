import type { ServerResponse } from 'node:http'
import type { NumberedEvent } from '../run/event.ts'

const HEARTBEAT_MS = 15_000
/** A reader that takes nothing for so long is cut off; it comes back with the number of the last event it had. */
const STALLED_MS = 30_000
/** After how many milliseconds a browser comes back. */
const RETRY_MS = 1_000

const CHUNK_BYTES = 64 * 1024
const HEARTBEAT = Buffer.from(': here\n\n')

/** Made once for all who watch. */
const frames = new WeakMap<NumberedEvent, Buffer>()

function frameOf(numbered: NumberedEvent): Buffer {
  const known = frames.get(numbered)
  if (known !== undefined) return known
  const { number, at, event, json } = numbered
  const data = `{"at":"${at.toISOString()}",${json.slice(1)}`
  const frame = Buffer.from(frameText(number, event.type, data))
  frames.set(numbered, frame)
  return frame
}

const frameText = (id: number, type: string, data: string): string =>
  `id: ${id}\nevent: ${type}\ndata: ${data}\n\n`

/** Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) to one reader. */
export class EventStream implements Disposable {
  readonly #response: ServerResponse
  readonly #heartbeat: NodeJS.Timeout
  #pending: Buffer[] = []
  #bytes = 0

  /** The head of the response is written already. */
  constructor(response: ServerResponse) {
    this.#response = response
    response.write(`retry: ${RETRY_MS}\n\n`)
    this.#heartbeat = setInterval(() => {
      if (!response.writableNeedDrain) response.write(HEARTBEAT)
    }, HEARTBEAT_MS)
  }

  /** Sends the event, once the reader has taken enough of what was sent before. */
  async send(event: NumberedEvent): Promise<void> {
    await this.#write(frameOf(event))
  }

  /** An event that is not kept: `data` is sent as JSON. */
  async tell(id: number, type: string, data: Readonly<Record<string, unknown>>): Promise<void> {
    await this.#write(Buffer.from(frameText(id, type, JSON.stringify(data))))
  }

  [Symbol.dispose](): void {
    clearInterval(this.#heartbeat)
    this.#flush()
    this.#response.end()
  }

  async #write(frame: Buffer): Promise<void> {
    if (this.#response.writableNeedDrain) await this.#drained()
    // What comes in one go is sent in one go.
    if (this.#pending.length === 0) setImmediate(() => this.#flush())
    this.#pending.push(frame)
    this.#bytes += frame.length
    if (this.#bytes >= CHUNK_BYTES) this.#flush()
  }

  #flush(): void {
    const [first, ...others] = this.#pending
    this.#pending = []
    this.#bytes = 0
    if (first === undefined || this.#response.destroyed) return
    this.#response.write(others.length === 0 ? first : Buffer.concat([first, ...others]))
  }

  #drained(): Promise<void> {
    const response = this.#response
    return new Promise((resolve) => {
      const stalled = setTimeout(() => response.destroy(), STALLED_MS)
      const done = () => {
        clearTimeout(stalled)
        response.off('drain', done).off('close', done)
        resolve()
      }
      response.on('drain', done).on('close', done)
      if (response.destroyed) done()
    })
  }
}
