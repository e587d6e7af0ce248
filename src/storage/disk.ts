import { randomBytes } from 'node:crypto'
import {
  closeSync,
  constants,
  fdatasync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writev,
  writevSync,
} from 'node:fs'
import { access, type FileHandle, open, readdir, rmdir, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { LRUCache } from 'lru-cache'
import { RunnerError } from '../errors.ts'
import { canFlushFolder, flushFolder } from './flush-folder.ts'
import { assertInside, type Layout, locate } from './layout.ts'
import { placeOf } from './place.ts'
import { SourceGuard } from './source-guard.ts'
import type { ByteRange, FlushedTogether, Storage, StorageScope, StoredObject } from './storage.ts'
import { TooLate } from './too-late.ts'

const datasync = promisify(fdatasync)
const writeChunks = promisify(writev)
/** Up to this many bytes are written on the spot: handing them to a thread costs more than writing them. */
const SMALL = 1024 * 1024
/** A folder found sound is trusted for this many milliseconds; walking it again at each put would cost more than the put. */
const FOLDER_TRUST = 1000
/** A temporary file older than this many milliseconds was left by a process that was killed. */
const LEFT_BEHIND = 3_600_000

export interface DiskSettings {
  /** Every bucket is a folder in here. Made at need, readable by this user alone. May itself be a symbolic link. */
  readonly root: string
  readonly layout: Layout
}

/** Storage in a folder. Symbolic links below the root are never followed; files are 0600 and folders 0700. */
export function diskStorage(settings: DiskSettings): Storage {
  return new DiskStorage(settings)
}

class DiskStorage implements Storage {
  readonly kind = 'disk'
  readonly keys = undefined
  readonly #root: string
  readonly #layout: Layout
  /** Temporary files are named by this and a number: no other process has the same. */
  readonly #self = randomBytes(9).toString('base64url')
  #puts = 0
  /** Folder → when it was last found sound. */
  readonly #folders = new LRUCache<string, number>({ max: 1000 })

  constructor(settings: DiskSettings) {
    this.#root = settings.root
    this.#layout = settings.layout
  }

  locate(scope: StorageScope, notebookId: string, outputId: string): StoredObject {
    return locate(this.#layout, scope, notebookId, outputId)
  }

  /**
   * A temporary file beside the target, flushed, then renamed: a reader, a crash or a full disk sees the whole
   * notebook or none. (After a loss of power the newest names may be missing; never a part of a file.) Opening, closing
   * and renaming are done synchronously: measured at 8 at a time, a third of the CPU and twice the rate of the
   * thread pool, with a shorter longest pause. Only what waits for the device leaves the main thread.
   */
  async put(
    scope: StorageScope,
    object: StoredObject,
    body: Iterable<Uint8Array>,
    signal?: AbortSignal,
    still?: () => boolean,
  ) {
    await this.#store('notebook', scope, object, signal, async (fd) => {
      await fill(fd, body, true)
      if (still?.() === false) throw new TooLate()
    })
  }

  async together(): Promise<FlushedTogether | undefined> {
    if (!(await canFlushFolder())) return undefined
    mkdirSync(this.#root, { recursive: true, mode: 0o700 })
    const place = await placeOf(this.#root)
    return {
      place,
      put: (scope, object, body) =>
        this.#store('notebook', scope, object, undefined, (fd) => fill(fd, body, false)),
      flush: () => flushFolder(this.#root),
    }
  }

  async putFile(
    scope: StorageScope,
    object: StoredObject,
    content: AsyncIterable<Uint8Array>,
    _mediaType: string,
    signal?: AbortSignal,
  ) {
    const guard = new SourceGuard()
    try {
      await this.#store('file', scope, object, signal, (fd) => fillFrom(fd, guard.pass(content), signal))
    } catch (error) {
      throw guard.reasonOf(error)
    }
  }

  async get(scope: StorageScope, object: StoredObject, signal?: AbortSignal): Promise<Uint8Array> {
    return this.#open('notebook', scope, object, signal, async (file) => {
      try {
        return await file.readFile({ signal })
      } finally {
        await file.close()
      }
    })
  }

  async read(
    scope: StorageScope,
    object: StoredObject,
    range: ByteRange | undefined,
    signal?: AbortSignal,
  ): Promise<Readable> {
    return this.#open('file', scope, object, signal, async (file) =>
      file.createReadStream({ ...range, signal }),
    )
  }

  async remove(scope: StorageScope, object: StoredObject, signal?: AbortSignal): Promise<void> {
    assertInside(this.#layout, scope, object)
    signal?.throwIfAborted()
    const { folder, name } = split(this.#root, object)
    try {
      walk(this.#root, object, false)
      await unlink(join(folder, name))
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw failure('file', 'removed', object, error)
    }
    await this.#removeEmptyFolders(object)
  }

  async healthy(): Promise<boolean> {
    try {
      mkdirSync(this.#root, { recursive: true, mode: 0o700 })
      await access(this.#root, constants.W_OK | constants.X_OK)
      return true
    } catch {
      return false
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#folders.clear()
  }

  /** The folders of a run's files go with the last of them; `notebooks` itself stays. */
  async #removeEmptyFolders({ bucket, key }: StoredObject): Promise<void> {
    const names = key.split('/').slice(0, -1)
    try {
      for (; names.length > 1; names.pop()) {
        const folder = join(this.#root, bucket, ...names)
        await rmdir(folder)
        this.#folders.delete(folder)
      }
    } catch {
      // There is something in it.
    }
  }

  async #store(
    what: What,
    scope: StorageScope,
    object: StoredObject,
    signal: AbortSignal | undefined,
    write: (fd: number) => Promise<void>,
  ): Promise<void> {
    assertInside(this.#layout, scope, object)
    signal?.throwIfAborted()
    const { folder, name } = split(this.#root, object)
    const temporary = join(folder, `.${this.#self}-${this.#puts++}.tmp`)
    try {
      await this.#prepare(object, folder)
      const fd = this.#create(object, folder, temporary)
      try {
        await write(fd)
        signal?.throwIfAborted()
        renameSync(temporary, join(folder, name))
      } catch (error) {
        rmSync(temporary, { force: true })
        throw error
      }
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason
      throw failure(what, 'stored', object, error)
    }
  }

  /** `take` owns the file. */
  async #open<Result>(
    what: What,
    scope: StorageScope,
    object: StoredObject,
    signal: AbortSignal | undefined,
    take: (file: FileHandle) => Promise<Result>,
  ): Promise<Result> {
    assertInside(this.#layout, scope, object)
    signal?.throwIfAborted()
    const { folder, name } = split(this.#root, object)
    try {
      walk(this.#root, object, false)
      // O_NONBLOCK: a pipe in the notebook's place must not hang the reader.
      const file = await open(
        join(folder, name),
        constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
      )
      if ((await file.stat()).isFile()) return await take(file)
      await file.close()
      throw absent(what, object)
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason
      if (['ENOENT', 'ELOOP', 'ENXIO'].includes(codeOf(error))) throw absent(what, object)
      throw failure(what, 'read', object, error)
    }
  }

  async #prepare(object: StoredObject, folder: string): Promise<void> {
    const found = this.#folders.get(folder)
    const now = performance.now()
    if (found !== undefined && now - found < FOLDER_TRUST) return
    walk(this.#root, object, true)
    this.#folders.set(folder, now)
    if (found === undefined) await sweep(folder)
  }

  /** The folder may have been removed since it was last looked at; then it is made again, once. */
  #create(object: StoredObject, folder: string, temporary: string): number {
    try {
      return openSync(temporary, 'wx', 0o600)
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error
      walk(this.#root, object, true)
      this.#folders.set(folder, performance.now())
      return openSync(temporary, 'wx', 0o600)
    }
  }
}

type What = 'notebook' | 'file'

function split(root: string, object: StoredObject): { folder: string; name: string } {
  const slash = object.key.lastIndexOf('/')
  return { folder: join(root, object.bucket, object.key.slice(0, slash)), name: object.key.slice(slash + 1) }
}

/** Every folder from the root down must be a real one, so that no link leads out. Made first, one by one, if `make`. */
function walk(root: string, object: StoredObject, make: boolean): void {
  if (make) mkdirSync(root, { recursive: true, mode: 0o700 })
  let folder = root
  for (const part of [object.bucket, ...object.key.split('/').slice(0, -1)]) {
    folder = join(folder, part)
    if (make) makeFolder(folder)
    if (lstatSync(folder).isDirectory()) continue
    throw new RunnerError(
      'storage-failed',
      `“${part}” in workspace folder ${object.bucket} is a link or a file where a folder is needed. Ask the operator of this service to put a folder there.`,
    )
  }
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  }
}

async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!/^\.[\w-]{12}-\d+\.tmp$/.test(name)) continue
    const path = join(folder, name)
    // Another process may be sweeping as well: what is gone already is fine.
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }))
    if (Date.now() - mtimeMs > LEFT_BEHIND) await unlink(path).catch(() => undefined)
  }
}

/** As `fill`, of what comes. */
async function fillFrom(
  fd: number,
  content: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    for await (const chunk of content) {
      signal?.throwIfAborted()
      for (let rest = [chunk]; rest.length > 0; )
        rest = after(rest, (await writeChunks(fd, rest)).bytesWritten)
    }
    await datasync(fd)
  } finally {
    closeSync(fd)
  }
}

/** Writes the body, flushes it if asked to, and closes the file in any case. */
async function fill(fd: number, body: Iterable<Uint8Array>, flush: boolean): Promise<void> {
  try {
    let rest: Uint8Array[] = []
    let bytes = 0
    for (const chunk of body) {
      if (chunk.byteLength > 0) rest.push(chunk)
      bytes += chunk.byteLength
      if (bytes <= SMALL) continue
      while (rest.length > 0) rest = after(rest, (await writeChunks(fd, rest)).bytesWritten)
      bytes = 0
    }
    while (rest.length > 0) rest = after(rest, writevSync(fd, rest))
    if (flush) await datasync(fd)
  } finally {
    closeSync(fd)
  }
}

/** What is left of the chunks after so many bytes: a disk that fills up takes a part first and then reports. */
function after(chunks: Uint8Array[], bytes: number): Uint8Array[] {
  let left = bytes
  let index = 0
  for (; index < chunks.length; index++) {
    const size = chunks[index]?.byteLength ?? 0
    if (left < size) break
    left -= size
  }
  const [first, ...others] = chunks.slice(index)
  return first === undefined ? [] : [first.subarray(left), ...others]
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

function absent(what: What, object: StoredObject): RunnerError {
  return new RunnerError(
    'not-found',
    `The ${what} ${object.key} is no longer in workspace folder ${object.bucket}.`,
  )
}

function failure(
  subject: What,
  done: 'stored' | 'read' | 'removed',
  object: StoredObject,
  error: unknown,
): RunnerError {
  if (error instanceof RunnerError) return error
  const what = `The ${subject} could not be ${done} in workspace folder ${object.bucket}`
  const why: Record<string, string> = {
    ENOSPC: 'the disk is full. Ask the operator of this service to make room, then try again.',
    EDQUOT: 'the disk quota is used up. Ask the operator of this service to raise it, then try again.',
    EFBIG: 'it is larger than the largest file this service may write.',
    EACCES: 'this service has no permission there. Ask its operator to make the folder its own.',
    EPERM: 'this service has no permission there. Ask its operator to make the folder its own.',
    EROFS: 'the disk is mounted read-only. Ask the operator of this service to mount it for writing.',
  }
  const code = codeOf(error)
  const reason = Object.hasOwn(why, code) ? why[code] : `the file system answered ${code || 'with an error'}.`
  return new RunnerError('storage-failed', `${what}: ${reason}`, { cause: error })
}
