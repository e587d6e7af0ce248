import { createHash } from 'node:crypto'
import { readdir, readFile, realpath, stat } from 'node:fs/promises'
import { basename, join, relative, sep } from 'node:path'
import { RunnerError } from '../errors.ts'
import type { BrokenEntry } from './entry.ts'
import type { Heading } from './heading.ts'

const MAX_FILES = 10_000
export const MAX_NOTEBOOK_BYTES = 50 * 2 ** 20

export type HeadingOf = (bytes: Uint8Array) => Promise<Heading>

interface Found {
  /** Relative to the folder, with `/`. */
  readonly name: string
  readonly path: string
  readonly size: number
  readonly changed: number
  /** A link in the folder leads to something outside of it. */
  readonly outside: boolean
}

/** The notebooks below a folder, in order, and a tag that changes when any of them does. */
export async function findNotebooks(folder: string): Promise<{ notebooks: readonly Found[]; etag: string }> {
  const notebooks: Found[] = []
  const root = await realpath(folder)
  const folders = [folder]
  let seen = 0
  for (const at of folders) {
    for (const item of await readdir(at, { withFileTypes: true })) {
      seen += 1
      if (seen > MAX_FILES) {
        throw new RunnerError(
          'catalogue-unavailable',
          `The folder "${basename(folder)}" holds more than ${MAX_FILES} files; name one that holds little but notebooks.`,
        )
      }
      const path = join(at, item.name)
      // Hidden ones are editors' and Jupyter's own (.ipynb_checkpoints), and what Kubernetes' volumes link to.
      if (item.name.startsWith('.')) continue
      if (item.isDirectory()) folders.push(path)
      else if (item.name.endsWith('.ipynb')) notebooks.push(await look(path, folder, root))
    }
  }
  notebooks.sort((a, b) => (a.name < b.name ? -1 : 1))
  return { notebooks, etag: tagOf(notebooks) }
}

async function look(path: string, folder: string, root: string): Promise<Found> {
  const name = relative(folder, path).split(sep).join('/')
  try {
    const real = await realpath(path)
    const { size, mtimeMs } = await stat(real)
    const outside = !real.startsWith(root.endsWith(sep) ? root : root + sep)
    return { name, path, size, changed: mtimeMs, outside }
  } catch {
    // A link to nothing, or a file that went away just now.
    return { name, path, size: 0, changed: 0, outside: true }
  }
}

function tagOf(notebooks: readonly Found[]): string {
  const hash = createHash('sha256')
  for (const { name, size, changed } of notebooks) hash.update(`${name}\0${size}\0${changed}\n`)
  return hash.digest('hex')
}

/** A folder of notebooks written as a catalogue, with what each says of itself. Inputs come from the notebooks. */
export async function describeFolder(
  notebooks: readonly Found[],
  headingOf: HeadingOf,
): Promise<{ text: string; broken: readonly BrokenEntry[] }> {
  const files = new Map<string, string>()
  const entries: object[] = []
  const broken: BrokenEntry[] = []
  for (const found of notebooks) {
    const name = basename(found.name, '.ipynb')
    const id = slug(name)
    const taken = files.get(id)
    try {
      if (id === '') throw new RunnerError('broken-entry', 'Its name has no Latin letter or digit for an id.')
      if (taken !== undefined) {
        throw new RunnerError('broken-entry', `"${taken}" has the same name; rename one of them.`)
      }
      if (found.outside) throw new RunnerError('broken-entry', 'It is a link that leads out of the folder.')
      if (found.size > MAX_NOTEBOOK_BYTES) {
        throw new RunnerError('broken-entry', `It is larger than ${MAX_NOTEBOOK_BYTES / 2 ** 20} MiB.`)
      }
      const { title = name, description = '' } = await headingOf(await readFile(found.path))
      files.set(id, found.name)
      // With `./` a colon in the name is not taken for the end of a scheme.
      entries.push({ id, file: `./${found.name}`, type: 'notebook', title, description })
    } catch (error) {
      const reason = error instanceof RunnerError ? error.message : 'It cannot be read.'
      broken.push({ id: id === '' || taken !== undefined ? found.name : id, title: found.name, reason })
    }
  }
  return { text: JSON.stringify(entries), broken }
}

function slug(name: string): string {
  return name
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .replace(/[^A-Za-z0-9_-]+/g, '-')
    .replace(/^-+|-+$/g, '')
}
