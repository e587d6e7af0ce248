import { Worker } from 'node:worker_threads'
import type { Thumbnail } from './thumbnail.ts'

/** A picture that takes longer is worth no more of it. */
const TIMEOUT_MS = 5_000
/** WebAssembly gives no memory back: its thread ends when nothing more came for so long. */
const IDLE_MS = 10_000

/**
 * Makes pictures small, in a thread of its own and inside WebAssembly: whatever a notebook calls a picture costs that
 * thread at most. One at a time.
 */
export class Thumbnailer implements AsyncDisposable {
  #worker: Worker | undefined
  #last: Promise<unknown> = Promise.resolve()
  #idle: NodeJS.Timeout | undefined

  /** Takes the bytes over. Undefined where no small picture can be made of them. Never throws. */
  async make(picture: Uint8Array<ArrayBuffer>): Promise<Thumbnail | undefined> {
    const made = this.#last.then(() => this.#make(picture))
    this.#last = made
    return made
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end()
  }

  async #make(picture: Uint8Array<ArrayBuffer>): Promise<Thumbnail | undefined> {
    clearTimeout(this.#idle)
    this.#worker ??= new Worker(new URL('./thumbnail-worker.ts', import.meta.url), {
      name: 'thumbnails',
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: 256 },
    })
    const worker = this.#worker
    const { promise, resolve } = Promise.withResolvers<Thumbnail | undefined>()
    const failed = () => {
      resolve(undefined)
      void this.#end()
    }
    const late = setTimeout(failed, TIMEOUT_MS)
    worker.once('message', resolve).once('error', failed)
    worker.ref()
    worker.postMessage(picture, [picture.buffer])
    const made = await promise
    clearTimeout(late)
    worker.off('message', resolve).off('error', failed)
    worker.unref()
    this.#idle = setTimeout(() => void this.#end(), IDLE_MS).unref()
    return made
  }

  async #end(): Promise<void> {
    clearTimeout(this.#idle)
    const worker = this.#worker
    this.#worker = undefined
    // What goes wrong in it while it ends is nobody's concern any more.
    await worker?.on('error', () => undefined).terminate()
  }
}
