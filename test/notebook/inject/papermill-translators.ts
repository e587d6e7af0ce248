import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import type { JsonValue } from '../../../src/notebook/json.ts'
import { jsonText } from '../../support/json-text.ts'

const REGISTERED = new Map([
  ['r', 'R'],
  ['csharp', '.net-csharp'],
  ['fsharp', '.net-fsharp'],
  ['powershell', '.net-powershell'],
])

/** The real papermill's translators, in one Python process that lives until it is disposed of. */
export class PapermillTranslators implements AsyncDisposable {
  readonly #process: ChildProcessWithoutNullStreams
  readonly #lines: Interface
  readonly #answers: AsyncIterator<string>
  #stderr = ''

  constructor() {
    const python = join(import.meta.dirname, '../../../.venv-oracle/bin/python')
    this.#process = spawn(python, [join(import.meta.dirname, 'papermill_translators.py')])
    this.#process.stderr.on('data', (chunk) => {
      this.#stderr += chunk
    })
    this.#lines = createInterface({ input: this.#process.stdout })
    this.#answers = this.#lines[Symbol.asyncIterator]()
  }

  /** The source of the injected cell, or the name of the error that papermill raises. One at a time. */
  async source(language: string, parameters: ReadonlyMap<string, JsonValue>): Promise<string> {
    const request: JsonValue = [REGISTERED.get(language) ?? language, new Map(parameters)]
    // Members are parted by line ends there, of which a line can have none.
    this.#process.stdin.write(`${jsonText(request).replaceAll('\n', '')}\n`)
    const { value, done } = await this.#answers.next()
    if (done) throw new Error(`The translators ended: ${this.#stderr}`)
    const answer: unknown = JSON.parse(value)
    if (!Array.isArray(answer)) throw new Error(`The translators answered ${value}`)
    return String(answer[0] ?? answer[1])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('close', resolve))
    this.#process.stdin.end()
    this.#lines.close()
    await ended
  }
}
