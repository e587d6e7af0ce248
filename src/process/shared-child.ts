import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmod, type FileHandle, mkdir, open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import timers from 'node:timers/promises'
import { type ErrorCode, RunnerError } from '../errors.ts'
import { lock, tryLock } from './file-lock.ts'
import { type ProcessRecord, processStart, readRecord, runs, writeRecord } from './process-record.ts'

/** What a child says of itself; a pino logger fits. */
export interface ChildLog {
  info(details: object, message: string): void
  warn(details: object, message: string): void
}

interface Spawned {
  readonly child: ChildProcess
  readonly details: ProcessRecord['details']
}

export interface ChildSpec {
  /** As a person calls it. */
  readonly name: string
  /** Holds record, locks and the log, `server.log`; made if missing. */
  readonly folder: string
  readonly mode: number
  readonly code: ErrorCode
  /** What to do when it cannot be started: the end of the sentence that the person reads. */
  readonly advice: string
  /**
   * Starts the process, detached, with both its outputs going to `log` (a file descriptor). `previous` is what is kept
   * about the one before, if there was one.
   */
  spawn(previous: ProcessRecord | undefined, log: number): Promise<Spawned>
  /** True once it answers, and as the one that it should be. */
  answers(details: ProcessRecord['details'], signal: AbortSignal): Promise<boolean>
  /** Clears away what a process leaves behind that was stopped in good order. */
  stopped?(details: ProcessRecord['details']): Promise<void>
  /** Ends it in good order; past `stopMs` the second one ends it at once. */
  readonly stopSignals: readonly [NodeJS.Signals, NodeJS.Signals]
  readonly stopMs: number
  /** How long it may take until it answers; one that takes longer is replaced. */
  readonly startMs: number
  readonly pollMs: number
  readonly log: ChildLog
}

const WATCH_MS = 250
/** One that lived this long before it died is started again at once; others wait twice as long each time. */
const CALM_MS = 30_000
const PAUSE_MS = { least: 250, most: 30_000 }

/**
 * A process that all our processes on one folder share. The first one starts it; who comes later, or again after a
 * crash of ours (it is detached and lives on), adopts it; it is started again when it dies; the last one out stops it.
 *
 * Two locks say so. `start.lock` is held while it is looked for, started or stopped. `use.lock` is held, shared, by
 * everyone who uses it: who gets it exclusively is alone. Both are let go of by the operating system when we die.
 */
export class SharedChild implements AsyncDisposable {
  readonly #spec: ChildSpec
  readonly #closing = new AbortController()
  #use: Disposable | undefined
  #record: ProcessRecord | undefined
  #answered = false
  #left = false
  #watching: Promise<void> = Promise.resolve()

  constructor(spec: ChildSpec) {
    this.#spec = spec
  }

  /** Starts or adopts it, waits until it answers, and watches it from then on. Throws an error of the spec's code. */
  async start(): Promise<ProcessRecord> {
    const record = await this.#ensure()
    this.#watching = this.#watch(performance.now())
    return record
  }

  /** As `start`, in the background: a start that fails is logged and tried again. */
  startInBackground(): void {
    this.#watching = this.#watch(Number.NEGATIVE_INFINITY)
  }

  /** The process, once it has answered. Undefined while there is none (yet, or for the moment). */
  get record(): ProcessRecord | undefined {
    return this.#answered ? this.#record : undefined
  }

  /** Disposing will not stop it: it is left to whoever adopts it. */
  leave(): void {
    this.#left = true
  }

  /** Stops it, unless another of our processes uses it or it is to be left. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new Error(`${this.#spec.name} is being closed`))
    await this.#watching
    this.#answered = false
    if (this.#use === undefined) return
    using _start = await lock(this.#path('start.lock'), 'exclusive', AbortSignal.timeout(this.#spec.startMs))
    this.#use[Symbol.dispose]()
    this.#use = undefined
    using alone = tryLock(this.#path('use.lock'), 'exclusive')
    if (this.#left || alone === undefined || this.#record === undefined) return
    await this.#stop(this.#record)
    await this.#spec.stopped?.(this.#record.details)
  }

  async #ensure(): Promise<ProcessRecord> {
    const { folder, mode, log, name } = this.#spec
    const { signal } = this.#closing
    await mkdir(folder, { recursive: true })
    await chmod(folder, mode)
    using _start = await lock(this.#path('start.lock'), 'exclusive', signal)
    this.#use ??= await lock(this.#path('use.lock'), 'shared', signal)
    const previous = await readRecord(this.#path('process.json'))
    if (previous !== undefined && (await runs(previous))) {
      this.#record = previous
      this.#answered = await this.#answersInTime(previous)
      if (this.#answered) {
        log.info({ pid: previous.pid }, `${name} was running already and is used`)
        return previous
      }
      signal.throwIfAborted()
      log.warn({ pid: previous.pid }, `${name} does not answer: it is replaced`)
      await this.#stop(previous)
    }
    // Awaited, because the lock ends with this function.
    return await this.#spawn(previous)
  }

  async #spawn(previous: ProcessRecord | undefined): Promise<ProcessRecord> {
    const { name, log, startMs } = this.#spec
    const begun = performance.now()
    await using output = await this.#openLog()
    const { child, details } = await this.#spec.spawn(previous, output.fd)
    if (child.pid === undefined) {
      const [cause] = await once(child, 'error')
      throw this.#failure('could not be started', cause)
    }
    child.unref()
    const record = { pid: child.pid, started: (await processStart(child.pid)) ?? 'ended', details }
    await writeRecord(this.#path('process.json'), record)
    this.#record = record
    this.#answered = await this.#answersInTime(record)
    const ms = Math.round(performance.now() - begun)
    if (this.#answered) {
      log.info({ pid: record.pid, ms }, `${name} has started`)
      return record
    }
    const ended = !(await runs(record))
    if (!ended) await this.#stop(record)
    this.#closing.signal.throwIfAborted()
    const what = ended ? 'ended while it started' : `did not answer within ${startMs / 1000} s`
    throw this.#failure(what, new Error(await this.#lastWords()))
  }

  #failure(what: string, cause: unknown): RunnerError {
    const { code, name, advice } = this.#spec
    return new RunnerError(code, `${name} ${what}. ${advice}`, { cause })
  }

  /** False when it ends, takes too long, or we are closing. */
  async #answersInTime(record: ProcessRecord): Promise<boolean> {
    const { startMs, pollMs } = this.#spec
    const { signal } = this.#closing
    const end = performance.now() + startMs
    while (performance.now() < end && !signal.aborted) {
      if (await this.#spec.answers(record.details, signal)) return true
      if (!(await runs(record))) return false
      await timers.setTimeout(pollMs)
    }
    return false
  }

  async #watch(lastStart: number): Promise<void> {
    const { log, name } = this.#spec
    const { signal } = this.#closing
    const pauseFor = (ms: number) =>
      timers.setTimeout(ms, undefined, { ref: false, signal }).catch(() => undefined)
    let tried = lastStart
    let pause = 0
    while (!signal.aborted) {
      if (this.#record !== undefined && (await runs(this.#record))) {
        await pauseFor(WATCH_MS)
        continue
      }
      if (this.#answered) log.warn({ pid: this.#record?.pid }, `${name} is gone: it is started again`)
      this.#answered = false
      const calm = performance.now() - tried > CALM_MS
      pause = calm ? 0 : Math.min(Math.max(2 * pause, PAUSE_MS.least), PAUSE_MS.most)
      await pauseFor(pause)
      tried = performance.now()
      try {
        await this.#ensure()
      } catch (error) {
        if (signal.aborted) return
        const cause = error instanceof Error ? String(error.cause) : undefined
        log.warn({ error: String(error), cause }, `${name} did not start: it is tried again`)
      }
    }
  }

  async #stop(record: ProcessRecord): Promise<void> {
    const { stopSignals, stopMs, pollMs, name, log } = this.#spec
    for (const signal of stopSignals) {
      if (await runs(record)) process.kill(record.pid, signal)
      const end = performance.now() + stopMs
      while (performance.now() < end) {
        if (!(await runs(record))) return
        await timers.setTimeout(pollMs)
      }
      log.warn({ pid: record.pid, signal }, `${name} did not stop in time`)
    }
  }

  /** Begun anew with each process, so that it does not grow for ever; the one before is kept. */
  async #openLog(): Promise<FileHandle> {
    const path = this.#path('server.log')
    await rename(path, `${path}.previous`).catch(() => undefined)
    return open(path, 'a', 0o600)
  }

  async #lastWords(): Promise<string> {
    return (await readFile(this.#path('server.log'), 'utf8').catch(() => '')).slice(-2000)
  }

  #path(name: string): string {
    return join(this.#spec.folder, name)
  }
}
