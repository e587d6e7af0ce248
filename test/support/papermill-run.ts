import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import timers from 'node:timers/promises'

const root = join(import.meta.dirname, '../..')

/** No notebook here takes near as long. nbclient waits for ever where the idle state of a kernel is lost to it. */
const ANSWER_MS = 40_000
/** For one notebook. */
const MOST_TRIES = 3

export interface PapermillAnswer {
  readonly output: string
  readonly error: string | null
}

/**
 * The real papermill with the real nbclient, in one Python process that lives until it is disposed of. One that does not
 * answer is ended, and another one asked.
 */
export class PapermillRun implements AsyncDisposable {
  readonly #jupyterPath: string
  #driver: Driver

  /** `jupyterPath`: where its kernelspecs are. */
  constructor(jupyterPath: string) {
    this.#jupyterPath = jupyterPath
    this.#driver = new Driver(jupyterPath)
  }

  /** The notebook as papermill writes it after executing it, and the error that it raises. One at a time. */
  async execute(
    notebook: string,
    kernelName: string,
    options: Readonly<Record<string, unknown>>,
  ): Promise<PapermillAnswer> {
    const request = { notebook: Buffer.from(notebook).toString('base64'), kernel_name: kernelName, options }
    for (let tries = 1; ; tries++) {
      const answer = await this.#driver.ask(request)
      if (answer !== undefined) return answer
      await this.#driver.kill()
      this.#driver = new Driver(this.#jupyterPath)
      if (tries === MOST_TRIES) throw new Error('Papermill did not answer.')
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#driver.close()
  }
}

class Driver {
  readonly #process: ChildProcessWithoutNullStreams
  readonly #lines: Interface
  readonly #answers: AsyncIterator<string>
  readonly #closed: Promise<unknown>
  #stderr = ''

  constructor(jupyterPath: string) {
    const python = join(root, '.venv-oracle/bin/python')
    const env = { ...process.env, JUPYTER_PATH: jupyterPath, PYTHONNOUSERSITE: '1' }
    this.#process = spawn(python, [join(root, 'test/oracle/execute_driver.py')], { env })
    this.#process.stderr.on('data', (chunk) => {
      this.#stderr += chunk
    })
    this.#closed = once(this.#process, 'close')
    this.#lines = createInterface({ input: this.#process.stdout })
    this.#answers = this.#lines[Symbol.asyncIterator]()
  }

  /** Undefined where it does not answer in time. */
  async ask(request: Readonly<Record<string, unknown>>): Promise<PapermillAnswer | undefined> {
    this.#process.stdin.write(`${JSON.stringify(request)}\n`)
    const late = timers.setTimeout(ANSWER_MS, undefined, { ref: false })
    const line = await Promise.race([this.#answers.next(), late])
    if (line === undefined) return undefined
    if (line.done) throw new Error(`The papermill driver ended: ${this.#stderr}`)
    const answer = JSON.parse(line.value)
    if (typeof answer.output !== 'string') throw new Error(answer.fault)
    return { output: Buffer.from(answer.output, 'base64').toString(), error: answer.error }
  }

  /** Its kernel ends when it finds its parent gone. */
  async kill(): Promise<void> {
    this.#process.kill()
    await this.close()
  }

  async close(): Promise<void> {
    this.#process.stdin.end()
    this.#lines.close()
    const late = setTimeout(() => this.#process.kill('SIGKILL'), 10_000)
    await this.#closed
    clearTimeout(late)
  }
}
