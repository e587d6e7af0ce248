import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'

const root = join(import.meta.dirname, '../..')

/** The real papermill with the real nbclient, in one Python process that lives until it is disposed of. */
export class PapermillRun implements AsyncDisposable {
  readonly #process: ChildProcessWithoutNullStreams
  readonly #lines: Interface
  readonly #answers: AsyncIterator<string>
  readonly #closed: Promise<unknown>
  #stderr = ''

  /** `jupyterPath`: where its kernelspecs are. */
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

  /** The notebook as papermill writes it after executing it, and the error that it raises. One at a time. */
  async execute(
    notebook: string,
    kernelName: string,
    options: Readonly<Record<string, unknown>>,
  ): Promise<{ readonly output: string; readonly error: string | null }> {
    const line = { notebook: Buffer.from(notebook).toString('base64'), kernel_name: kernelName, options }
    this.#process.stdin.write(`${JSON.stringify(line)}\n`)
    const { value, done } = await this.#answers.next()
    if (done) throw new Error(`The papermill driver ended: ${this.#stderr}`)
    const answer = JSON.parse(value)
    if (typeof answer.output !== 'string') throw new Error(answer.fault)
    return { output: Buffer.from(answer.output, 'base64').toString(), error: answer.error }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.stdin.end()
    this.#lines.close()
    // It may wait for a kernel that does not answer.
    const late = setTimeout(() => this.#process.kill(), 10_000)
    await this.#closed
    clearTimeout(late)
  }
}
