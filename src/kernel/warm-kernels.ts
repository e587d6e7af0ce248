import { randomUUID } from 'node:crypto'
import { RunnerError } from '../errors.ts'
import { canEnterFolders, enterFolder } from './enter-folder.ts'
import type { KernelConnection } from './kernel-connection.ts'
import type { KernelHost, KernelStart } from './kernel-host.ts'

export interface WarmKernelsOptions {
  readonly host: KernelHost
  /** Where they wait: the root of a server (empty), or any folder for the direct host. */
  readonly folder: string
  /** How many wait at most; 0: none, each kernel is started when it is wanted. */
  readonly most: number
  /** One that nobody took for so long ends, unless its kind was asked for by `keepReady`. */
  readonly idleMs: number
  /** How long one may take to start in the background. */
  readonly startMs: number
  /** How long after one was taken the next is started, so that it does not hold up who took it. */
  readonly refillMs: number
  readonly log: { warn(details: object, message: string): void }
}

/** Kernels that can stand for each other. */
export interface KernelKind {
  readonly kernelName: string
  readonly environment: Readonly<Record<string, string>>
  /** Nobody gets a kernel that was started for somebody else. */
  readonly owner: string
}

export type WarmStart = KernelKind & KernelStart

export interface TakenKernel {
  readonly connection: KernelConnection
  /** It had been started before. */
  readonly warm: boolean
}

interface Waiting {
  readonly key: string
  /** Undefined where it could not be started. */
  readonly connection: Promise<KernelConnection | undefined>
  readonly timer: NodeJS.Timeout | undefined
}

/**
 * A few started, never-used kernels, each for one owner, kernel name and environment. What is taken belongs to who took
 * it: it never comes back. Each that waits is held by a connection: when we die, it has none, and whoever looks for
 * kernels without a use finds it.
 */
export class WarmKernels implements AsyncDisposable {
  readonly #options: WarmKernelsOptions
  /** The oldest first. */
  readonly #waiting: Waiting[] = []
  readonly #kept = new Set<string>()
  readonly #background = new Set<Promise<void>>()
  readonly #refills = new Set<NodeJS.Timeout>()
  readonly #closing = new AbortController()
  #languages = new Map<string, string>()

  constructor(options: WarmKernelsOptions) {
    this.#options = options
  }

  /** How many wait, those included that are being started. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** Starts as many of this kind as may wait. From then on they are waited with for however long nobody takes them. */
  keepReady(kind: KernelKind): void {
    const key = keyOf(kind)
    this.#kept.add(key)
    for (let free = this.#options.most - this.#waiting.length; free > 0; free--) this.#startOne(kind, key)
  }

  /**
   * The connection to a kernel in the wanted folder: to one that waited, otherwise to one that is started now. The next
   * one of its kind is started in the background. Throws as `KernelHost.start` and `connect` do.
   */
  async take(start: WarmStart, signal: AbortSignal): Promise<TakenKernel> {
    const cold = async () => ({ connection: await this.#open(start, signal), warm: false })
    if (this.#options.most === 0) return cold()
    const language = await this.#languageOf(start.kernelName, signal)
    if (!canEnterFolders(language)) return cold()
    const key = keyOf(start)
    try {
      const connection = await this.#takeWaiting(key, signal)
      if (connection === undefined) return await cold()
      if (await enterFolder(connection, { language, folder: start.folder }, signal)) {
        return { connection, warm: true }
      }
      this.#inBackground(this.#close(connection))
      return await cold()
    } finally {
      this.#refill(start, key)
    }
  }

  /** Ends all that wait. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new Error('The kernels that wait are ended'))
    for (const timer of this.#refills) clearTimeout(timer)
    for (const one of this.#waiting.splice(0)) this.#drop(one)
    while (this.#background.size > 0) await Promise.all(this.#background)
  }

  async #takeWaiting(key: string, signal: AbortSignal): Promise<KernelConnection | undefined> {
    const found = this.#waiting.find((one) => one.key === key)
    if (found === undefined) return undefined
    this.#remove(found)
    const { promise: late, resolve } = Promise.withResolvers<'late'>()
    const giveUp = () => resolve('late')
    signal.addEventListener('abort', giveUp)
    if (signal.aborted) giveUp()
    const connection = await Promise.race([found.connection, late])
    signal.removeEventListener('abort', giveUp)
    if (connection !== 'late') return connection
    this.#drop(found)
    throw new RunnerError('kernel-host-failed', 'The kernel was not started in time.', {
      cause: signal.reason,
    })
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

  /** Of the kernelspec. Empty where there is none of that name, which the start is to say. */
  async #languageOf(kernelName: string, signal: AbortSignal): Promise<string> {
    if (!this.#languages.has(kernelName)) {
      const { kernelspecs } = await this.#options.host.kernelspecs(signal)
      this.#languages = new Map(kernelspecs.map(({ name, language }) => [name, language]))
    }
    return this.#languages.get(kernelName) ?? ''
  }

  /** In place of one that was taken: where there is no room, the oldest has to go for the first of a kind. */
  #refill(kind: KernelKind, key: string): void {
    const { most, refillMs } = this.#options
    if (this.#closing.signal.aborted) return
    const timer = setTimeout(() => {
      this.#refills.delete(timer)
      const full = this.#waiting.length >= most
      if (full && this.#waiting.some((one) => one.key === key)) return
      const [oldest] = full ? this.#waiting : []
      if (oldest !== undefined) {
        this.#remove(oldest)
        this.#drop(oldest)
      }
      this.#startOne(kind, key)
    }, refillMs).unref()
    this.#refills.add(timer)
  }

  #startOne({ kernelName, environment }: KernelKind, key: string): void {
    const { folder, idleMs, startMs, log } = this.#options
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(startMs)])
    const connection = this.#open({ kernelName, folder, environment }, signal).catch((error: unknown) => {
      this.#remove(waiting)
      if (!this.#closing.signal.aborted) {
        log.warn({ error: String(error) }, 'A kernel could not be started ahead')
      }
      return undefined
    })
    const end = () => {
      this.#remove(waiting)
      this.#drop(waiting)
    }
    const timer = this.#kept.has(key) ? undefined : setTimeout(end, idleMs).unref()
    const waiting: Waiting = { key, connection, timer }
    this.#waiting.push(waiting)
  }

  #remove(one: Waiting): void {
    clearTimeout(one.timer)
    const index = this.#waiting.indexOf(one)
    if (index !== -1) this.#waiting.splice(index, 1)
  }

  #drop({ connection, timer }: Waiting): void {
    clearTimeout(timer)
    this.#inBackground(connection.then((one) => one && this.#close(one)))
  }

  async #close(connection: KernelConnection): Promise<void> {
    await connection[Symbol.asyncDispose]()
    await this.#options.host.shutdown(connection.kernelId)
  }

  #inBackground(work: Promise<void>): void {
    const ending = work
      .catch((error: unknown) =>
        this.#options.log.warn({ error: String(error) }, 'A kernel could not be shut down'),
      )
      .finally(() => this.#background.delete(ending))
    this.#background.add(ending)
  }
}

const keyOf = ({ owner, kernelName, environment }: KernelKind) =>
  JSON.stringify([owner, kernelName, Object.entries(environment).sort()])
