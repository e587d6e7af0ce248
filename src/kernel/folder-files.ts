import type { Readable } from 'node:stream'

/** A regular file below a folder that a kernel worked in. */
export interface FolderFile {
  /** From the folder on, with `/` between its names. */
  readonly path: string
  /** Bytes. */
  readonly size: number
  /** Changes whenever the file is written to; compared, and never shown. */
  readonly version: string
}

export interface FolderListing {
  /** By path. */
  readonly files: readonly FolderFile[]
  /** False where there is more than was looked at. */
  readonly complete: boolean
}

/**
 * The files that kernels leave in their folders, wherever these are. What is hidden (`isHidden`), links, pipes
 * and devices are no files here; a Jupyter server shows a link as what it leads to, by the rights of its own person. `folder` is what the kernel was started in (`KernelStart.folder`). One contract
 * test for all (test/kernel/folder-files.test.ts). Errors are `kernel-host-failed`.
 */
export interface FolderFiles {
  /** `most` files at most. A folder that is not there has none. */
  list(folder: string, most: number, signal: AbortSignal): Promise<FolderListing>
  /** The bytes of a file as they are now. Throws `not-found` where it is gone or is no regular file any more. */
  read(folder: string, path: string, signal: AbortSignal): Promise<Readable>
}

/** So many names are looked at for each file that is asked for: a tree of empty folders has an end too. */
export const NAMES_FOR_A_FILE = 10
/** Folders below folders that are looked into. */
export const MOST_LEVELS = 32

/** As Jupyter's contents manager has it (`allow_hidden`, `hide_globs`). */
export const isHidden = (name: string): boolean => /^\.|^__pycache__$|\.py[co]$|~$/.test(name)

export const byPath = (a: FolderFile, b: FolderFile): number => (a.path < b.path ? -1 : 1)
