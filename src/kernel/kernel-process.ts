import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import timers from 'node:timers/promises'
import { Dealer } from 'zeromq'
import type { ConnectionFile } from './connection-file.ts'
import type { DiskKernelspec } from './disk-kernelspecs.ts'
import type { CauseOfDeath } from './kernel-host.ts'
import { EXCEEDED_EXIT_CODE, endedForMemory } from './kernel-limits.ts'
import { outgoing } from './message.ts'
import { encodeFrames } from './zmq-frames.ts'

/** How long a kernel has to end by itself. */
const FAREWELL_MS = 3_000
const LAST_WORDS = 4_000
const COUNT_MS = 1_000

/** The process of a kernel, in a process group of its own: what it has started ends with it. */
export class KernelProcess implements AsyncDisposable {
  readonly file: ConnectionFile
  readonly #child: ChildProcess
  readonly #spec: DiskKernelspec
  readonly #gone = new AbortController()
  readonly #ended: Promise<unknown>
  readonly #counting: NodeJS.Timeout
  /** How many processes had been ended for want of memory, at the last two looks; the older first. */
  #counts: readonly [number | undefined, number | undefined] = [undefined, undefined]
  #exit: { readonly code?: number | null | undefined; readonly signal?: NodeJS.Signals | null | undefined } =
    {}
  #killed = false
  #lastWords = ''

  constructor(
    spec: DiskKernelspec,
    file: ConnectionFile,
    {
      argv,
      folder,
      environment,
    }: {
      readonly argv: readonly string[]
      readonly folder: string
      readonly environment: Readonly<Record<string, string>>
    },
  ) {
    this.#spec = spec
    this.file = file
    const [program = '', ...args] = argv
    this.#child = spawn(program, args, {
      cwd: folder,
      env: environment,
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#lastWords = (this.#lastWords + text).slice(-LAST_WORDS)
    })
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#ended = promise
    const ended = (code?: number | null, signal?: NodeJS.Signals | null) => {
      this.#exit = { code, signal }
      clearInterval(this.#counting)
      process.off('exit', this.#kill)
      this.#gone.abort(new Error('The kernel has ended'))
      resolve()
    }
    // One that cannot be started says `error` and nothing else.
    this.#child.on('error', (error) => {
      this.#lastWords += String(error)
      if (this.#child.pid === undefined) ended()
    })
    this.#child.on('exit', ended)
    this.#counting = setInterval(() => this.#count(), COUNT_MS).unref()
    this.#count()
    process.on('exit', this.#kill)
  }

  /** Aborted once the process has ended. */
  get gone(): AbortSignal {
    return this.#gone.signal
  }

  /** Why it ended, where we have not ended it: by what it exited with, and whether the system ended a process just then. */
  async causeOfDeath(): Promise<CauseOfDeath | undefined> {
    const { code, signal } = this.#exit
    if (code === EXCEEDED_EXIT_CODE) return 'memory-limit'
    const [before] = this.#counts
    const now = await endedForMemory()
    const counted = before !== undefined && now !== undefined && now > before
    return signal === 'SIGKILL' && counted && !this.#killed ? 'machine-memory' : undefined
  }

  /** The end of what it wrote to its standard error. */
  get lastWords(): string {
    return this.#lastWords
  }

  async interrupt(): Promise<void> {
    if (this.#spec.interruptMode === 'message') return this.#ask('interrupt_request', {})
    this.#signal('SIGINT')
  }

  /** Asks it to end, and ends it if it does not, with all that it has started. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.gone.aborted) {
      // A busy one would hear it only afterwards.
      await this.interrupt()
      await this.#ask('shutdown_request', { restart: false })
      await Promise.race([this.#ended, timers.setTimeout(FAREWELL_MS, undefined, { ref: false })])
    }
    this.#kill()
    await this.#ended
    await this.file[Symbol.asyncDispose]()
  }

  /** Over the control channel, which a busy kernel hears too. Waits for the answer, within reason. */
  async #ask(type: string, content: object): Promise<void> {
    const socket = new Dealer({ linger: 0, reconnectInterval: 10, receiveTimeout: FAREWELL_MS })
    try {
      socket.connect(this.file.address('control'))
      const ids = { messageId: randomUUID(), clientId: randomUUID() }
      await socket.send(encodeFrames(outgoing('control', type, content, ids), this.file.key))
      await Promise.race([socket.receive(), this.#ended])
    } catch {
      // It did not answer: whoever asked has other means.
    } finally {
      socket.close()
    }
  }

  readonly #kill = (): void => {
    this.#killed ||= !this.gone.aborted
    this.#signal('SIGKILL')
  }

  #count(): void {
    void endedForMemory().then((count) => {
      if (!this.gone.aborted) this.#counts = [this.#counts[1] ?? count, count]
    })
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.#child.pid === undefined) return
    try {
      process.kill(-this.#child.pid, signal)
    } catch {
      // Nobody is left in the group.
    }
  }
}
