import { createHash } from 'node:crypto'
import timers from 'node:timers/promises'
import { closest, distance } from 'fastest-levenshtein'
import { RunnerError } from '../errors.ts'
import type { Compiler } from './compiler.ts'
import { copyPath, readCopy, writeCopy } from './disk-copy.ts'
import type { BrokenEntry, CatalogEntry } from './entry.ts'
import type { FetchPolicy } from './fetch-policy.ts'
import type { Log } from './log.ts'
import { type CatalogSource, catalogueText, readSource, type SourceContent } from './source.ts'

/** A folder of one's own shows a change soon; to look is cheap. */
const PATH_TTL_MS = 5_000
/** A catalogue that is down is asked again after this, or after its ttl where that is shorter. */
const RETRY_MS = 30_000
/** How long a start waits for the catalogue when there is a copy to start with. */
const START_WAIT_MS = 2_000

export interface EntryListOptions {
  readonly source: CatalogSource
  readonly policy: FetchPolicy
  readonly compiler: Compiler
  readonly cacheDir: string
  readonly ttlMs: number
  readonly log: Log
  readonly now: () => number
}

export interface Listing {
  readonly entries: readonly CatalogEntry[]
  readonly broken: readonly BrokenEntry[]
  /** When it was last known to be the newest; undefined where none was ever loaded. */
  readonly fetchedAt: Date | undefined
  /** Why it may be old, in a sentence. */
  readonly stale: string | undefined
}

interface Loaded {
  readonly entries: readonly CatalogEntry[]
  readonly broken: readonly BrokenEntry[]
  readonly byId: ReadonlyMap<string, CatalogEntry>
  readonly digest: string
  etag: string | undefined
  fetchedAt: Date
}

/**
 * The entries of the catalogue, kept new. A catalogue that is down, slow, huge or broken leaves the last good list
 * in place, in memory and (of an http source) on disk. A list that is valid is taken even if it is empty.
 */
export class EntryList {
  readonly #options: EntryListOptions
  readonly #stopping = new AbortController()
  #loaded: Loaded | undefined
  #stale: string | undefined
  #dueAt = 0
  #refreshing: Promise<void> | undefined

  constructor(options: EntryListOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    await this.#loadCopy()
    const first = this.refresh()
    if (this.#loaded === undefined) return first
    const enough = new AbortController()
    await Promise.race([first, timers.setTimeout(START_WAIT_MS, undefined, { signal: enough.signal })])
    enough.abort()
  }

  /** Asks for a newer one in the background when it is time. */
  list(): Listing {
    this.#refreshWhenDue()
    const { entries = [], broken = [], fetchedAt } = this.#loaded ?? {}
    return { entries, broken, fetchedAt, stale: this.#stale }
  }

  find(id: string): CatalogEntry {
    this.#refreshWhenDue()
    const loaded = this.#loaded
    if (loaded === undefined) {
      const reason = this.#stale ?? 'It is being loaded.'
      throw new RunnerError('catalogue-unavailable', `There is no catalogue yet. ${reason}`)
    }
    const entry = loaded.byId.get(id)
    if (entry !== undefined) return entry
    const broken = loaded.broken.find((candidate) => candidate.id === id)
    if (broken === undefined) throw noSuchNotebook(id, [...loaded.byId.keys()])
    throw new RunnerError('broken-entry', `The catalogue's entry "${id}" is broken: ${broken.reason}`)
  }

  /** Asks the source now. Never throws: what went wrong is in `list().stale`. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#refreshNow().finally(() => {
      this.#refreshing = undefined
    })
    return this.#refreshing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort()
    await this.#refreshing
  }

  #refreshWhenDue(): void {
    if (this.#options.now() >= this.#dueAt && !this.#stopping.signal.aborted) void this.refresh()
  }

  async #refreshNow(): Promise<void> {
    const { source, policy, compiler, ttlMs, log, now } = this.#options
    const headingOf = (bytes: Uint8Array) => compiler.heading(bytes)
    try {
      const etag = this.#loaded?.etag
      const content = await readSource(source, { policy, headingOf, etag, signal: this.#stopping.signal })
      if (content.status === 'fresh') await this.#take(content)
      if (this.#loaded !== undefined) this.#loaded.fetchedAt = new Date(now())
      this.#stale = undefined
      this.#dueAt = now() + (source.kind === 'path' ? Math.min(ttlMs, PATH_TTL_MS) : ttlMs)
    } catch (error) {
      const reason = error instanceof RunnerError ? error.message : 'The catalogue cannot be read.'
      if (reason !== this.#stale) log.warn({ err: error, reason }, 'The catalogue cannot be loaded')
      this.#stale = reason
      this.#dueAt = now() + Math.min(ttlMs, RETRY_MS)
    }
  }

  async #take(content: SourceContent): Promise<void> {
    const { source, cacheDir, log, now } = this.#options
    const digest = digestOf(content)
    if (digest === this.#loaded?.digest) {
      // Entries, and what was made of them, stay as they are when the list says nothing new.
      this.#loaded.etag = content.etag
      return
    }
    const fetchedAt = new Date(now())
    await this.#load(content, digest, fetchedAt)
    if (source.kind !== 'http' || content.base.kind !== 'http') return
    const body = new TextEncoder().encode(content.text)
    const copy = { url: content.base.url, body, etag: content.etag, fetchedAt }
    await writeCopy(copyPath(cacheDir, source.url), copy).catch((error: unknown) => {
      log.warn({ err: error }, 'The copy of the catalogue cannot be written')
    })
  }

  async #loadCopy(): Promise<void> {
    const { source, cacheDir, log } = this.#options
    if (source.kind !== 'http') return
    const copy = await readCopy(copyPath(cacheDir, source.url))
    if (copy === undefined) return
    const { url, etag, body, fetchedAt } = copy
    try {
      const text = catalogueText(body)
      const content: SourceContent = { status: 'fresh', text, base: { kind: 'http', url }, broken: [], etag }
      await this.#load(content, digestOf(content), fetchedAt)
      this.#stale = 'The catalogue has not answered since the service was started.'
    } catch (error) {
      log.warn({ err: error }, 'The copy of the catalogue cannot be used')
    }
  }

  /** Throws where the document is no catalogue at all. */
  async #load(content: SourceContent, digest: string, fetchedAt: Date): Promise<void> {
    const { log, compiler } = this.#options
    const { entries, broken: unreadable } = await compiler.catalogue(content.text, content.base)
    const broken = [...content.broken, ...unreadable]
    const byId = new Map(entries.map((entry) => [entry.id, entry]))
    this.#loaded = { entries, broken, byId, digest, etag: content.etag, fetchedAt }
    log.info({ notebooks: entries.length, broken: broken.length }, 'Catalogue loaded')
    for (const { id, reason } of broken)
      log.warn({ notebook: id, reason }, 'An entry of the catalogue is broken')
  }
}

function digestOf({ text, base, broken }: SourceContent): string {
  return createHash('sha256')
    .update(JSON.stringify([base, broken]))
    .update(text)
    .digest('hex')
}

function noSuchNotebook(id: string, ids: readonly string[]): RunnerError {
  const shown = id.slice(0, 100)
  const nearest = ids.length === 0 ? undefined : closest(shown, ids)
  if (nearest === undefined || distance(shown, nearest) > Math.max(2, nearest.length / 3)) {
    return new RunnerError('no-such-notebook', `There is no notebook "${shown}" in the catalogue.`)
  }
  const message = `There is no notebook "${shown}" in the catalogue. Did you mean "${nearest}"?`
  return new RunnerError('no-such-notebook', message, { nearest })
}
