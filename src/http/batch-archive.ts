import type { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { ZipFile } from 'yazl'
import { RunnerError } from '../errors.ts'
import { type Caller, grantOf } from '../identity/caller.ts'
import { compactJson } from '../notebook/compact-json.ts'
import { fromPlain, type JsonValue } from '../notebook/json.ts'
import type { Batch } from '../run/batch.ts'
import { isTerminal, type Run } from '../run/run.ts'
import { LEFT_WORDS, type RunFile } from '../run/run-file.ts'
import type { StoredObject } from '../storage/storage.ts'
import type { Services } from './services.ts'
import { NOTEBOOK_TYPE } from './status-info.ts'

/** Of the name of a folder. */
const MAX_NAME = 80

/**
 * The runs of a sweep in one zip, as a stream: a folder for each run that has ended, with its notebook and the files that
 * were copied into the workspace, and `runs.json`, which tells how each run stands, and what is missing and why. One file
 * is read at a time, as fast as the reader takes it; the stream fails with what fails in storage.
 */
export function batchArchive(
  services: Services,
  caller: Caller,
  batch: Batch,
  runs: readonly Run[],
): Readable {
  const zip = new ZipFile()
  // Typed as the oldest kind of stream; it is one of today's.
  const output = zip.outputStream
  if (!isReadable(output)) throw new RunnerError('internal', 'The archive is no stream.')
  const gone = new AbortController()
  output.once('close', () => gone.abort())
  zip.on('error', (error: Error) => output.destroy(error))
  void fill({ services, caller, zip, signal: gone.signal }, batch, runs).then(
    () => zip.end(),
    (error: unknown) => output.destroy(error instanceof Error ? error : new Error(String(error))),
  )
  return output
}

interface Archive {
  readonly services: Services
  readonly caller: Caller
  readonly zip: ZipFile
  readonly signal: AbortSignal
}

async function fill(archive: Archive, batch: Batch, runs: readonly Run[]): Promise<void> {
  const told = []
  for (const [index, accepted] of runs.entries()) {
    const run = await archive.services.comeBack(archive.caller, accepted)
    const values = new Map(batch.each.map((name) => [name, run.parameters.get(name) ?? null]))
    const folder = folderName(index, values)
    const missing = isTerminal(run.state) ? await addRun(archive, run, folder) : []
    const { id, state, reason, message } = run
    told.push({ id, state, reason, message, values, folder: isTerminal(state) ? folder : undefined, missing })
  }
  const text = compactJson(fromPlain({ notebook: batch.notebookId, sweep: batch.id, runs: told }))
  archive.zip.addBuffer(Buffer.from(`${text}\n`), 'runs.json')
}

/** What could not be put in, by its path in the folder, and why. */
async function addRun(archive: Archive, run: Run, folder: string) {
  const missing: { path: string; why: string }[] = []
  const add = async (path: string, mediaType: string, object: StoredObject) => {
    if (!(await addObject(archive, run, `${folder}/${path}`, mediaType, object)))
      missing.push({ path, why: 'it is not in the workspace any more' })
  }
  await add(`${safeName(run.notebookId)}.ipynb`, NOTEBOOK_TYPE, run.object)
  const left = await archive.services.files.list(archive.caller, run.id)
  for (const file of left?.files ?? []) {
    const path = `files/${file.path}`
    if (!isPlainPath(file)) missing.push({ path, why: 'a zip takes no such path' })
    else if ('object' in file.copy) await add(path, file.mediaType, file.copy.object)
    else missing.push({ path, why: LEFT_WORDS[file.copy.leftBecause] })
  }
  return missing
}

/** False where it is not there. */
async function addObject(
  { services, caller, zip, signal }: Archive,
  run: Run,
  path: string,
  mediaType: string,
  object: StoredObject,
): Promise<boolean> {
  const scope = { workspace: run.workspace, user: run.ownerName, ...grantOf(caller) }
  try {
    const content = await services.storage.read(scope, object, undefined, signal)
    try {
      const compress = /^text\/|json|xml/.test(mediaType)
      zip.addReadStream(content, path, { compress, mtime: run.finishedAt ?? run.createdAt })
      await finished(content, { signal })
    } finally {
      content.destroy()
    }
    return true
  } catch (error) {
    if (error instanceof RunnerError && error.code === 'not-found') return false
    throw error
  }
}

/** In the order of the sweep, and told apart by their values: `002 year=2020`. */
function folderName(index: number, values: ReadonlyMap<string, JsonValue>): string {
  const text = [...values].map(([name, value]) => `${name}=${compactJson(value)}`).join(' ')
  return `${String(index + 1).padStart(3, '0')} ${safeName(text.replaceAll('"', ''))}`.trim()
}

/** A name that every system takes. */
const safeName = (text: string): string =>
  text
    .replace(/[^\p{L}\p{N} ._=,()-]+/gu, '_')
    .slice(0, MAX_NAME)
    .replace(/[. ]+$/, '')

/** A path that leads into the folder, on every system that unpacks it. */
const isPlainPath = ({ path }: RunFile): boolean =>
  !/[\\\0]/.test(path) && path.split('/').every((name) => name !== '' && name !== '.' && name !== '..')

const isReadable = (stream: NodeJS.ReadableStream): stream is Readable => 'destroy' in stream
