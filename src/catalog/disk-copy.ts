import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** The last good answer of a URL, kept for the time when it does not answer. */
export interface DiskCopy {
  readonly body: Uint8Array<ArrayBuffer>
  readonly etag: string | undefined
  /** After redirects: what relative links in it are relative to. */
  readonly url: string
  /** When it was good for the last time that it changed. */
  readonly fetchedAt: Date
}

/** The file for a URL, which itself is no safe file name and may hold a secret. */
export function copyPath(folder: string, url: string): string {
  return join(folder, `${createHash('sha256').update(url).digest('hex')}.copy`)
}

/** Undefined where there is none, or where it is not one of ours. */
export async function readCopy(path: string): Promise<DiskCopy | undefined> {
  let file: Uint8Array<ArrayBuffer>
  try {
    file = new Uint8Array(await readFile(path))
  } catch {
    return undefined
  }
  const end = file.indexOf(10)
  const head = end < 0 ? undefined : headOf(Buffer.from(file.buffer, 0, end).toString())
  return head === undefined ? undefined : { ...head, body: file.slice(end + 1) }
}

/** Whole or not at all, and in one file, so that an ETag never stands beside the body of another answer. */
export async function writeCopy(path: string, copy: DiskCopy): Promise<void> {
  const { url, etag, fetchedAt, body } = copy
  const head = JSON.stringify({
    url,
    ...(etag === undefined ? {} : { etag }),
    fetchedAt: fetchedAt.toISOString(),
  })
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const half = `${path}.${randomUUID()}.tmp`
  try {
    await writeFile(half, [`${head}\n`, body], { mode: 0o600, flush: true })
    await rename(half, path)
  } catch (error) {
    await rm(half, { force: true })
    throw error
  }
}

function headOf(text: string): Omit<DiskCopy, 'body'> | undefined {
  let fields: Map<string, unknown>
  try {
    fields = new Map(Object.entries(JSON.parse(text)))
  } catch {
    return undefined
  }
  const [url, etag, fetchedAt] = [fields.get('url'), fields.get('etag'), fields.get('fetchedAt')]
  if (typeof url !== 'string' || typeof fetchedAt !== 'string' || Number.isNaN(Date.parse(fetchedAt)))
    return undefined
  return { url, etag: typeof etag === 'string' ? etag : undefined, fetchedAt: new Date(fetchedAt) }
}
