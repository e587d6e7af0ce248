import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { fromPlain, isObject, type JsonValue, parseJson } from '../../src/notebook/json.ts'
import { jsonText } from './json-text.ts'

const root = join(import.meta.dirname, '../..')

export interface PapermillRequest {
  readonly notebook: Uint8Array
  readonly parameters: ReadonlyMap<string, JsonValue>
  readonly kernelName?: string
  readonly language?: string
  readonly outputPath?: string
}

export type PapermillAnswer = { readonly output: Buffer; readonly path: string } | { readonly error: string }

/** The real papermill, in one Python process that lives until it is disposed of. */
export class Papermill implements AsyncDisposable {
  readonly #process: ChildProcessWithoutNullStreams
  readonly #lines: Interface
  readonly #answers: AsyncIterator<string>
  readonly #closed: Promise<unknown>
  #stderr = ''

  constructor() {
    const python = join(root, '.venv-oracle/bin/python')
    this.#process = spawn(python, [join(root, 'test/oracle/papermill_driver.py')])
    this.#process.stderr.on('data', (chunk) => {
      this.#stderr += chunk
    })
    this.#closed = once(this.#process, 'close')
    this.#lines = createInterface({ input: this.#process.stdout })
    this.#answers = this.#lines[Symbol.asyncIterator]()
  }

  /** What `execute_notebook(prepare_only=True)` writes for it, or the error that it raises. One at a time. */
  async prepare(request: PapermillRequest): Promise<PapermillAnswer> {
    const line = fromPlain({
      notebook: Buffer.from(request.notebook).toString('base64'),
      parameters: request.parameters,
      kernel_name: request.kernelName ?? null,
      language: request.language ?? null,
      output_path: request.outputPath ?? null,
    })
    this.#process.stdin.write(`${jsonText(line).replaceAll('\n', '')}\n`)
    const { value, done } = await this.#answers.next()
    if (done) throw new Error(`The papermill driver ended: ${this.#stderr}`)
    const answer = parseJson(value)
    if (!isObject(answer)) throw new Error(`The papermill driver answered ${value}`)
    const output = answer.get('output')
    if (typeof output === 'string') {
      return { output: Buffer.from(output, 'base64'), path: String(answer.get('path')) }
    }
    return { error: String(answer.get('error')) }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.stdin.end()
    this.#lines.close()
    await this.#closed
  }
}
