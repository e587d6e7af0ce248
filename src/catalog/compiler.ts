import { Worker } from 'node:worker_threads'
import { RunnerError } from '../errors.ts'
import type { Answer, Compiled, Job } from './compile-worker.ts'
import type { Heading } from './heading.ts'

/** What one job may take, before the thread is given up with it. */
export interface CompilerLimits {
  readonly timeoutMs: number
  /** Of the thread's heap. */
  readonly memoryMb: number
}

const DEFAULT_LIMITS: CompilerLimits = { timeoutMs: 30_000, memoryMb: 1024 }

/**
 * Reads notebooks in a thread of its own, so that a big one never keeps the server from answering. One job at a time:
 * a job that kills or jams the thread takes no other with it, and the next one starts a new thread.
 */
export class Compiler {
  readonly #limits: CompilerLimits
  #worker: Worker | undefined
  #job: PromiseWithResolvers<Answer> | undefined
  #last: Promise<unknown> = Promise.resolve()
  #closed = false

  constructor(limits: CompilerLimits = DEFAULT_LIMITS) {
    this.#limits = limits
  }

  /** Takes the bytes over. Throws what `compileTemplate` throws. */
  async template(bytes: Uint8Array, kernelName?: string): Promise<Compiled> {
    const answer = await this.#queue({ kind: 'template', bytes: whole(bytes), kernelName })
    if (answer.kind !== 'template') throw new RunnerError('internal', 'The thread for notebooks is confused.')
    return answer
  }

  /** Takes the bytes over. Throws `invalid-notebook`. */
  async heading(bytes: Uint8Array): Promise<Heading> {
    const answer = await this.#queue({ kind: 'heading', bytes: whole(bytes) })
    if (answer.kind !== 'heading') throw new RunnerError('internal', 'The thread for notebooks is confused.')
    return answer.heading
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    await this.#worker?.terminate()
  }

  #queue(job: Job): Promise<Answer> {
    const done = this.#last.then(() => this.#run(job))
    this.#last = done.catch(() => undefined)
    return done
  }

  async #run(job: Job): Promise<Answer> {
    if (this.#closed) throw new RunnerError('internal', 'The service is stopping.')
    this.#worker ??= this.#start()
    const worker = this.#worker
    this.#job = Promise.withResolvers<Answer>()
    const { promise, reject } = this.#job
    const { timeoutMs } = this.#limits
    const jammed = setTimeout(() => {
      reject(tooMuch(`takes longer than ${timeoutMs / 1000} seconds to read`))
      this.#worker = undefined
      void worker.terminate()
    }, timeoutMs)
    // Only a job keeps the process alive, the waiting thread does not.
    worker.ref()
    try {
      worker.postMessage(job, [job.bytes.buffer])
      const answer = await promise
      if (answer.kind !== 'error') return answer
      throw new RunnerError(answer.code, answer.message, { cause: answer.cause })
    } finally {
      clearTimeout(jammed)
      this.#job = undefined
      worker.unref()
    }
  }

  #start(): Worker {
    const worker = new Worker(new URL('./compile-worker.ts', import.meta.url), {
      name: 'notebooks',
      resourceLimits: { maxOldGenerationSizeMb: this.#limits.memoryMb },
    })
    worker.on('message', (answer: Answer) => this.#job?.resolve(answer))
    worker.on('error', (error) => this.#drop(worker, error))
    worker.on('exit', () => this.#drop(worker, new Error('The thread has ended.')))
    return worker
  }

  #drop(worker: Worker, cause: unknown): void {
    if (this.#worker !== worker) return
    this.#worker = undefined
    const outOfMemory = cause instanceof Error && 'code' in cause && cause.code === 'ERR_WORKER_OUT_OF_MEMORY'
    this.#job?.reject(
      outOfMemory
        ? tooMuch('takes more memory than there is for one', cause)
        : new RunnerError('internal', 'Reading the notebook went wrong on our side.', { cause }),
    )
  }
}

function tooMuch(what: string, cause?: unknown): RunnerError {
  return new RunnerError('invalid-notebook', `The notebook ${what}.`, { cause })
}

/** Bytes that own their buffer, which can then be handed over: small ones come in slices of a pool. */
function whole(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes
  if (buffer instanceof ArrayBuffer && buffer.byteLength === bytes.byteLength) return new Uint8Array(buffer)
  return new Uint8Array(bytes)
}
