import { getCompileCacheDir } from 'node:module'
import { dirname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { RunnerError } from '../errors.ts'
import type { Answer, Compiled, Job } from './compile-worker.ts'
import type { BrokenEntry, CatalogEntry } from './entry.ts'
import type { CatalogueBase } from './formats.ts'
import type { Heading } from './heading.ts'

/** What one job may take, before the thread is given up with it. */
export interface CompilerLimits {
  readonly timeoutMs: number
  /** Of the thread's heap. */
  readonly memoryMb: number
  /** How long the thread waits for another job before it is ended. */
  readonly idleMs: number
}

const DEFAULT_LIMITS: CompilerLimits = { timeoutMs: 20_000, memoryMb: 1024, idleMs: 5_000 }

/**
 * Reads notebooks and catalogues in a thread of its own, so that a big one never keeps the server from answering. One job at a time:
 * a job that kills or jams the thread takes no other with it, and the next one starts a new thread. A thread with nothing
 * to do is ended: what it has loaded would be in memory for as long as the service runs.
 */
export class Compiler {
  readonly #limits: CompilerLimits
  #worker: Worker | undefined
  #job: (PromiseWithResolvers<Answer> & { readonly kind: Job['kind'] }) | undefined
  #last: Promise<unknown> = Promise.resolve()
  #idle: NodeJS.Timeout | undefined
  #closed = false

  constructor(limits: CompilerLimits = DEFAULT_LIMITS) {
    this.#limits = limits
  }

  /** Takes the bytes over. Throws what `compileTemplate` throws. */
  async template(bytes: Uint8Array, kernelName?: string): Promise<Compiled> {
    const answer = await this.#queue({ kind: 'template', bytes: whole(bytes), kernelName })
    if (answer.kind !== 'template') throw new RunnerError('internal', 'The thread for notebooks is confused.')
    withoutPrototypes(answer.inputs)
    return answer
  }

  /** Takes the bytes over. Throws `invalid-notebook`. */
  async heading(bytes: Uint8Array): Promise<Heading> {
    const answer = await this.#queue({ kind: 'heading', bytes: whole(bytes) })
    if (answer.kind !== 'heading') throw new RunnerError('internal', 'The thread for notebooks is confused.')
    return answer.heading
  }

  /** Throws `catalogue-unavailable` where the text is none. */
  async catalogue(
    text: string,
    base: CatalogueBase,
  ): Promise<{ entries: CatalogEntry[]; broken: readonly BrokenEntry[] }> {
    const answer = await this.#queue({ kind: 'catalogue', text, base })
    if (answer.kind !== 'catalogue')
      throw new RunnerError('internal', 'The thread for notebooks is confused.')
    // The crossing gives every object a prototype again; an input may be called `constructor`.
    for (const { inputs } of answer.entries) withoutPrototypes(inputs)
    return { entries: [...answer.entries], broken: answer.broken }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    clearTimeout(this.#idle)
    await this.#worker?.terminate()
  }

  #queue(job: Job): Promise<Answer> {
    const done = this.#last.then(() => this.#run(job))
    this.#last = done.catch(() => undefined)
    return done
  }

  async #run(job: Job): Promise<Answer> {
    if (this.#closed) throw new RunnerError('internal', 'The service is stopping.')
    clearTimeout(this.#idle)
    this.#worker ??= this.#start()
    const worker = this.#worker
    this.#job = { ...Promise.withResolvers<Answer>(), kind: job.kind }
    const { promise, reject } = this.#job
    const { timeoutMs } = this.#limits
    const jammed = setTimeout(() => {
      reject(tooMuch(job.kind, `takes longer than ${timeoutMs / 1000} seconds to read`))
      this.#worker = undefined
      void worker.terminate()
    }, timeoutMs)
    // Only a job keeps the process alive, the waiting thread does not.
    worker.ref()
    try {
      worker.postMessage(job, job.kind === 'catalogue' ? [] : [job.bytes.buffer])
      const answer = await promise
      if (answer.kind !== 'error') return answer
      throw new RunnerError(answer.code, answer.message, { cause: answer.cause })
    } finally {
      clearTimeout(jammed)
      this.#job = undefined
      worker.unref()
      this.#idle = setTimeout(() => this.#end(), this.#limits.idleMs).unref()
    }
  }

  #end(): void {
    const worker = this.#worker
    this.#worker = undefined
    void worker?.terminate()
  }

  #start(): Worker {
    const worker = new Worker(new URL('./compile-worker.ts', import.meta.url), {
      name: 'notebooks',
      env: workerEnvironment(),
      resourceLimits: { maxOldGenerationSizeMb: this.#limits.memoryMb },
    })
    worker.on('message', (answer: Answer) => {
      // A thread that was given up may still answer; that is no answer to the next job.
      if (this.#worker === worker) this.#job?.resolve(answer)
    })
    worker.on('error', (error) => this.#drop(worker, error))
    worker.on('exit', () => this.#drop(worker, new Error('The thread has ended.')))
    return worker
  }

  #drop(worker: Worker, cause: unknown): void {
    if (this.#worker !== worker) return
    this.#worker = undefined
    const job = this.#job
    const outOfMemory = cause instanceof Error && 'code' in cause && cause.code === 'ERR_WORKER_OUT_OF_MEMORY'
    job?.reject(
      outOfMemory
        ? tooMuch(job.kind, 'takes more memory than there is for it', cause)
        : new RunnerError('internal', 'Reading it went wrong on our side.', { cause }),
    )
  }
}

/**
 * A thread does not take the compile cache over, only the variable for it; without the cache it strips the types of
 * its modules again, for 30 MiB and half a second more. It needs no other variable.
 */
function workerEnvironment(): Record<string, string> {
  const cache = getCompileCacheDir()
  // The folder of this version of Node, inside the one that was named.
  return cache === undefined ? {} : { NODE_COMPILE_CACHE: dirname(cache) }
}

function tooMuch(kind: Job['kind'], what: string, cause?: unknown): RunnerError {
  return kind === 'catalogue'
    ? new RunnerError('catalogue-unavailable', `The catalogue ${what}.`, { cause })
    : new RunnerError('invalid-notebook', `The notebook ${what}.`, { cause })
}

/** Takes away the prototype of every object in plain data. */
function withoutPrototypes(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  for (const item of Object.values(value)) withoutPrototypes(item)
  if (!Array.isArray(value)) Object.setPrototypeOf(value, null)
}

/** Bytes that own their buffer, which can then be handed over: small ones come in slices of a pool. */
function whole(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes
  if (buffer instanceof ArrayBuffer && buffer.byteLength === bytes.byteLength) return new Uint8Array(buffer)
  return new Uint8Array(bytes)
}
