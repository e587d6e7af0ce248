import { createHash } from 'node:crypto'
import timers from 'node:timers/promises'
import mime from 'mime'
import type { Logger } from 'pino'
import { RunnerError } from '../errors.ts'
import type { FolderFile, FolderFiles } from '../kernel/folder-files.ts'
import { besideNotebook } from '../storage/layout.ts'
import type { Storage, StorageScope, StoredObject } from '../storage/storage.ts'
import type { LeftBecause, RunFile, RunFiles } from './run-file.ts'

export interface CollectParts {
  readonly files: FolderFiles
  /** What the kernel was started in. */
  readonly folder: string
  readonly storage: Storage
  readonly scope: StorageScope
  /** Copies go beside it. */
  readonly notebook: StoredObject
  readonly limits: FileLimits
  /** Ends what may still write. Only asked where there is any file. */
  readonly settle: () => Promise<void>
  readonly log: Logger
}

export interface FileLimits {
  /** Files that are listed, at most. */
  readonly most: number
  /** What all copies of a run may take. */
  readonly bytes: number
}

const AT_A_TIME = 4
const LISTING_MS = 60_000
/** All copies together; what is not copied by then stays where it is. */
const COPYING_MS = 900_000
/** Between the tries of a file that storage refuses. */
const PAUSES_MS = [500, 2_000]
/** Storage that has refused so many files in a row is not asked for the others. */
const MOST_REFUSED = 3

/**
 * Lists the files that a run left in its folder, and copies them beside its notebook, as far as they may be. Again
 * gives the same. Throws only what `signal` is aborted with: a folder
 * that cannot be listed has no files, and the list is not complete.
 */
export async function collectFiles(parts: CollectParts, signal: AbortSignal): Promise<RunFiles> {
  const { files, folder, limits, settle, log } = parts
  const late = () => AbortSignal.any([signal, AbortSignal.timeout(LISTING_MS)])
  try {
    const first = await files.list(folder, limits.most, late())
    if (first.files.length === 0) return { files: [], complete: first.complete }
    await settle()
    const { files: found, complete } = await files.list(folder, limits.most, late())
    const copying = new Copying(parts, found, AbortSignal.any([signal, AbortSignal.timeout(COPYING_MS)]))
    await copying.do()
    signal.throwIfAborted()
    // Who writes while we read is seen by what the folder says afterwards.
    const { files: after } = await files.list(folder, limits.most, late())
    return { files: copying.result(new Map(after.map((file) => [file.path, file.version]))), complete }
  } catch (err) {
    signal.throwIfAborted()
    log.warn({ err }, 'the files of the run could not be listed')
    return { files: [], complete: false }
  }
}

class Copying {
  readonly #parts: CollectParts
  readonly #found: readonly FolderFile[]
  readonly #signal: AbortSignal
  readonly #copies = new Map<FolderFile, RunFile['copy']>()
  #refused = 0

  constructor(parts: CollectParts, found: readonly FolderFile[], signal: AbortSignal) {
    this.#parts = parts
    this.#found = found
    this.#signal = signal
  }

  async do(): Promise<void> {
    const waiting = this.#planned()
    const work = async () => {
      for (const { file, object } of waiting) this.#copies.set(file, await this.#copy(file, object))
    }
    await Promise.all(Array.from({ length: AT_A_TIME }, work))
  }

  result(versions: ReadonlyMap<string, string>): readonly RunFile[] {
    return this.#found.map((file) => {
      const { path, size, version } = file
      const copy = this.#copies.get(file) ?? left('too-large')
      const changed = 'object' in copy && versions.get(path) !== version
      return { path, size, mediaType: mediaTypeOf(path), copy: changed ? left('changed') : copy }
    })
  }

  /** What is to be copied, one after the other: in the order of the paths, as long as it fits. */
  *#planned(): Generator<{ readonly file: FolderFile; readonly object: StoredObject }> {
    const { limits, notebook } = this.#parts
    let room = limits.bytes
    for (const file of this.#found) {
      const object = besideNotebook(notebook, file.path)
      if (object === undefined) this.#copies.set(file, left('name'))
      else if (file.size <= room) {
        room -= file.size
        yield { file, object }
      }
    }
  }

  async #copy(file: FolderFile, object: StoredObject): Promise<RunFile['copy']> {
    const { storage, scope, files, folder, log } = this.#parts
    for (const pause of [...PAUSES_MS, undefined]) {
      if (this.#signal.aborted || this.#refused >= MOST_REFUSED) return left('not-stored')
      const passing = new Passing(file.size)
      try {
        const content = await files.read(folder, file.path, this.#signal)
        await storage.putFile(scope, object, passing.pass(content), mediaTypeOf(file.path), this.#signal)
        this.#refused = 0
        return { object, digest: passing.digest() }
      } catch (err) {
        if (err instanceof FileChanged) return left('changed')
        if (!(err instanceof RunnerError && err.code === 'storage-failed')) {
          if (this.#signal.aborted) return left('not-stored')
          log.warn({ err, path: file.path }, 'a file of the run could not be read')
          return left('unreadable')
        }
        log.warn({ err, path: file.path }, 'a file of the run could not be stored')
        if (pause !== undefined) await timers.setTimeout(pause)
      }
    }
    this.#refused++
    return left('not-stored')
  }
}

const left = (leftBecause: LeftBecause): RunFile['copy'] => ({ leftBecause })

class FileChanged extends Error {}

/** The bytes of a file on their way, which must be as many as were announced. */
class Passing {
  readonly #size: number
  readonly #hash = createHash('sha256')

  constructor(size: number) {
    this.#size = size
  }

  async *pass(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let bytes = 0
    for await (const chunk of content) {
      bytes += chunk.length
      if (bytes > this.#size) throw new FileChanged()
      this.#hash.update(chunk)
      yield chunk
    }
    if (bytes < this.#size) throw new FileChanged()
  }

  digest(): string {
    return this.#hash.digest('hex')
  }
}

const mediaTypeOf = (path: string): string => mime.getType(path) ?? 'application/octet-stream'
