import { constants } from 'node:fs'
import { type FileHandle, lstat, open, opendir, realpath, rm } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import type { Readable } from 'node:stream'
import { RunnerError } from '../errors.ts'
import {
  byPath,
  type FolderFile,
  type FolderFiles,
  type FolderListing,
  isHidden,
  MOST_LEVELS,
  NAMES_FOR_A_FILE,
} from './folder-files.ts'

/** Folders on this machine, below `root`. */
export class DiskFiles implements FolderFiles {
  readonly #root: string

  constructor(root: string) {
    this.#root = root
  }

  async list(folder: string, most: number, signal: AbortSignal): Promise<FolderListing> {
    const files: FolderFile[] = []
    const waiting = [{ path: '', level: 0 }]
    let names = most * NAMES_FOR_A_FILE
    let complete = true
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      for await (const name of namesIn(join(this.#root, folder, next.path))) {
        signal.throwIfAborted()
        if (isHidden(name)) continue
        if (names-- === 0) return { files: files.sort(byPath), complete: false }
        const path = next.path === '' ? name : `${next.path}/${name}`
        // Not by the name's own word: a link is to be seen as one.
        const found = await lstat(join(this.#root, folder, path)).catch(() => undefined)
        if (found?.isDirectory()) {
          if (next.level < MOST_LEVELS) waiting.push({ path, level: next.level + 1 })
          else complete = false
        } else if (found?.isFile()) {
          if (files.length === most) return { files: files.sort(byPath), complete: false }
          files.push({ path, size: found.size, version: `${found.ino} ${found.size} ${found.mtimeMs}` })
        }
      }
    }
    return { files: files.sort(byPath), complete }
  }

  async read(folder: string, path: string, signal: AbortSignal): Promise<Readable> {
    const place = join(this.#root, folder, path)
    if (!isBelow(join(this.#root, folder), place)) throw gone(path)
    // O_NONBLOCK: a pipe that has come into the file's place must not hang the reader.
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
    const file = await open(place, flags).catch(() => undefined)
    if (file === undefined) throw gone(path)
    if (await this.#isSound(file, folder, place)) return file.createReadStream({ signal })
    await file.close()
    throw gone(path)
  }

  /** Names of the folders in a folder, `most` at most; links are none. */
  async foldersIn(folder: string, most: number): Promise<readonly string[]> {
    const place = join(this.#root, folder)
    const names: string[] = []
    if (!(await isFolder(place))) return names
    for await (const name of namesIn(place)) {
      if (names.length === most) break
      if (await isFolder(join(place, name))) names.push(name)
    }
    return names
  }

  /** Removes the folder with all that is in it; gone already is fine. */
  async remove(folder: string): Promise<void> {
    try {
      await rm(join(this.#root, folder), { recursive: true, force: true })
    } catch (cause) {
      throw new RunnerError('kernel-host-failed', `The folder ${folder} could not be removed.`, { cause })
    }
  }

  /** A regular file, reached by no link: a folder above it may have become one. */
  async #isSound(file: FileHandle, folder: string, place: string): Promise<boolean> {
    if (!(await file.stat()).isFile()) return false
    const [base, real] = await Promise.all([
      realpath(join(this.#root, folder)),
      realpath(place).catch(() => ''),
    ])
    return real === join(base, relative(join(this.#root, folder), place))
  }
}

async function isFolder(place: string): Promise<boolean> {
  const found = await lstat(place).catch(() => undefined)
  return found?.isDirectory() === true
}

const isBelow = (folder: string, place: string): boolean => place.startsWith(`${folder}${sep}`)

/** None where there is no such folder. Not all at once: there may be millions. */
async function* namesIn(folder: string): AsyncGenerator<string> {
  try {
    for await (const { name } of await opendir(folder)) yield name
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES') return
    throw new RunnerError('kernel-host-failed', 'The folder of the run could not be read.', { cause })
  }
}

const gone = (path: string) =>
  new RunnerError('not-found', `“${path}” is not a file in the folder of the run any more.`)
