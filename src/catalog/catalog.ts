import { join } from 'node:path'
import type { InputsSchema } from '../notebook/inputs-schema.ts'
import type { CompiledTemplate } from '../notebook/template.ts'
import type { ReadTemplate } from '../storage/s3-template.ts'
import { Compiler } from './compiler.ts'
import type { CatalogEntry } from './entry.ts'
import { EntryList, type Listing } from './entry-list.ts'
import type { FetchPolicy, Resolve } from './fetch-policy.ts'
import type { Log } from './log.ts'
import type { CatalogSource } from './source.ts'
import { TemplateStore } from './template-store.ts'

const DEFAULT_TTL_SECONDS = 300

export interface CatalogOptions {
  readonly source: CatalogSource
  /**
   * Where notebooks may come from besides the catalogue's own origin: `host`, `host:port`, `*.example.org`,
   * `s3://bucket`.
   */
  readonly templateHosts: readonly string[]
  /** For last good copies. */
  readonly cacheDir: string
  /** After how long catalogue and notebooks are asked for again (300 s). */
  readonly ttlSeconds?: number
  readonly log: Log
  /** As the service itself; without it there are no notebooks from S3. */
  readonly readS3?: ReadTemplate | undefined
  /** The system's unless told otherwise. */
  readonly resolve?: Resolve
  /** Milliseconds, as `Date.now`. */
  readonly now?: () => number
}

/** A notebook with all that is needed to prepare it. */
export interface Offer {
  readonly entry: CatalogEntry
  readonly inputs: InputsSchema
  readonly template: CompiledTemplate
  /** SHA-256 of the template's bytes. */
  readonly version: string
}

/** The notebooks on offer, and what is needed to prepare each. Nothing here waits for a source that was good before. */
export class Catalog {
  readonly #list: EntryList
  readonly #templates: TemplateStore
  readonly #compiler = new Compiler()
  /** By the template, so that one that is no longer cached is not kept by its offer. */
  readonly #offers = new WeakMap<CompiledTemplate, Offer>()

  constructor(options: CatalogOptions) {
    const { source, templateHosts, cacheDir, log, readS3, resolve, now = Date.now } = options
    const ttlMs = (options.ttlSeconds ?? DEFAULT_TTL_SECONDS) * 1000
    const policy: FetchPolicy = {
      allowedHosts: templateHosts.filter((host) => !host.startsWith('s3://')),
      ...(source.kind === 'http' ? { ownOrigin: new URL(source.url).origin } : {}),
      ...(resolve === undefined ? {} : { resolve }),
    }
    this.#list = new EntryList({ source, policy, compiler: this.#compiler, cacheDir, ttlMs, log, now })
    this.#templates = new TemplateStore({
      policy,
      compiler: this.#compiler,
      cacheDir: join(cacheDir, 'templates'),
      ttlMs,
      log,
      localFiles: source.kind === 'path',
      readS3,
      buckets: templateHosts.filter((host) => host.startsWith('s3://')).map((host) => host.slice(5)),
      now,
    })
  }

  /** Loads the listing, or the last good one where the source is down. Never throws for a bad catalogue. */
  start(): Promise<void> {
    return this.#list.start()
  }

  /** What is on offer now, what is broken, and why it may be old. */
  list(): Listing {
    return this.#list.list()
  }

  /**
   * Throws `no-such-notebook` (with the nearest id), `broken-entry` with the reason, `catalogue-unavailable` where
   * nothing was ever loaded.
   */
  find(id: string): CatalogEntry {
    return this.#list.find(id)
  }

  /** From memory while fresh. Also throws what `TemplateStore.load` throws. */
  async offer(id: string): Promise<Offer> {
    const entry = this.find(id)
    const { template, inputs: found, version } = await this.#templates.load(entry.template, entry.kernel)
    const known = this.#offers.get(template)
    if (known?.entry === entry) return known
    const offer = { entry, inputs: entry.inputs ?? found, template, version }
    this.#offers.set(template, offer)
    return offer
  }

  /** The template is read only where the entry itself does not tell the inputs. */
  async describe(id: string): Promise<{ readonly entry: CatalogEntry; readonly inputs: InputsSchema }> {
    const entry = this.find(id)
    return entry.inputs === undefined ? this.offer(id) : { entry, inputs: entry.inputs }
  }

  /** Asks the catalogue's source now. Never throws: what went wrong is in `list().stale`. */
  refresh(): Promise<void> {
    return this.#list.refresh()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#templates[Symbol.dispose]()
    await Promise.all([this.#compiler[Symbol.asyncDispose](), this.#list[Symbol.asyncDispose]()])
  }
}
