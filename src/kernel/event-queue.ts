import type { KernelEvent } from './kernel-connection.ts'

type Slot =
  | { readonly event: KernelEvent; readonly bytes: number }
  /** Called once everything before it has been dealt with. */
  | { readonly reached: () => void }

/** Above the one the way is paused, below the other it goes on. */
const FULL_BYTES = 4 * 1024 * 1024
const LOW_BYTES = 1024 * 1024

/** Events between the way to a kernel and the one who reads them. What is not read yet stays on the way. */
export class EventQueue {
  readonly #flow: { pause(): void; resume(): void }
  readonly #slots: Slot[] = []
  #bytes = 0
  #paused = false
  #closed = false
  #reading = false
  #wake = Promise.withResolvers<void>()

  constructor(flow: { pause(): void; resume(): void }) {
    this.#flow = flow
  }

  get paused(): boolean {
    return this.#paused
  }

  push(event: KernelEvent, bytes: number): void {
    if (this.#closed) return
    this.#slots.push({ event, bytes })
    this.#bytes += bytes
    if (!this.#paused && this.#bytes > FULL_BYTES) {
      this.#paused = true
      this.#flow.pause()
    }
    this.#wake.resolve()
  }

  /** Calls back once the reader has dealt with all that came before; at once where nobody reads. */
  whenReached(reached: () => void): void {
    if (!this.#reading) {
      reached()
      return
    }
    this.#slots.push({ reached })
    this.#wake.resolve()
  }

  /** No more is taken; what is in it can still be read. */
  close(): void {
    this.#closed = true
    this.#wake.resolve()
  }

  /** What is in it is of no interest any more. */
  clear(): void {
    for (const slot of this.#slots.splice(0)) if ('reached' in slot) slot.reached()
    this.#bytes = 0
  }

  /** One reader at a time; a later one goes on where the one before stopped. */
  async *read(): AsyncGenerator<KernelEvent, undefined, undefined> {
    this.#reading = true
    try {
      for (;;) {
        const slot = this.#slots.shift()
        if (slot === undefined) {
          if (this.#closed) return
          this.#wake = Promise.withResolvers()
          await this.#wake.promise
        } else if ('reached' in slot) {
          slot.reached()
        } else {
          this.#bytes -= slot.bytes
          yield slot.event
          this.#flowAgain()
        }
      }
    } finally {
      this.#reading = false
      for (const slot of this.#slots) if ('reached' in slot) slot.reached()
      this.#flowAgain()
    }
  }

  #flowAgain(): void {
    if (!this.#paused || this.#bytes > LOW_BYTES) return
    this.#paused = false
    this.#flow.resume()
  }
}
