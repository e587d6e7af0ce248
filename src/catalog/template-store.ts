import { readFile, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { LRUCache } from 'lru-cache'
import { RunnerError } from '../errors.ts'
import type { InputsSchema } from '../notebook/inputs-schema.ts'
import type { CompiledTemplate } from '../notebook/template.ts'
import type { ReadTemplate } from '../storage/s3-template.ts'
import type { Compiled } from './compile-worker.ts'
import type { Compiler } from './compiler.ts'
import { copyPath, readCopy, writeCopy } from './disk-copy.ts'
import type { TemplateLocation } from './entry.ts'
import { checkedUrl, type FetchPolicy, unavailable } from './fetch-policy.ts'
import { MAX_NOTEBOOK_BYTES } from './folder.ts'
import { guardedFetch } from './guarded-fetch.ts'
import type { Log } from './log.ts'
import { Turns } from './turns.ts'

const TIMEOUT_MS = 20_000
const MAX_CACHED_BYTES = 256 * 2 ** 20
/** One that cannot be had is asked for again after this, or after its ttl where that is shorter. */
const RETRY_MS = 10_000
/** Each may hold some hundred megabytes while it is read. */
const MAX_READS = 8
/** A file of one's own is seen at once after a change; to look costs some microseconds. */
const FILE_TTL_MS = 1_000

export interface TemplateStoreOptions {
  readonly policy: FetchPolicy
  readonly compiler: Compiler
  /** For last good copies of what came by http. */
  readonly cacheDir: string
  readonly ttlMs: number
  readonly log: Log
  /** A catalogue that came by http names no files of this machine. */
  readonly localFiles: boolean
  /** As the service itself; without it there are no notebooks from S3. */
  readonly readS3?: ReadTemplate | undefined
  /** Buckets that notebooks may come from. */
  readonly buckets: readonly string[]
  readonly now: () => number
}

export interface LoadedTemplate {
  readonly template: CompiledTemplate
  /** What its parameters cell takes. */
  readonly inputs: InputsSchema
  /** SHA-256 of the notebook's bytes. */
  readonly version: string
}

interface Cached extends LoadedTemplate {
  readonly size: number
  readonly etag: string | undefined
  /** When it was last known to be the newest, or asked for in vain. */
  checkedAt: number
}

type TemplateAnswer = Awaited<ReturnType<ReadTemplate>>

/** Notebook templates, compiled: from memory while fresh, checked again in the background, kept when that fails. */
export class TemplateStore {
  readonly #options: TemplateStoreOptions
  readonly #cache = new LRUCache<string, Cached>({
    maxSize: MAX_CACHED_BYTES,
    sizeCalculation: ({ size }) => size,
  })
  /** What became of those that could not be had, and until when that is the answer. */
  readonly #failures = new LRUCache<string, { readonly error: unknown; readonly until: number }>({
    max: 2_000,
  })
  readonly #turns = new Turns(MAX_READS)
  /** One read of a template at a time, whoever asks. */
  readonly #reads = new Map<string, Promise<Cached>>()
  readonly #stopping = new AbortController()

  constructor(options: TemplateStoreOptions) {
    this.#options = options
  }

  /**
   * `kernelName` is the kernel that the entry asks for in place of the notebook's own. Throws `template-unavailable`
   * where the notebook cannot be had and no good copy is left, `invalid-notebook` where it is none.
   */
  async load(location: TemplateLocation, kernelName?: string): Promise<LoadedTemplate> {
    const key = `${kernelName ?? ''} ${JSON.stringify(location)}`
    const cached = this.#cache.get(key)
    const now = this.#options.now()
    if (cached === undefined) {
      const failure = this.#failures.get(key)
      if (failure !== undefined && now < failure.until) throw failure.error
      return this.#read(key, location, kernelName)
    }
    const age = now - cached.checkedAt
    if (location.kind === 'file') {
      return age < Math.min(FILE_TTL_MS, this.#options.ttlMs)
        ? cached
        : this.#read(key, location, kernelName, cached)
    }
    if (age >= this.#options.ttlMs) void this.#read(key, location, kernelName, cached)
    return cached
  }

  [Symbol.dispose](): void {
    this.#stopping.abort()
  }

  #read(key: string, location: TemplateLocation, kernelName?: string, cached?: Cached): Promise<Cached> {
    const running = this.#reads.get(key)
    if (running !== undefined) return running
    const read = this.#turns
      .take(() => this.#newest(location, kernelName, cached))
      .then(
        (newest) => {
          this.#cache.set(key, newest)
          return newest
        },
        (error: unknown) => {
          const { now, ttlMs } = this.#options
          const pause = location.kind === 'file' ? FILE_TTL_MS : RETRY_MS
          this.#failures.set(key, { error, until: now() + Math.min(pause, ttlMs) })
          throw error
        },
      )
      .finally(() => this.#reads.delete(key))
    this.#reads.set(key, read)
    return read
  }

  /** Never fails where there is a good one, in memory or on disk. */
  async #newest(location: TemplateLocation, kernelName?: string, cached?: Cached): Promise<Cached> {
    const good = cached ?? (await this.#fromDisk(location, kernelName))
    try {
      const read = await this.#bytes(location, good?.etag)
      if (read.status === 'fresh') return await this.#compiled(location, read, kernelName)
      if (good === undefined)
        throw new RunnerError('template-unavailable', 'The notebook came without content.')
      good.checkedAt = this.#options.now()
      return good
    } catch (error) {
      if (good === undefined) throw error
      const reason = error instanceof Error ? error.message : String(error)
      this.#options.log.warn({ reason }, 'A notebook cannot be read again: its last good copy stays')
      good.checkedAt = this.#options.now()
      return good
    }
  }

  async #fromDisk(location: TemplateLocation, kernelName?: string): Promise<Cached | undefined> {
    if (location.kind !== 'http') return undefined
    // What the operator no longer allows is not to be had from a copy either.
    checkedUrl(location.url, this.#options.policy)
    const copy = await readCopy(copyPath(this.#options.cacheDir, location.url))
    if (copy === undefined) return undefined
    const compiled = await this.#options.compiler.template(copy.body, kernelName).catch(() => undefined)
    return compiled && this.#cached(compiled, copy.etag)
  }

  async #compiled(
    location: TemplateLocation,
    read: { body: Uint8Array; etag: string | undefined },
    kernelName?: string,
  ): Promise<Cached> {
    const compiled = await this.#options.compiler.template(read.body, kernelName)
    if (location.kind === 'http') {
      const { url } = location
      const copy = { url, body: compiled.bytes, etag: read.etag, fetchedAt: new Date(this.#options.now()) }
      await writeCopy(copyPath(this.#options.cacheDir, url), copy).catch((error: unknown) => {
        this.#options.log.warn({ err: error }, 'The copy of a notebook cannot be written')
      })
    }
    return this.#cached(compiled, read.etag)
  }

  #cached({ template, inputs, version, bytes }: Compiled, etag: string | undefined): Cached {
    return {
      template,
      inputs,
      version,
      etag,
      size: Math.max(1, bytes.byteLength),
      checkedAt: this.#options.now(),
    }
  }

  #bytes(location: TemplateLocation, etag: string | undefined): Promise<TemplateAnswer> {
    const limits = {
      maxBytes: MAX_NOTEBOOK_BYTES,
      timeoutMs: TIMEOUT_MS,
      etag,
      signal: this.#stopping.signal,
    }
    if (location.kind === 'http') return guardedFetch(location.url, this.#options.policy, limits)
    if (location.kind === 's3') return this.#fromS3(location, etag)
    return this.#fromFile(location.path, etag)
  }

  async #fromS3(
    { bucket, key }: { bucket: string; key: string },
    etag: string | undefined,
  ): Promise<TemplateAnswer> {
    const { readS3, buckets } = this.#options
    if (readS3 === undefined || !buckets.includes(bucket)) {
      throw unavailable(`s3://${bucket}`, 'it is not among the buckets that notebooks may come from')
    }
    const signal = AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), this.#stopping.signal])
    return readS3(bucket, key, { etag, maxBytes: MAX_NOTEBOOK_BYTES, signal }).catch((error: unknown) => {
      if (error instanceof RunnerError) throw error
      throw unavailable(`s3://${bucket}`, `it takes longer than ${TIMEOUT_MS / 1000} seconds`, error)
    })
  }

  async #fromFile(path: string, known: string | undefined): Promise<TemplateAnswer> {
    if (!this.#options.localFiles) {
      throw new RunnerError(
        'template-unavailable',
        'The catalogue names a file of this service, which it may not.',
      )
    }
    try {
      const { size, mtimeMs, ino } = await stat(path)
      const etag = `${size} ${mtimeMs} ${ino}`
      if (etag === known) return { status: 'unchanged' }
      if (size <= MAX_NOTEBOOK_BYTES) return { status: 'fresh', body: await readFile(path), etag }
    } catch (cause) {
      throw new RunnerError('template-unavailable', `The notebook file "${basename(path)}" cannot be read.`, {
        cause,
      })
    }
    const most = MAX_NOTEBOOK_BYTES / 2 ** 20
    throw new RunnerError(
      'template-unavailable',
      `The notebook file "${basename(path)}" is larger than ${most} MiB.`,
    )
  }
}
