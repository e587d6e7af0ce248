import { randomUUID } from 'node:crypto'
import { canEnterFolders, enterFolder } from './enter-folder.ts'
import type { KernelConnection } from './kernel-connection.ts'
import type { KernelHost, KernelStart } from './kernel-host.ts'

export interface WarmKernelsOptions {
  readonly host: KernelHost
  /** Where they wait: the root of a server (empty), or any folder for the direct host. */
  readonly folder: string
  /** How many wait at most. */
  readonly most: number
  /** One that nobody took for so long ends. */
  readonly idleMs: number
  /** How long one may take to start in the background. */
  readonly startMs: number
  readonly log: { warn(details: object, message: string): void }
}

export interface WarmStart extends KernelStart {
  /** Nobody gets a kernel that was started for somebody else. */
  readonly owner: string
  /** Of the kernelspec: whether the kernel can change its folder after it has started. */
  readonly language: string
}

interface Waiting {
  readonly key: string
  /** Undefined once it turns out that it could not be started. */
  readonly connection: Promise<KernelConnection | undefined>
  readonly timer: NodeJS.Timeout
}

/**
 * A few started, never-used kernels, each for one owner, kernel name and environment. What is taken belongs to who took
 * it: it never comes back.
 */
export class WarmKernels implements AsyncDisposable {
  readonly #options: WarmKernelsOptions
  /** The oldest first. */
  readonly #waiting: Waiting[] = []
  readonly #ending = new Set<Promise<void>>()
  #closed = false

  constructor(options: WarmKernelsOptions) {
    this.#options = options
  }

  /**
   * The connection to a kernel in the wanted folder: to one that waited, otherwise to one that is started now. Starts
   * the next one of its kind in the background. Throws as `KernelHost.start` and `connect` do.
   */
  async take(start: WarmStart, signal: AbortSignal): Promise<KernelConnection> {
    if (!canEnterFolders(start.language)) return this.#open(start, signal)
    const key = keyOf(start)
    const index = this.#waiting.findIndex((one) => one.key === key)
    const [found] = index === -1 ? [] : this.#waiting.splice(index, 1)
    if (found !== undefined) clearTimeout(found.timer)
    const warm = await found?.connection
    try {
      if (warm === undefined) return await this.#open(start, signal)
      if (await enterFolder(warm, start, signal)) return warm
      this.#end(warm)
      return await this.#open(start, signal)
    } finally {
      this.#startNext(start, key)
    }
  }

  /** Ends all that wait. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    for (const one of this.#waiting.splice(0)) this.#drop(one)
    while (this.#ending.size > 0) await Promise.all(this.#ending)
  }

  async #open(start: KernelStart, signal: AbortSignal): Promise<KernelConnection> {
    const { host } = this.#options
    const kernelId = await host.start(start, signal)
    try {
      return await host.connect(kernelId, randomUUID(), signal)
    } catch (error) {
      await host.shutdown(kernelId).catch(() => undefined)
      throw error
    }
  }

  #startNext({ kernelName, environment }: WarmStart, key: string): void {
    const { folder, most, idleMs, startMs, log } = this.#options
    if (this.#closed || most === 0 || this.#waiting.some((one) => one.key === key)) return
    const connection = this.#open({ kernelName, folder, environment }, AbortSignal.timeout(startMs)).catch(
      (error) => {
        log.warn({ error: String(error) }, 'A kernel could not be started ahead')
        return undefined
      },
    )
    const timer = setTimeout(() => {
      const index = this.#waiting.indexOf(waiting)
      if (index !== -1) this.#waiting.splice(index, 1)
      this.#drop(waiting)
    }, idleMs).unref()
    const waiting = { key, connection, timer }
    this.#waiting.push(waiting)
    const oldest = this.#waiting.length > most ? this.#waiting.shift() : undefined
    if (oldest !== undefined) this.#drop(oldest)
  }

  #drop({ connection, timer }: Waiting): void {
    clearTimeout(timer)
    this.#inBackground(connection.then((one) => one && this.#close(one)))
  }

  #end(connection: KernelConnection): void {
    this.#inBackground(this.#close(connection))
  }

  async #close(connection: KernelConnection): Promise<void> {
    await connection[Symbol.asyncDispose]()
    await this.#options.host.shutdown(connection.kernelId)
  }

  #inBackground(work: Promise<void>): void {
    const ending = work
      .catch((error) => this.#options.log.warn({ error: String(error) }, 'A kernel could not be shut down'))
      .finally(() => this.#ending.delete(ending))
    this.#ending.add(ending)
  }
}

const keyOf = ({ owner, kernelName, environment }: WarmStart) =>
  JSON.stringify([owner, kernelName, Object.entries(environment).sort()])
