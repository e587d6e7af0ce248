import { readFile, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { RunnerError } from '../errors.ts'
import type { BrokenEntry } from './entry.ts'
import type { FetchPolicy } from './fetch-policy.ts'
import { describeFolder, findNotebooks, type HeadingOf } from './folder.ts'
import type { CatalogueBase } from './formats.ts'
import { guardedFetch } from './guarded-fetch.ts'

const MAX_BYTES = 10 * 2 ** 20
const TIMEOUT_MS = 10_000
/** Of records; a listing of the platform has ten a page unless asked for more. */
const MAX_PAGES = 100
const MAX_RECORDS = 2_000

/** Where the catalogue is. Of a path, what is there when it is read tells a file from a folder. */
export type CatalogSource =
  | { readonly kind: 'http'; readonly url: string }
  | { readonly kind: 'path'; readonly path: string }

/** A catalogue document as it came (of a folder: as written for it), and what its relative links are relative to. */
export interface SourceContent {
  readonly status: 'fresh'
  readonly text: string
  readonly base: CatalogueBase
  /** Notebooks of a folder that cannot be listed. */
  readonly broken: readonly BrokenEntry[]
  readonly etag: string | undefined
}

export interface ReadOptions {
  readonly policy: FetchPolicy
  readonly headingOf: HeadingOf
  /** Of what is there already. */
  readonly etag?: string | undefined
  readonly signal?: AbortSignal
}

/**
 * Reads the catalogue: http(s) with at most 10 MiB in 10 s; a JSON file; a single notebook; a folder with a
 * `catalogue.json`, or of notebooks. Throws a `RunnerError` whose message is the reason.
 */
export async function readSource(
  source: CatalogSource,
  options: ReadOptions,
): Promise<SourceContent | { readonly status: 'unchanged' }> {
  if (source.kind === 'http') return readHttp(source.url, options)
  try {
    if ((await stat(source.path)).isDirectory()) return await readFolder(source.path, options)
    return await readCatalogueFile(source.path, options)
  } catch (error) {
    if (error instanceof RunnerError) throw error
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    const reason = missing ? 'does not exist' : 'cannot be read'
    throw new RunnerError('catalogue-unavailable', `The catalogue "${basename(source.path)}" ${reason}.`, {
      cause: error,
    })
  }
}

/** Text of a catalogue's bytes. */
export function catalogueText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new RunnerError('catalogue-unavailable', 'The catalogue is not UTF-8 text.', { cause })
  }
}

async function readHttp(url: string, options: ReadOptions) {
  const first = await fetchText(url, options)
  if (first.status === 'unchanged') return first
  const { status, text, etag } = first
  const base: CatalogueBase = { kind: 'http', url: first.url }
  const records = recordsPage(text, first.url)
  if (records?.next === undefined) return { status, text, base, broken: [], etag }
  const features = await followingFeatures(records, options)
  // The first page's ETag says nothing of the others.
  const whole = JSON.stringify({ type: 'FeatureCollection', features })
  return { status, text: whole, base, broken: [], etag: undefined }
}

/** All features of an OGC API Records listing, which is served by the page. */
async function followingFeatures(first: RecordsPage, options: ReadOptions): Promise<readonly unknown[]> {
  const features = [...first.features]
  let next = first.next
  for (let page = 2; next !== undefined; page++) {
    if (page > MAX_PAGES) throw tooMany()
    const read = await fetchText(next, { ...options, etag: undefined })
    const records = read.status === 'fresh' ? recordsPage(read.text, read.url) : undefined
    if (records === undefined) {
      throw new RunnerError(
        'catalogue-unavailable',
        `Page ${page} of the catalogue is not a list of records.`,
      )
    }
    features.push(...records.features)
    if (features.length > MAX_RECORDS) throw tooMany()
    next = records.next
  }
  return features
}

const tooMany = () =>
  new RunnerError(
    'catalogue-unavailable',
    `The catalogue has more than ${MAX_RECORDS} records or ${MAX_PAGES} pages.`,
  )

interface RecordsPage {
  readonly features: readonly unknown[]
  /** Link relation `next` (OGC API – Records, Part 1, and RFC 8288). */
  readonly next: string | undefined
}

/** Undefined for what is no page of records; another reader says what is wrong with it. */
function recordsPage(text: string, url: string): RecordsPage | undefined {
  // Most catalogues are one document: only one that may have a next page is parsed here.
  if (!text.includes('"features"')) return undefined
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isRecord(document) || !Array.isArray(document['features'])) return undefined
  const links = Array.isArray(document['links']) ? document['links'].filter(isRecord) : []
  const href = links.find(({ rel }) => rel === 'next')?.['href']
  const next = typeof href === 'string' ? URL.parse(href, url)?.href : undefined
  return { features: document['features'], next }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null

async function fetchText(url: string, { policy, etag, signal }: ReadOptions) {
  const fetched = await guardedFetch(url, policy, {
    maxBytes: MAX_BYTES,
    timeoutMs: TIMEOUT_MS,
    etag,
    signal,
  })
  return fetched.status === 'unchanged' ? fetched : { ...fetched, text: catalogueText(fetched.body) }
}

async function readFolder(
  path: string,
  options: ReadOptions,
): Promise<SourceContent | { status: 'unchanged' }> {
  const catalogue = join(path, 'catalogue.json')
  if (await exists(catalogue)) return readCatalogueFile(catalogue, options)
  const { notebooks, etag } = await findNotebooks(path)
  if (etag === options.etag) return { status: 'unchanged' }
  const listed = await describeFolder(notebooks, options.headingOf)
  return { status: 'fresh', ...listed, base: { kind: 'file', path }, etag }
}

async function readCatalogueFile(
  path: string,
  options: ReadOptions,
): Promise<SourceContent | { status: 'unchanged' }> {
  const { size, mtimeMs } = await stat(path)
  const etag = `${path} ${size} ${mtimeMs}`
  if (etag === options.etag) return { status: 'unchanged' }
  const base: CatalogueBase = { kind: 'file', path: dirname(path) }
  if (path.endsWith('.ipynb')) {
    const name = path.slice(base.path.length).replace(/^[\\/]/, '')
    const found = { name, path, size, changed: mtimeMs, outside: false }
    return { status: 'fresh', ...(await describeFolder([found], options.headingOf)), base, etag }
  }
  if (size > MAX_BYTES) {
    throw new RunnerError(
      'catalogue-unavailable',
      `The catalogue "${basename(path)}" is larger than ${MAX_BYTES / 2 ** 20} MiB.`,
    )
  }
  return { status: 'fresh', text: catalogueText(await readFile(path)), base, broken: [], etag }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
