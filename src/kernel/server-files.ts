import type { Readable } from 'node:stream'
import { type Dispatcher, request } from 'undici'
import { RunnerError } from '../errors.ts'
import { isObject, JsonNumber, type JsonObject, type JsonValue, parseJson } from '../notebook/json.ts'
import {
  byPath,
  type FolderFile,
  type FolderFiles,
  type FolderListing,
  isHidden,
  MOST_LEVELS,
  NAMES_FOR_A_FILE,
} from './folder-files.ts'
import type { JupyterAddress } from './jupyter-rest.ts'
import { textOf } from './message.ts'

/** What a server says of one folder may take so much memory: some ten thousand names. */
const MOST_LISTING_BYTES = 16 * 1024 * 1024

/**
 * Folders of a Jupyter server, below its root, by its contents API; a server that keeps no files that we could see (a
 * gateway) has none. Bytes come by `/files/`, because the contents API has them as one JSON text.
 */
export class ServerFiles implements FolderFiles {
  readonly #address: (signal: AbortSignal) => Promise<JupyterAddress>

  constructor(address: (signal: AbortSignal) => Promise<JupyterAddress>) {
    this.#address = address
  }

  async list(folder: string, most: number, signal: AbortSignal): Promise<FolderListing> {
    const files: FolderFile[] = []
    const waiting = [{ path: '', level: 0 }]
    let names = most * NAMES_FOR_A_FILE
    let complete = true
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const entries = await this.#folder(joined(folder, next.path), signal)
      if (entries === undefined) complete = false
      for (const entry of entries ?? []) {
        const name = textOf(entry, 'name') ?? ''
        if (name === '' || isHidden(name) || name.includes('/')) continue
        if (names-- === 0) return { files: files.sort(byPath), complete: false }
        const path = joined(next.path, name)
        if (textOf(entry, 'type') === 'directory') {
          if (next.level < MOST_LEVELS) waiting.push({ path, level: next.level + 1 })
          else complete = false
          continue
        }
        if (files.length === most) return { files: files.sort(byPath), complete: false }
        const size = sizeOf(entry)
        files.push({ path, size, version: `${size} ${textOf(entry, 'last_modified') ?? ''}` })
      }
    }
    return { files: files.sort(byPath), complete }
  }

  async read(folder: string, path: string, signal: AbortSignal): Promise<Readable> {
    if (path.split('/').some((name) => name === '' || name === '.' || name === '..')) throw gone(path)
    const { statusCode, body } = await this.#get(`/files/${encoded(joined(folder, path))}`, signal)
    if (statusCode === 200) return body
    await body.dump()
    if (statusCode === 404) throw gone(path)
    throw failed(`The file “${path}” could not be read (status ${statusCode} of the Jupyter server).`)
  }

  /** What is in it; none where there is no such folder, undefined where it is too much to be told. */
  async #folder(folder: string, signal: AbortSignal): Promise<readonly JsonObject[] | undefined> {
    const { statusCode, body } = await this.#get(
      `/api/contents/${encoded(folder)}?type=directory&content=1`,
      signal,
    )
    if (statusCode === 404 || statusCode === 405) {
      await body.dump()
      return []
    }
    if (statusCode !== 200) {
      await body.dump()
      throw failed(`The folder of the run could not be listed (status ${statusCode} of the Jupyter server).`)
    }
    const text = await limitedText(body)
    return text === undefined ? undefined : entriesOf(text)
  }

  async #get(path: string, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const { url, token } = await this.#address(signal)
    const headers = { authorization: `token ${token}` }
    try {
      return await request(`${url}${path}`, { headers, signal })
    } catch (cause) {
      throw failed(`The Jupyter server at ${new URL(url).origin} does not answer.`, cause)
    }
  }
}

/** Undefined where it is longer than `MOST_LISTING_BYTES`. */
async function limitedText(body: Readable): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of body) {
    const buffer = Buffer.from(chunk)
    bytes += buffer.length
    if (bytes > MOST_LISTING_BYTES) return undefined
    chunks.push(buffer)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function entriesOf(text: string): readonly JsonObject[] {
  let model: JsonValue = null
  try {
    model = parseJson(text)
  } catch (cause) {
    throw failed('The Jupyter server did not list the folder of the run as JSON.', cause)
  }
  const content = isObject(model) ? model.get('content') : undefined
  return Array.isArray(content) ? content.filter(isObject) : []
}

function sizeOf(entry: JsonObject): number {
  const size = entry.get('size')
  return size instanceof JsonNumber ? Number(size.raw) : 0
}

const joined = (folder: string, path: string): string => [folder, path].filter(Boolean).join('/')

const encoded = (path: string): string => path.split('/').filter(Boolean).map(encodeURIComponent).join('/')

const gone = (path: string) =>
  new RunnerError('not-found', `“${path}” is not a file in the folder of the run any more.`)

const failed = (message: string, cause?: unknown) => new RunnerError('kernel-host-failed', message, { cause })
