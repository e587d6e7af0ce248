import { createHash, randomUUID } from 'node:crypto'
import { isMarkedAsUntransferable, parentPort } from 'node:worker_threads'
import { type ErrorCode, RunnerError } from '../errors.ts'
import type { InputsSchema } from '../notebook/inputs-schema.ts'
import { languageOfKernel } from '../notebook/kernel-language.ts'
import { inputsFromCell } from '../notebook/parameters-cell.ts'
import { type CompiledTemplate, compileTemplate } from '../notebook/template.ts'
import type { BrokenEntry, CatalogEntry } from './entry.ts'
import { type CatalogueBase, readCatalogue } from './formats.ts'
import { type Heading, headingOf } from './heading.ts'

/** What the thread is asked. The bytes' buffer is handed over. */
export type Job =
  | {
      readonly kind: 'template'
      readonly bytes: Uint8Array<ArrayBuffer>
      readonly kernelName: string | undefined
    }
  | { readonly kind: 'heading'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'catalogue'; readonly text: string; readonly base: CatalogueBase }

export interface Compiled {
  readonly kind: 'template'
  readonly template: CompiledTemplate
  /** What its parameters cell takes. */
  readonly inputs: InputsSchema
  /** SHA-256 of the bytes, in hexadecimal. */
  readonly version: string
  /** The notebook as it came, handed back. */
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** What it answers; an error's prototype would not survive the crossing, so it crosses as its parts. */
export type Answer =
  | Compiled
  | { readonly kind: 'heading'; readonly heading: Heading }
  | {
      readonly kind: 'catalogue'
      readonly entries: readonly CatalogEntry[]
      readonly broken: readonly BrokenEntry[]
    }
  | { readonly kind: 'error'; readonly code: ErrorCode; readonly message: string; readonly cause: string }

parentPort?.on('message', (job: Job) => {
  const answer = answerTo(job)
  parentPort?.postMessage(answer, [...buffersOf(answer)])
})

function answerTo(job: Job): Answer {
  try {
    if (job.kind === 'catalogue') return { kind: 'catalogue', ...readList(job.text, job.base) }
    if (job.kind === 'heading') return { kind: 'heading', heading: headingOf(job.bytes) }
    const version = createHash('sha256').update(job.bytes).digest('hex')
    const template = compile(job.bytes, job.kernelName)
    // Here and not in the server's thread: a stranger's cell may take long to read.
    const inputs = inputsFromCell(template.parametersCell ?? '', template.language)
    return { kind: 'template', template, inputs, version, bytes: job.bytes }
  } catch (error) {
    const cause = error instanceof Error ? (error.stack ?? error.message) : String(error)
    if (error instanceof RunnerError)
      return { kind: 'error', code: error.code, message: error.message, cause }
    return { kind: 'error', code: 'internal', message: 'Reading it went wrong on our side.', cause }
  }
}

/** Most of the platform's notebooks name no kernel: they are Python's. */
const DEFAULT_KERNEL = 'python3'

function compile(bytes: Uint8Array, kernelName: string | undefined): CompiledTemplate {
  const newId = () => randomUUID().slice(0, 8)
  const withKernel = (name: string) =>
    compileTemplate(bytes, { kernelspec: { name, language: languageOfKernel(name) }, newId })
  if (kernelName !== undefined) return withKernel(kernelName)
  const template = compileTemplate(bytes, { newId })
  return template.kernelName === undefined && template.language === '' ? withKernel(DEFAULT_KERNEL) : template
}

/** A list crosses by copying, for which the server's thread waits: 20 ms for as many as this. */
const MAX_ENTRIES = 2_000

function readList(text: string, base: CatalogueBase) {
  const list = readCatalogue(text, base)
  if (list.entries.length + list.broken.length <= MAX_ENTRIES) return list
  throw new RunnerError('catalogue-unavailable', `The catalogue has more than ${MAX_ENTRIES} entries.`)
}

/** Every buffer in plain data, so that it moves instead of being copied while the server's thread waits. */
function buffersOf(value: unknown, found = new Set<ArrayBuffer>()): Set<ArrayBuffer> {
  if (ArrayBuffer.isView(value)) {
    // Node's shared pool for small buffers cannot move.
    if (value.buffer instanceof ArrayBuffer && !isMarkedAsUntransferable(value.buffer))
      found.add(value.buffer)
  } else if (value instanceof Map) {
    for (const item of value.values()) buffersOf(item, found)
  } else if (typeof value === 'object' && value !== null) {
    for (const item of Object.values(value)) buffersOf(item, found)
  }
  return found
}
